/**
 * What a page may ask of its worker, by name. One `call()` over comlink; each has a
 * `commandId`, so that a command that is sent twice (a follower whose leader died) acts once.
 * Writes are run by the leader's worker, reads by any. A failure is a value: `{ok: false, error}`.
 */

import type { BackupAnswer, BackupAsk, BackupChange, BackupDone } from './backup';
import type { FilePart, ModelRef } from './entries';
import type { CodeRun, MathNode } from './blocks';
import type { WireError } from './errors';
import type { Effect, Mode, Replay } from './events';
import type { Json, JsonObject } from './json';
import type { Passkey, PasskeyAssertion, PasskeyQuestion, PasskeyRequest } from './passkey';
import type { RelayDevice, RelayRules } from './relay';
import type { OwnShare, SharedReading, ShareKind, ShareOptions } from './share';
import type { DiffLine, FeedItem, FileView, SessionRow, TraceLine, UndoPreview } from './view';

export type Result<T> =
	{ readonly ok: true; readonly data: T } | { readonly ok: false; readonly error: WireError };

export interface Commands {
	/* ── one session ── */
	/** Points this page at a session (null: a new one, stored with its first message). The snapshot comes over the port. `at` shows the branch that ends in (or contains) that entry. */
	'session.open': {
		in: {
			sessionId: string | null;
			at?: string;
			temporary?: boolean;
			/** Begin it anew where it was never stored: a fresh session whose worker died. */ begin?: boolean;
		};
		/** `ord` is where the entry of `at` stands in the feed. */
		out: { sessionId: string; ord?: number };
	};
	/** Resolves after the commit of the user entry (or of the queue row). `sessionId` is the open one's. */
	'session.send': {
		in: {
			sessionId: string;
			text: string;
			files: readonly FilePart[];
			whenRunning?: 'steer' | 'queue';
			allowSecret?: boolean;
		};
		out: { entryId: string | null; turnId: string | null };
	};
	'session.stop': { in: { sessionId: string }; out: null };
	'session.unqueue': { in: { sessionId: string; id: string }; out: null };
	/** A new sibling of a user entry, and a turn from it. */
	'session.edit': {
		in: { sessionId: string; entryId: string; text: string; files?: readonly FilePart[] };
		out: { entryId: string };
	};
	/** A new answer to the user entry that this entry (or its turn) answers; a sibling. */
	'session.retry': { in: { sessionId: string; entryId: string; model?: ModelRef }; out: null };
	'session.fork': { in: { sessionId: string; entryId: string }; out: { sessionId: string } };
	/** Shows the branch through this entry (its newest leaf). */
	/** `ifAway`: stay on the branch that is shown where it holds the entry already. */
	'session.switch': { in: { sessionId: string; entryId: string; ifAway?: boolean }; out: null };
	'session.compact': { in: { sessionId: string; upTo?: string }; out: { entryId: string } };
	'session.configure': {
		in: { sessionId: string; mode?: Mode; model?: ModelRef; effort?: string; webSearch?: boolean };
		out: null;
	};
	'session.draft': { in: { sessionId: string; text: string; files: readonly FilePart[] }; out: null };
	'session.range': {
		in: { sessionId: string; from: number; to: number };
		out: { total: number; items: readonly FeedItem[] };
	};
	'session.tree': { in: { sessionId: string }; out: { head: string | null; nodes: readonly TreeNode[] } };
	'session.trace': { in: { sessionId: string; turnId: string }; out: readonly TraceLine[] };
	'call.decide': {
		in: { sessionId: string; approvalId: string; decision: 'once' | 'always' | 'reject' | 'done' | 'retry' };
		out: null;
	};
	'call.payload': {
		in: { sessionId: string; entryId: string; callId: string };
		out: { args: string; output: string };
	};
	'call.undo': { in: { sessionId: string; effectKey: string }; out: null };
	/** Takes an undo back. */
	'call.redo': { in: { sessionId: string; effectKey: string }; out: null };
	/** `changed`: calls left as they are, as something has changed since. */
	'turn.undo': { in: { sessionId: string; turnId: string }; out: { undone: number; changed: number } };
	/** What a held call would change; null where it cannot say. */
	'call.preview': { in: { sessionId: string; approvalId: string }; out: readonly DiffLine[] | null };
	/** What undoing the turn, or one call of it, would change: in the order of undoing. */
	'undo.preview': {
		in: { sessionId: string; turnId: string; effectKey?: string };
		out: readonly UndoPreview[];
	};

	/* ── all sessions ── */
	'sessions.list': {
		in: { archived?: boolean; text?: string; folder?: string; limit?: number; before?: string };
		out: { rows: readonly SessionRow[]; next: string | null; badRows: number };
	};
	'sessions.search': { in: { text: string; limit?: number }; out: readonly SearchHit[] };
	'session.update': {
		in: {
			sessionId: string;
			title?: string;
			pinned?: boolean;
			archived?: boolean;
			hidden?: boolean;
			folder?: string;
			tags?: readonly string[];
		};
		out: null;
	};
	'session.export': {
		in: { sessionId: string; format: 'jsonl' | 'html' };
		out: { name: string; mediaType: string; text: string };
	};
	'sessions.export': { in: { format: 'jsonl' }; out: { name: string; mediaType: string; text: string } };
	'sessions.import': {
		in: { name: string; text: string };
		out: { sessions: readonly { id: string; title: string }[]; skipped: readonly string[] };
	};

	/* ── shares ── */
	/** Exactly what a visitor would see; `masked`: secrets that were found and covered. */
	'share.preview': {
		in: { sessionId: string; entryId: string; kind: ShareKind; options: ShareOptions };
		out: { reading: SharedReading; masked: number; bytes: number };
	};
	'share.create': {
		in: {
			sessionId: string;
			entryId: string;
			kind: ShareKind;
			options: ShareOptions;
			/** Collaborative: what a participant writes is put to the session's model, on the owner's account. */
			mayAsk: boolean;
			passphrase: string;
			days: number;
		};
		out: OwnShare;
	};
	'share.list': { in: null; out: readonly OwnShare[] };
	'share.revoke': { in: { shareId: string }; out: null };
	/** A link becomes a session of one's own, untrusted. `models`: who had answered. */
	'share.import': {
		in: { link: string; passphrase: string };
		out: { sessionId: string; title: string; models: readonly string[] };
	};

	/* ── backups ── */
	'backup.ask': { in: BackupAsk; out: BackupAnswer };
	'backup.change': { in: BackupChange; out: BackupDone };

	/* ── content ── */
	'file.attach': { in: { name: string; mediaType: string; bytes: Uint8Array<ArrayBuffer> }; out: FilePart };
	'file.read': { in: { blob: string }; out: { bytes: Uint8Array<ArrayBuffer>; mediaType: string } };
	'text.highlight': { in: { lang: string; text: string }; out: readonly CodeRun[] };
	'text.math': { in: { tex: string; display: boolean }; out: MathNode | null };

	/* ── providers ── */
	'providers.list': { in: null; out: readonly ProviderCard[] };
	'providers.saveKey': { in: { provider: string; key: string; baseUrl?: string }; out: ProbeResult };
	'providers.removeKey': { in: { provider: string }; out: null };
	'providers.probe': { in: { provider: string; model?: string }; out: ProbeResult };
	'providers.configure': {
		in: {
			provider: string;
			via?: 'relay' | 'direct';
			baseUrl?: string;
			model?: string;
			gateway?: GatewayOptions;
		};
		out: null;
	};
	'providers.chain': {
		in: { models: readonly ModelRef[]; perModelTimeoutMs: number } | null;
		out: { models: readonly ModelRef[]; perModelTimeoutMs: number };
	};
	'models.list': { in: null; out: readonly ModelOption[] };

	/* ── skills ── */
	'skills.list': { in: null; out: readonly SkillCard[] };
	/** What is wrong with the arguments of a call that a person writes by hand; empty where nothing is. */
	'skills.check': {
		in: { action: string; args: JsonObject };
		out: readonly { readonly path: string; readonly problem: string }[];
	};
	'skills.enable': { in: { action: string; enabled: boolean }; out: null };

	/* ── the relay that this page came from ── */
	'relay.view': { in: null; out: RelayView };
	/** `code` is an invitation that was asked for: shown once. */
	'relay.change': {
		/** `confirmation`: what a passkey says of the very change for which `question` was the answer. */
		in: RelayChange & { readonly confirmation?: PasskeyAssertion };
		out: { code: string | null; question?: PasskeyQuestion };
	};

	/* ── this person's devices ── */
	'home.view': { in: null; out: HomeView };
	/** `code` is one that was asked for: shown once. */
	'home.change': { in: HomeChange; out: { code: string | null } };

	/* ── settings ── */
	'settings.get': { in: { name: string }; out: Json };
	'settings.set': { in: { name: string; value: Json }; out: null };
	'app.status': { in: null; out: AppStatus };
	/** "Take over here": makes this tab the leader. */
	'app.takeOver': { in: null; out: null };
}

export type CommandName = keyof Commands;
export type CommandInput<K extends CommandName> = Commands[K]['in'];
export type CommandOutput<K extends CommandName> = Commands[K]['out'];

export interface TreeNode {
	readonly id: string;
	readonly parentId: string | null;
	readonly kind: 'user' | 'assistant' | 'summary' | 'note';
	/** First words, ≤ 60 characters. */
	readonly label: string;
	readonly onBranch: boolean;
}

export interface SearchHit {
	readonly sessionId: string;
	readonly entryId: string;
	readonly title: string;
	readonly at: number;
	/** Text around the hit; `marks` are [start, end) in it. */
	readonly snippet: string;
	readonly marks: readonly (readonly [number, number])[];
}

export interface ModelOption {
	readonly ref: ModelRef;
	/** `Anthropic · Claude Sonnet 4.5`. Rehearsal comes first. */
	readonly label: string;
	readonly isReady: boolean;
	readonly efforts: readonly string[];
	readonly webSearch: boolean;
}

/** What AI Gateway is told about its cache. */
export interface GatewayOptions {
	/** How long it keeps an answer; null: as the gateway is set up. */
	readonly cacheSeconds: number | null;
	readonly skipCache: boolean;
}
export interface ProviderCard {
	readonly id: string;
	readonly title: string;
	/** What it takes: time, money, download, where the words go. */
	readonly takes: string;
	readonly kind: 'built-in' | 'local' | 'key' | 'relay';
	readonly state: 'ready' | 'needs-key' | 'unavailable' | 'unknown';
	readonly stateText: string;
	readonly hasKey: boolean;
	/** Where to get a key. */
	readonly keyUrl?: string;
	readonly needsBaseUrl: boolean;
	readonly baseUrl: string;
	readonly via: 'relay' | 'direct' | 'local';
	readonly canDirect: boolean;
	/** AI Gateway only. */
	readonly gateway?: GatewayOptions;
	readonly model: string;
	readonly models: readonly ModelInfo[];
}
export interface ModelInfo {
	readonly model: string;
	readonly label: string;
	readonly contextWindow: number;
	/** US dollars per million tokens, and the day the price was read. */
	readonly price?: {
		readonly input: number;
		readonly output: number;
		readonly cacheRead?: number;
		readonly asOf: string;
	};
}

export interface ProbeResult {
	readonly ok: boolean;
	/** One sentence for the card's `status`. */
	readonly text: string;
	readonly error?: WireError;
	/** What stands in the way, and how to mend it; without `mend`, what the table of errors says to do next. */
	readonly findings: readonly { readonly problem: string; readonly mend?: string }[];
	readonly model?: string;
	readonly latencyMs?: number;
}

export interface SkillCard {
	readonly action: string;
	readonly title: string;
	readonly description: string;
	readonly plugin: string;
	readonly effects: readonly Effect[];
	readonly replay: Replay;
	readonly isOn: boolean;
	readonly unavailable?: string;
	/** Nothing of it can run, and no switch mends it. */
	readonly isMalformed?: boolean;
	readonly input: JsonObject;
}

/** As its health says. */
export type RelayStanding = 'unclaimed' | 'locked' | 'claimed';

export type HomeTrouble = Extract<HomeView['state'], 'not-admitted' | 'revoked' | 'full' | 'broken'>;

export interface AppStatus {
	readonly role: 'leader' | 'follower' | 'starting';
	readonly schemaOk: boolean;
	readonly persisted: boolean;
	readonly usageBytes: number;
	readonly quotaBytes: number;
	/** Unclaimed ones show the yellow banner, `locked` those that nobody may use so far; null when the relay cannot be reached. */
	readonly relay: RelayStanding | null;
	/** Something is wrong between this person's devices; absent where all is well, or only the line is down. */
	readonly home?: HomeTrouble;
	/** What was stored before the last upgrade of storage, while it is kept. */
	readonly copy?: {
		readonly madeAt: number;
		readonly keptUntil: number;
		/** Rows that the upgrade had lost and that were put back. */
		readonly restored: number;
	};
}

export interface RelayView {
	/** null: it cannot be reached. */
	readonly state: RelayStanding | null;
	/** This device's own. */
	readonly kid: string;
	readonly isMember: boolean;
	readonly isAdmin: boolean;
	readonly devices: readonly RelayDevice[];
	/** Of an administrator's device only: for which providers the relay keeps a key, never the key. */
	readonly secrets: { readonly canKeep: boolean; readonly providers: readonly string[] } | null;
	readonly rules: RelayRules | null;
	/** Asked for before anything is changed. */
	readonly passkeys: readonly Passkey[] | null;
}

export type RelayChange =
	| { readonly what: 'claim' | 'join'; readonly code: string; readonly name: string }
	| { readonly what: 'revoke'; readonly kid: string }
	| { readonly what: 'invite' }
	| { readonly what: 'setKey'; readonly provider: string; readonly key: string }
	| { readonly what: 'removeKey'; readonly provider: string }
	| { readonly what: 'rules'; readonly rules: RelayRules }
	| { readonly what: 'addPasskey'; readonly passkey: PasskeyRequest }
	| { readonly what: 'removePasskey'; readonly id: string };

export interface HomeView {
	/** `none`: on its own. `full`: the room takes no more. `broken`: what the relay says cannot be true. */
	readonly state: 'none' | 'apart' | 'joining' | 'joined' | 'not-admitted' | 'revoked' | 'full' | 'broken';
	/** Of `broken`: what is wrong with the log, and whose part of it. */
	readonly fault: { readonly kind: string; readonly device: string } | null;
	readonly devices: readonly HomeDevice[];
	/** Written here, and not yet with the relay. */
	readonly waiting: boolean;
	/** A code that is shown, and who asks with it. */
	readonly pairing: {
		readonly phrase: string;
		/** The same as one word, for a link or a picture. */
		readonly short: string;
		readonly until: number;
		readonly asks: { readonly kid: string; readonly name: string } | null;
	} | null;
	/** This device has asked, and waits until the other one lets it in. */
	readonly isAsking: boolean;
	/** Why pairing came to nothing. */
	readonly failure: WireError | null;
	/** Providers whose keys are on this device, by id. */
	readonly keys: readonly string[];
}
export interface HomeDevice {
	readonly kid: string;
	readonly name: string;
	readonly lastSeen: number;
	readonly isThis: boolean;
	readonly isRevoked: boolean;
	/** Its removal is under way. */
	readonly isLeaving: boolean;
	/** Not a browser: what a recovery code stands for. */
	readonly isRecovery: boolean;
}

export type HomeChange =
	/** Makes a home where there is none; the code is in the view. */
	| { readonly what: 'invite'; readonly name: string }
	/** No more pairing, on either side. */
	| { readonly what: 'cancel' }
	/** `keys`: of which providers, sealed to the new device. */
	| { readonly what: 'admit'; readonly kid: string; readonly keys: readonly string[] }
	| { readonly what: 'join'; readonly code: string; readonly name: string }
	| { readonly what: 'rename'; readonly kid: string; readonly name: string }
	/** Answers with a code that lets one device in when all others are gone. */
	| { readonly what: 'recovery' }
	| { readonly what: 'recover'; readonly code: string; readonly name: string }
	| { readonly what: 'revoke'; readonly kid: string }
	/** This device goes on with the turn that another one runs in this session. */
	| { readonly what: 'takeTurn'; readonly sessionId: string }
	/** This device goes on alone, with all that it has. */
	| { readonly what: 'leave' };

/** What the worker exposes through comlink. */
export interface AgentEndpoint {
	/** The page's event port; the first snapshot comes after `session.open`. Resolves when recovery is done. */
	attach(port: MessagePort): Promise<void>;
	/** Lends the browser's own model, which only windows have, through a port. */
	lendModel(port: MessagePort): Promise<void>;
	call<K extends CommandName>(
		name: K,
		commandId: string,
		input: CommandInput<K>
	): Promise<Result<CommandOutput<K>>>;
}

/** What only the page's side of the worker uses. */
export interface AgentWorker extends AgentEndpoint {
	/** The browser puts this tab to sleep: another may lead. */
	freeze(): Promise<void>;
}

export type { FileView };
