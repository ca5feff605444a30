/**
 * The page's side of the agent worker: commands over comlink, events over a raw MessagePort with
 * acknowledgements. Restarts a worker that died, opens the session again and sends every command
 * that was not answered once more with the same id (the worker acts on an id once).
 * How a worker is made and watched is in agent-spawn.ts.
 */

import type { AgentEndpoint, CommandInput, CommandName, CommandOutput, Result } from '../lib/wire/commands';
import type { WireError } from '../lib/wire/errors';
import type { FromPage, Patch, ToPage } from '../lib/wire/view';

export type ClientState = 'starting' | 'ready' | 'restarting' | 'failed';

/** A living worker. `died` resolves once it can no longer answer; `end` makes sure of that. */
export interface SpawnedAgent {
	readonly endpoint: AgentEndpoint;
	readonly died: Promise<void>;
	end(): void;
}

export interface AgentClientOptions {
	readonly spawn: () => SpawnedAgent;
	readonly newId: () => string;
	readonly onMessage: (message: ToPage) => void;
	/** With `failed`, what the last worker said before it gave up, if it said anything. */
	readonly onState: (state: ClientState, reason?: string) => void;
	/** A new worker does not find the session that the page shows. */
	readonly onLost?: (error: WireError) => void;
	readonly wait: (ms: number) => Promise<void>;
	/**
	 * Runs once the page has drawn. What only adds to a text is acknowledged then: the worker joins what comes
	 * meanwhile, so that a page reads and folds once a frame and not once a delta. Default: at once.
	 */
	readonly whenDrawn?: (run: () => void) => void;
}

export interface AgentClient {
	/** Never rejects. Resolves with the worker's answer, however many workers that takes. */
	call<K extends CommandName>(name: K, input: CommandInput<K>): Promise<Result<CommandOutput<K>>>;
	/** A fresh worker, as after a crash: for a person who asks for it. */
	restart(): void;
	close(): void;
}

/** What comlink itself throws: an input that cannot be cloned. Not the table's AppError: that is 3 kB of the first load. */
function refused(thrown: unknown): WireError {
	const message = thrown instanceof Error ? thrown.message : String(thrown);
	return { id: 'internal/unexpected', message, retryable: true };
}

const maximumRestarts = 5;
const steadyMs = 60_000;

export function createAgentClient(options: AgentClientOptions): AgentClient {
	const pending = new Map<string, () => void>();
	let generation = 0;
	let agent: SpawnedAgent | undefined;
	let isReady = false;
	let restarts = 0;
	let isClosed = false;
	let openInput: CommandInput<'session.open'> | undefined;
	const whenDrawn = options.whenDrawn ?? ((run: () => void) => run());

	async function start(state: ClientState): Promise<void> {
		const mine = ++generation;
		isReady = false;
		options.onState(state);
		agent?.end();
		const current = options.spawn();
		agent = current;
		const died = current.died.then(() => 'died' as const);
		void died.then(() => onDeath(mine));
		const { port1, port2 } = new MessageChannel();
		listen(port1, mine);
		const attached = await Promise.race([
			current.endpoint.attach(port2).then(
				() => 'attached' as const,
				// Storage that does not open is the person's to mend: the sentence that says how must arrive.
				(thrown: unknown) => refused(thrown)
			),
			died
		]);
		if (mine !== generation || isClosed) return;
		if (typeof attached === 'object') return onDeath(mine, attached.message);
		if (attached === 'died') return;
		isReady = true;
		// What the page shows comes first; a command that was waiting may depend on it.
		if (openInput !== undefined && restarts > 0) {
			void current.endpoint.call('session.open', options.newId(), openInput).then(
				(opened) => {
					if (mine === generation && !opened.ok) options.onLost?.(opened.error);
				},
				// A worker that dies again is started again.
				() => undefined
			);
		}
		options.onState('ready');
		for (const send of [...pending.values()]) send();
		void options.wait(steadyMs).then(() => {
			if (mine === generation) restarts = 0;
		});
	}

	function onDeath(mine: number, reason?: string): void {
		if (mine !== generation || isClosed) return;
		restarts++;
		isReady = false;
		if (restarts > maximumRestarts) {
			options.onState('failed', reason);
			return;
		}
		options.onState('restarting');
		void options.wait(restarts === 1 ? 0 : 250 * 2 ** restarts).then(() => {
			if (mine === generation && !isClosed) void start('restarting');
		});
	}

	function listen(port: MessagePort, mine: number): void {
		let cursor = -1;
		const answer = (message: FromPage) => port.postMessage(message);
		port.onmessage = ({ data }: MessageEvent<ToPage>) => {
			if (mine !== generation) return port.close();
			if (data.type === 'snapshot') {
				cursor = data.cursor;
				options.onMessage(data);
				return;
			}
			// A cursor counts batches or patches; either way a jump past both means one was lost.
			const isGap = data.cursor > cursor + Math.max(1, data.patches.length);
			if (isGap) return answer({ resync: true });
			if (data.cursor > cursor) {
				cursor = data.cursor;
				options.onMessage(data);
			}
			const acknowledge = () => answer({ ack: data.cursor });
			if (isMoreText(data.patches)) whenDrawn(acknowledge);
			else acknowledge();
		};
	}

	function call<K extends CommandName>(name: K, input: CommandInput<K>): Promise<Result<CommandOutput<K>>> {
		const id = options.newId();
		return new Promise((resolve) => {
			const send = () => {
				const current = agent;
				const mine = generation;
				if (current === undefined) return;
				const settle = (result: Result<CommandOutput<K>>) => {
					if (mine !== generation || !pending.delete(id)) return;
					if (name === 'session.open' && result.ok) remember(result.data, input);
					resolve(result);
				};
				current.endpoint
					.call(name, id, input)
					.then(settle, (thrown: unknown) => settle({ ok: false, error: refused(thrown) }));
			};
			pending.set(id, send);
			if (isReady) send();
		});
	}

	function remember(opened: unknown, input: unknown): void {
		const wasNew = isInput(input) && input.sessionId === null;
		// What leaves no trace must not leave one because its worker died.
		const isTemporary = isInput(input) && input.temporary === true;
		if (typeof opened !== 'object' || opened === null || !('sessionId' in opened)) return;
		if (typeof opened.sessionId === 'string')
			openInput = { sessionId: opened.sessionId, begin: wasNew, ...(isTemporary ? { temporary: true } : {}) };
	}

	void start('starting');
	return {
		call,
		restart: () => {
			restarts = 1;
			void start('restarting');
		},
		close: () => {
			isClosed = true;
			agent?.end();
		}
	};
}

/** More than a few wait in a queue: a flood goes on at once. */
function isMoreText(patches: readonly Patch[]): boolean {
	return patches.length < 16 && patches.every(({ op }) => op === 'stream' || op === 'args');
}

function isInput(input: unknown): input is CommandInput<'session.open'> {
	return typeof input === 'object' && input !== null && 'sessionId' in input;
}
