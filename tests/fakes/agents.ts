/** Agents of several tabs in one process: a lock that can be held and stolen, a channel between them, a port that records. */

import { createAgent } from '../../src/lib/agent/commands/agent';
import type { Agent } from '../../src/lib/agent/commands/agent';
import type { Channel, Lease } from '../../src/lib/agent/commands/tabs';
import type { Clock, FetchPort, OpenSocket, SyncNetwork } from '../../src/lib/agent/ports';
import type { Store } from '../../src/lib/agent/storage/store';
import { builtInPlugins } from '../../src/lib/plugins';
import type { CommandInput, CommandName, CommandOutput } from '../../src/lib/wire/commands';
import { fromWire } from '../../src/lib/wire/errors';
import { uuidv7 } from '../../src/lib/wire/uuid';
import type { FeedItem, FromPage, SessionState, ToPage } from '../../src/lib/wire/view';

export interface Origin {
	readonly lease: Lease;
	channel(): Channel;
}

/** What tabs of one origin share. */
export function createOrigin(): Origin {
	let holder: { lost: AbortController } | undefined;
	const waiting: { run: (lost: AbortSignal) => Promise<void> }[] = [];
	const listeners = new Set<(message: unknown) => void>();

	function grant(): void {
		const next = holder === undefined ? waiting.shift() : undefined;
		if (next === undefined) return;
		const mine = { lost: new AbortController() };
		holder = mine;
		void next.run(mine.lost.signal).finally(() => {
			if (holder === mine) holder = undefined;
			grant();
		});
	}

	return {
		lease: {
			request(run, { steal }) {
				if (steal) {
					const before = holder;
					holder = undefined;
					waiting.unshift({ run });
					before?.lost.abort();
				} else {
					waiting.push({ run });
				}
				queueMicrotask(grant);
			},
			isHeld: () => Promise.resolve(holder !== undefined || waiting.length > 0)
		},
		channel() {
			let mine: ((message: unknown) => void) | undefined;
			return {
				post(message) {
					const copy: unknown = structuredClone(message);
					for (const listener of listeners)
						if (listener !== mine)
							queueMicrotask(() => {
								listener(copy);
							});
				},
				onMessage(listener) {
					mine = listener;
					listeners.add(listener);
				}
			};
		}
	};
}

export interface TestTab {
	readonly agent: Agent;
	/** Throws the AppError of a failed command. */
	call<K extends CommandName>(name: K, input: CommandInput<K>, commandId?: string): Promise<CommandOutput<K>>;
	items(): readonly FeedItem[];
	state(): SessionState | null;
	/** Resolves when the page shows what `seen` asks for. */
	until(seen: () => boolean): Promise<void>;
}

export async function openTab(options: {
	store: Store;
	origin?: Origin;
	fetch?: FetchPort;
	relayKeys?: readonly string[];
	network?: SyncNetwork;
	device?: string;
	/** Default: the real one. */
	clock?: Clock;
	openSocket?: OpenSocket;
}): Promise<TestTab> {
	const { openSocket } = options;
	const origin = options.origin ?? createOrigin();
	const { network } = options;
	const agent = await createAgent({
		store: options.store,
		ports: {
			clock: options.clock ?? {
				now: () => Date.now(),
				sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref())
			},
			ids: { next: () => uuidv7() },
			random: { float: Math.random, bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
			fetch: (to, init) => options.fetch?.(new Request(to, init)) ?? Promise.reject(new TypeError('offline')),
			...(openSocket === undefined ? {} : { sockets: () => Promise.resolve({ openSocket }) })
		},
		device: { id: options.device ?? 'test-device' },
		plugins: builtInPlugins,
		relayOrigin: 'http://localhost',
		lease: origin.lease,
		channel: origin.channel(),
		timeZone: () => 'UTC',
		locale: () => 'en',
		relayKeys: () => Promise.resolve(options.relayKeys ?? []),
		...(network === undefined ? {} : { syncNetwork: () => Promise.resolve(network) }),
		storageStatus: () => Promise.resolve({ persisted: false, usageBytes: 0, quotaBytes: 0, relay: null })
	});
	let items: FeedItem[] = [];
	let state: SessionState | null = null;
	let toWorker: (message: FromPage) => void = () => undefined;

	function receive(message: ToPage): void {
		if (message.type === 'snapshot') {
			items = [...message.window.items];
			({ state } = message);
			return;
		}
		for (const patch of message.patches) {
			if (patch.op === 'items') items = [...items.filter((item) => item.ord < patch.from), ...patch.items];
			if (patch.op === 'item') items = items.map((item) => (item.key === patch.item.key ? patch.item : item));
			if (patch.op === 'state') ({ state } = patch);
		}
		toWorker({ ack: message.cursor });
	}

	await agent.attach({
		post: (message) => {
			const copy = structuredClone(message);
			queueMicrotask(() => {
				receive(copy);
			});
		},
		onMessage: (listener) => {
			toWorker = listener;
		}
	});
	return {
		agent,
		async call(name, input, commandId = uuidv7()) {
			const result = await agent.call(name, commandId, input);
			if (!result.ok) throw fromWire(result.error);
			return result.data;
		},
		items: () => items,
		state: () => state,
		async until(seen) {
			for (let waited = 0; !seen(); waited++) {
				if (waited > 2_000) throw new Error('the page never showed what the test waits for');
				await new Promise((resolve) => setTimeout(resolve, 5));
			}
		}
	};
}
