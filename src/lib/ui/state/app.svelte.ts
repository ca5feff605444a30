/**
 * The page's one state: the worker's client, the open session as folded patches, and what hangs
 * beside it. Components read it and call its verbs; nothing else talks to the worker.
 */

import { createAgentClient, type AgentClient, type ClientState } from '../../../workers/agent-client';
import { spawnAgent } from '../../../workers/agent-spawn';
import { m } from '../../paraglide/messages';
import type { AppStatus, CommandInput, CommandName, CommandOutput, Result } from '../../wire/commands';
import type { WireError } from '../../wire/errors';
import { uuidv7 } from '../../wire/uuid';
import type { FeedItem, Patch, ToPage } from '../../wire/view';
import { announcementOf } from './announce';
import { Composer } from './composer.svelte';
import { applyPatches, emptyView, fromSnapshot, mergeRange, trimAround, type SessionView } from './fold';
import { Toasts } from './toasts.svelte';
import { whenDrawn } from './when-drawn';

/** Publishing more often than a frame draws nothing more. */
const frameMs = 12;
const heldItems = 600;
/** A worker that dies meanwhile is started again and shows it; longer than that nobody's Send is kept waiting. */
const longestMoveMs = 5_000;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export type Secret = { readonly text: string; readonly error: WireError };

class App {
	clientState = $state<ClientState>('starting');
	/** Why there is no worker, in its own words. */
	refusal = $state('');
	view = $state.raw<SessionView>(emptyView);
	status = $state.raw<AppStatus | null>(null);
	/** Something failed that belongs to no item. */
	failure = $state.raw<WireError | null>(null);
	/** What trying again means for that error: answering this entry again, or sending Message (null). */
	again = $state.raw<{ readonly error: WireError; readonly entryId: string | null } | null>(null);
	announcement = $state('');
	/** The transcript is a chunk of its own: a page without it is not ready. */
	hasFeed = $state(false);
	/** A message that looks like a key: neither sent nor stored until a person decides. */
	secret = $state.raw<Secret | null>(null);
	/** The item that is to be scrolled to: where a search hit or a link leads. */
	reveal = $state.raw<number | null>(null);
	/** The user entry that waits for a model; null while nobody connects one. */
	connecting = $state.raw<{ readonly userEntryId: string | null } | null>(null);
	/** Rise when the worker says that a place's data changed. */
	version = $state.raw({ sessions: 0, providers: 0, skills: 0, settings: 0 });
	readonly toasts = new Toasts();
	readonly composer = new Composer((sessionId, text, files) => {
		void this.call('session.draft', { sessionId, text, files });
	});

	#client: AgentClient | undefined;
	/** Resolves when the session that is on its way is shown; undefined where none ever was. */
	#moving: Promise<undefined> | undefined;
	#awaited: { readonly sessionId: string; readonly resolve: () => void } | undefined;
	#next: SessionView = emptyView;
	#publishedAt = 0;
	#frame: number | undefined;
	#late: ReturnType<typeof setTimeout> | undefined;

	start(): void {
		this.#client ??= createAgentClient({
			spawn: spawnAgent,
			// What a command makes is named by the command: its id must sort by time.
			newId: () => uuidv7(),
			wait,
			whenDrawn,
			onMessage: (message) => this.#receive(message),
			onState: (state, reason) => this.#stateChanged(state, reason),
			onLost: (error) => this.#lost(error)
		});
	}

	restart(): void {
		this.failure = null;
		this.#client?.restart();
	}

	call<K extends CommandName>(name: K, input: CommandInput<K>): Promise<Result<CommandOutput<K>>> {
		this.start();
		const client = this.#client;
		if (client === undefined) throw new Error('The client did not start.');
		return client.call(name, input);
	}

	/** As `call`, and a failure is shown to the person. */
	async run<K extends CommandName>(name: K, input: CommandInput<K>): Promise<CommandOutput<K> | undefined> {
		const result = await this.call(name, input);
		if (result.ok) return result.data;
		this.failure = result.error;
		return undefined;
	}

	async refreshStatus(): Promise<void> {
		const result = await this.call('app.status', null);
		if (result.ok) this.status = result.data;
	}

	/** To a session that `open` begins: until it is shown nothing that is written or sent goes to the one before. */
	async moveOn(
		open: () => Promise<CommandOutput<'session.open'> | undefined>
	): Promise<CommandOutput<'session.open'> | undefined> {
		const comeBack = this.composer.moveOn();
		const { promise, resolve } = Promise.withResolvers<undefined>();
		this.#moving = promise;
		const opened = await open();
		if (opened === undefined) comeBack();
		else await Promise.race([this.#shown(opened.sessionId), wait(longestMoveMs)]);
		resolve(undefined);
		return opened;
	}

	#shown(sessionId: string): Promise<void> {
		if (this.#next.sessionId === sessionId) return Promise.resolve();
		return new Promise((resolve) => {
			this.#awaited = { sessionId, resolve };
		});
	}

	async send(options: { whenRunning?: 'steer' | 'queue'; allowSecret?: boolean } = {}): Promise<void> {
		await this.#moving;
		const { sessionId } = this.view;
		if (sessionId === null || this.composer.sending !== null) return;
		const { text, files } = this.composer.begin();
		this.failure = null;
		const result = await this.call('session.send', { sessionId, text, files, ...options });
		if (result.ok) {
			const { entryId } = result.data;
			this.composer.answered(
				entryId === null || [...this.#next.items.values()].some((item) => item.entryId === entryId)
			);
			return;
		}
		this.composer.failed();
		if (result.error.id === 'vault/secret-in-message') this.secret = { text, error: result.error };
		else this.#fail(result.error, null);
	}

	#fail(error: WireError, entryId: string | null): void {
		this.failure = error;
		this.again = { error, entryId };
	}

	/** A message that could not be stored fails twice, as a command and as a turn: the command knows how to try again. */
	#failTurn({ error, entryId }: Extract<Patch, { op: 'error' }>): void {
		if (entryId !== undefined) this.#fail(error, entryId);
		else if (this.failure?.id !== error.id) this.failure = error;
	}

	async range(from: number, to: number): Promise<void> {
		const { sessionId } = this.view;
		if (sessionId === null) return;
		const result = await this.call('session.range', { sessionId, from, to });
		if (!result.ok || this.#next.sessionId !== sessionId) return;
		let merged = mergeRange(this.#next, result.data.items);
		if (merged.items.size > heldItems) merged = trimAround(merged, from, to, heldItems / 3);
		this.#next = merged;
		this.#publish();
	}

	#stateChanged(state: ClientState, reason = ''): void {
		this.clientState = state;
		this.refusal = reason;
		if (state === 'restarting') this.toasts.show(m.worker_restarting(), { about: 'worker' });
		if (state === 'ready') void this.refreshStatus();
	}

	/** What stands on the page is all that is left of it: the browser, or somebody, cleared what was kept. */
	#cleared(): void {
		this.failure = { id: 'storage/gone', message: m.storage_cleared(), retryable: true };
	}

	#lost(error: WireError): void {
		if (error.id === 'session/not-found' && this.view.total > 0) this.#cleared();
		else this.failure = error;
	}

	#receive(message: ToPage): void {
		if (message.type === 'snapshot') {
			// A branch may become another one, but never none: a new worker began the session anew.
			const isSame = message.sessionId !== null && message.sessionId === this.#next.sessionId;
			if (isSame && message.window.total === 0 && this.#next.total > 0) return this.#cleared();
			this.#next = fromSnapshot(message);
			this.composer.adopt(message.sessionId, message.state);
			this.#publish();
			if (this.#awaited?.sessionId === message.sessionId) this.#awaited.resolve();
			return;
		}
		const before = this.#next;
		this.#next = applyPatches(before, message.patches);
		const isCommit = this.composer.isCommit(before, message.patches);
		for (const patch of message.patches) this.#beside(patch);
		// The article and the empty composer belong to one moment.
		if (isCommit) {
			this.composer.committed();
			this.#publish();
		} else this.#publishSoon();
	}

	#beside(patch: Patch): void {
		if (patch.op === 'event') this.announcement = announcementOf(patch.event) ?? this.announcement;
		else if (patch.op === 'sessions') this.#changed('sessions');
		else if (patch.op === 'changed') this.#changed(patch.what);
		else if (patch.op === 'error') this.#failTurn(patch);
		else if (patch.op === 'toast') this.#toast(patch);
	}

	#changed(what: keyof typeof this.version): void {
		this.version = { ...this.version, [what]: this.version[what] + 1 };
		// Another tab leads, or this one does now.
		if (what === 'settings') void this.refreshStatus();
	}

	#toast({ text, undo }: Extract<Patch, { op: 'toast' }>): void {
		const input = undo?.input;
		if (!isUpdate(input)) return this.toasts.show(text);
		this.toasts.show(text, {
			about: `session:${input.sessionId}`,
			undo: () => void this.run('session.update', input)
		});
	}

	#publish(): void {
		if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
		clearTimeout(this.#late);
		this.#frame = undefined;
		this.#late = undefined;
		this.#publishedAt = performance.now();
		this.view = this.#next;
	}

	#publishSoon(): void {
		if (this.#late !== undefined) return;
		if (performance.now() - this.#publishedAt > frameMs) return this.#publish();
		this.#frame = requestAnimationFrame(() => this.#publish());
		// A hidden page has no frames.
		this.#late = setTimeout(() => this.#publish(), 60);
	}
}

function isUpdate(input: unknown): input is CommandInput<'session.update'> {
	return (
		typeof input === 'object' && input !== null && 'sessionId' in input && typeof input.sessionId === 'string'
	);
}

export const app = new App();

export function lastItem(view: SessionView): FeedItem | undefined {
	return view.items.get(view.total - 1);
}
