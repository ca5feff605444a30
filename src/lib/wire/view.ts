/**
 * What the page gets from its worker: a session as a feed of items, in pieces that the pure
 * fold in `ui/state` applies. Content comes as blocks (data, never HTML). Lists carry no payloads.
 */

import type { Attempt, CallStatus, ModelRef, StopReason, Usage } from './entries';
import type { WireError } from './errors';
import type { Block } from './blocks';
import type { JsonObject } from './json';
import type { Effect, HeldCall, LoopEvent, Mode, Reason, TurnOutcome } from './events';

/** `html[data-turn]`; running wins over held. */
export type TurnDisplay = 'idle' | 'running' | 'held' | 'queued' | 'failed';

export interface SessionRow {
	readonly id: string;
	readonly title: string;
	readonly createdAt: number;
	readonly touchedAt: number;
	readonly pinned: boolean;
	readonly archived: boolean;
	readonly folder: string;
	readonly tags: readonly string[];
	readonly preview: string;
	readonly temporary: boolean;
	readonly entryCount: number;
	readonly turn: TurnDisplay;
}

/** Present where an entry has siblings: its place among them, and their ids. */
export interface BranchView {
	readonly index: number;
	readonly ids: readonly string[];
}

export interface FileView {
	readonly blob: string;
	readonly name: string;
	readonly mediaType: string;
	readonly size: number;
}

/** `open`: how many blocks at the end are the open tail of a busy answer (absent: none); a `stream` patch replaces those. */
export type AnswerPart =
	| {
			readonly type: 'text';
			readonly blocks: readonly Block[];
			readonly open?: number;
			readonly citations?: readonly { readonly url: string; readonly title?: string }[];
	  }
	| { readonly type: 'reasoning'; readonly blocks: readonly Block[]; readonly open?: number }
	| { readonly type: 'refusal'; readonly text: string }
	| { readonly type: 'provider'; readonly provider: string; readonly gist: string };

export type CallState = CallStatus | 'writing' | 'held' | 'running' | 'undone';

export interface CallView {
	readonly callId: string;
	readonly action: string;
	readonly title: string;
	readonly gist: string;
	readonly state: CallState;
	/** Pretty JSON, at most 4,000 characters; the rest by `call.payload`. */
	readonly argsText: string;
	readonly outputText: string;
	/** True where one of the two was cut. */
	readonly isCut: boolean;
	readonly effects: readonly Effect[];
	readonly reasons: readonly Reason[];
	readonly progress?: { readonly text: string; readonly fraction?: number };
	readonly startedAt?: number;
	readonly durationMs?: number;
	readonly error?: WireError;
	/** Present while `state` is `held`. */
	readonly held?: HeldCall;
	/** Present while it can be undone. */
	readonly undo?: { readonly effectKey: string; readonly label: string };
	/** Present once it is undone and can be done again. */
	readonly redo?: { readonly effectKey: string; readonly label: string };
	/** Where the output came from, when untrusted. */
	readonly sources: readonly string[];
}

/** One line of a before-and-after view; `far`: so many unchanged (or too many) lines are left out. */
export type DiffLine =
	| { readonly op: 'same' | 'removed' | 'added'; readonly text: string }
	| { readonly op: 'far'; readonly count: number };

/** What undoing (or doing again) one call of a turn would change, as things stand now. */
export interface UndoPreview {
	readonly key: string;
	readonly action: string;
	readonly gist: string;
	/** `changed`: what the call left is no longer there as it left it · `never`: it cannot be undone. */
	readonly can: 'undo' | 'redo' | 'changed' | 'never';
	/** What it would change; where `can` is `changed`, what has changed since. */
	readonly lines: readonly DiffLine[];
}

/** How a turn ended; on the last item of the turn. */
export interface TurnEndView {
	readonly turnId: string;
	readonly outcome: TurnOutcome;
	readonly error?: WireError;
	readonly usage: Usage;
	/** US dollars; absent where the price is not known. */
	readonly cost?: number;
	readonly durationMs: number;
	readonly steps: number;
	/** Calls of this turn that can be undone. */
	readonly undoable: number;
}

interface ItemBase {
	/** Stable from the first delta to the settled entry and across reloads. */
	readonly key: string;
	/** Place in the branch from 0; `aria-posinset` is one more. */
	readonly ord: number;
	readonly entryId: string;
	readonly turnId?: string;
	readonly at: number;
	readonly turnEnd?: TurnEndView;
}

export type FeedItem =
	| (ItemBase & {
			readonly type: 'you';
			readonly text: string;
			readonly files: readonly FileView[];
			readonly branch?: BranchView;
			readonly by?: string;
	  })
	| (ItemBase & {
			readonly type: 'wherry';
			readonly model: ModelRef;
			/** `Rehearsal · no model`, `Claude Sonnet 4.5`, … */
			readonly byline: string;
			readonly parts: readonly AnswerPart[];
			readonly isBusy: boolean;
			readonly branch?: BranchView;
			readonly stop?: StopReason;
			readonly error?: WireError;
			readonly attempts?: readonly Attempt[];
			/** Rehearsal had no answer: offer "Connect a model", which sends this user entry again. */
			readonly connect?: { readonly userEntryId: string };
			/** Rehearsal knows the action but not its arguments: ask for them with a form that holds those it has. */
			readonly form?: { readonly action: string; readonly args: JsonObject };
			/** Made from what others wrote: its links are shown before they are followed. */
			readonly isUntrusted?: boolean;
	  })
	| (ItemBase & { readonly type: 'call'; readonly call: CallView; readonly branch?: BranchView })
	| (ItemBase & {
			readonly type: 'summary' | 'note';
			readonly blocks: readonly Block[];
			readonly branch?: BranchView;
	  });

/** What is true of the open session besides its feed. */
export interface SessionState {
	readonly row: SessionRow;
	readonly mode: Mode;
	readonly model: ModelRef;
	readonly effort: string;
	readonly webSearch: boolean;
	readonly turn: TurnDisplay;
	readonly turnId?: string;
	/** The other device that runs the turn, by its name. */
	readonly elsewhere?: string;
	readonly queued: readonly { readonly id: string; readonly text: string }[];
	readonly draft: string;
	readonly draftFiles: readonly FileView[];
	/** Tokens that the next request takes of the model's context (estimated from the last usage), and its size. */
	readonly gauge: { readonly used: number; readonly size: number };
	/** The session's sum. */
	readonly cost?: number;
	readonly usage: Usage;
	readonly readOnly?: WireError;
}

export interface Window {
	/** Number of items in the branch. */
	readonly total: number;
	/** Contiguous, ascending by ord. */
	readonly items: readonly FeedItem[];
}

export interface TraceLine {
	readonly at: number;
	readonly event: LoopEvent;
}

export type Patch =
	/** Replaces every held item with `ord >= from` by `items`, and the total. */
	| {
			readonly op: 'items';
			readonly from: number;
			readonly total: number;
			readonly items: readonly FeedItem[];
	  }
	/** Changes one item in place (a call's state, an ended turn). */
	| { readonly op: 'item'; readonly item: FeedItem }
	/** Appends to a busy answer: part `part` (created as `kind` if new) drops its open tail, gains `frozen` blocks for good, and shows `tail` after them. */
	| {
			readonly op: 'stream';
			readonly key: string;
			readonly part: number;
			readonly kind: 'text' | 'reasoning';
			readonly frozen: readonly Block[];
			readonly tail: readonly Block[];
	  }
	/** The arguments of a call as they are written (delta). */
	| { readonly op: 'args'; readonly key: string; readonly delta: string }
	| { readonly op: 'state'; readonly state: SessionState }
	/** A loop event other than a delta, for announcements and the trace. */
	| { readonly op: 'event'; readonly at: number; readonly event: LoopEvent }
	/** The list of sessions changed: ask again. */
	| { readonly op: 'sessions' }
	/** Another place's data changed: ask again. */
	| { readonly op: 'changed'; readonly what: 'providers' | 'skills' | 'settings' }
	| {
			readonly op: 'toast';
			readonly text: string;
			readonly undo?: { readonly command: 'session.update'; readonly input: unknown };
	  }
	/** Something failed that belongs to no item. */
	| {
			readonly op: 'error';
			readonly error: WireError;
			/** The entry to answer again, where a turn failed so that no article can say it. */
			readonly entryId?: string;
	  };

/** Worker → page over the raw MessagePort. The page answers each `batch` with `{ack: cursor}`. */
export type ToPage =
	| {
			readonly type: 'snapshot';
			readonly cursor: number;
			readonly sessionId: string | null;
			readonly state: SessionState | null;
			readonly window: Window;
			readonly trace: readonly TraceLine[];
	  }
	| { readonly type: 'batch'; readonly cursor: number; readonly patches: readonly Patch[] };
export type FromPage = { readonly ack: number } | { readonly resync: true };
