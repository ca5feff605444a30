/**
 * One leader among tabs (trust.md C2). The lock decides, the epoch fences, the channel only
 * carries: batches of events from the leader, commands from followers. A follower whose command
 * gets no sign of life for ten seconds takes the lock over.
 */

import type { Result } from '../../wire/commands';
import { AppError, fromWire, isWireError, toAppError } from '../../wire/errors';
import type { Clock, Ids } from '../ports';
import { schemaWrite } from '../sessions/upcast';
import type { Store } from '../storage/store';
import type { BusMessage } from '../view/bus';

/** Held promise locks, as Web Locks are: `run` is called when granted; the lock is let go when it resolves. */
export interface Lease {
	request(run: (lost: AbortSignal) => Promise<void>, options: { readonly steal: boolean }): void;
	/** Is somebody holding it now? */
	isHeld(): Promise<boolean>;
}
export interface Channel {
	post(message: unknown): void;
	onMessage(listener: (message: unknown) => void): void;
}

type TabMessage =
	| { readonly type: 'beat'; readonly epoch: number }
	| { readonly type: 'command'; readonly id: string; readonly name: string; readonly input: unknown }
	| { readonly type: 'taken'; readonly id: string }
	| { readonly type: 'answer'; readonly id: string; readonly result: Result<unknown> }
	| { readonly type: 'bus'; readonly epoch: number; readonly messages: readonly BusMessage[] };

const beatEveryMs = 2_000;
const silenceMs = 10_000;

export interface TabPorts {
	readonly lease: Lease;
	readonly channel: Channel;
	readonly clock: Clock;
	readonly ids: Ids;
	readonly store: Store;
	/** This tab now runs the agent, with this epoch. */
	readonly onLead: (epoch: number) => Promise<void>;
	/** Another tab has taken over. */
	readonly onLose: () => void;
	/** A command of another tab. */
	readonly onCommand: (name: string, id: string, input: unknown) => Promise<Result<unknown>>;
	readonly onBus: (message: BusMessage) => void;
}

export interface Tabs {
	role(): 'leader' | 'follower' | 'starting';
	epoch(): number;
	/** Leads if nobody else does; resolves when the role is known and, for a leader, recovery is done. */
	start(): Promise<void>;
	/** Resolves when no recovery is under way. */
	ready(): Promise<unknown>;
	/** Sends a command to the leader. */
	forward(name: string, id: string, input: unknown): Promise<Result<unknown>>;
	/** Tells the other tabs. Only a leader's word goes out. */
	tell(message: BusMessage): void;
	/** Resolves when this tab leads, or could not. */
	takeOver(): Promise<void>;
	/** Lets another tab lead, if there is one. */
	release(): void;
}

export function createTabs(ports: TabPorts): Tabs {
	let role: ReturnType<Tabs['role']> = 'starting';
	let epoch = 0;
	/** The newest epoch heard of: whoever speaks with an older one has lost and does not know it yet. */
	let newest = 0;
	let isGranted = false;
	let isWatching = false;
	let letGo: (() => void) | undefined;
	/** While this tab becomes the leader, commands wait for its recovery. */
	let ready: Promise<unknown> = Promise.resolve();
	let heardAt = ports.clock.now();
	let outbox: BusMessage[] = [];
	let settled: (() => void)[] = [];
	const pending = new Map<
		string,
		{ resolve: (result: Result<unknown>) => void; name: string; input: unknown }
	>();
	const { promise: known, resolve: onKnown } = Promise.withResolvers<undefined>();

	const post = (message: TabMessage): void => {
		ports.channel.post(message);
	};

	function settle(): void {
		onKnown(undefined);
		for (const resolve of settled) resolve();
		settled = [];
	}

	async function lead(lost: AbortSignal): Promise<void> {
		isGranted = true;
		try {
			epoch = await raiseEpoch(ports.store);
			newest = Math.max(newest, epoch);
			role = 'leader';
			const leading = ports.onLead(epoch);
			ready = leading.catch(() => undefined);
			await leading;
		} catch (thrown) {
			if (!lost.aborted) {
				giveUp(toAppError(thrown));
				return;
			}
		}
		settle();
		if (!lost.aborted) await leadUntil(lost);
		role = 'follower';
		letGo = undefined;
		ports.onLose();
		// In line again: when the other tab closes, this one goes on.
		ports.lease.request(lead, { steal: false });
	}

	/** Cannot write (a full disk): what can be read is still shown, and the next command tries again. */
	function giveUp(error: AppError): void {
		role = 'follower';
		ports.onLose();
		for (const command of pending.values()) command.resolve({ ok: false, error: error.toWire() });
		pending.clear();
		settle();
	}

	async function leadUntil(lost: AbortSignal): Promise<void> {
		const over = new Promise<void>((resolve) => {
			letGo = resolve;
			lost.addEventListener('abort', () => {
				resolve();
			});
		});
		void beat(epoch);
		// What waited for the old leader is answered here.
		for (const [id, command] of pending) {
			pending.delete(id);
			void ports.onCommand(command.name, id, command.input).then(command.resolve);
		}
		await over;
	}

	async function beat(mine: number): Promise<void> {
		while (role === 'leader' && epoch === mine) {
			post({ type: 'beat', epoch });
			await ports.clock.sleep(beatEveryMs);
		}
	}

	/** Takes over from a leader that stays silent while somebody waits for it. */
	async function watch(): Promise<void> {
		if (isWatching) return;
		isWatching = true;
		let since = ports.clock.now();
		while (pending.size > 0) {
			await ports.clock.sleep(1_000);
			if (ports.clock.now() - Math.max(heardAt, since) < silenceMs || role === 'leader') continue;
			since = ports.clock.now();
			ports.lease.request(lead, { steal: true });
		}
		isWatching = false;
	}

	function onBeat(theirs: number): void {
		if (theirs <= newest) return;
		newest = theirs;
		if (role === 'leader') letGo?.();
		// A new leader has heard nothing of what the old one was asked.
		for (const [id, { name, input }] of pending) post({ type: 'command', id, name, input });
	}

	ports.channel.onMessage((data) => {
		const message = readMessage(data);
		if (message === undefined) return;
		if ('epoch' in message && message.epoch < newest) return;
		if (message.type !== 'command') heardAt = ports.clock.now();
		switch (message.type) {
			case 'command':
				if (role !== 'leader') return;
				post({ type: 'taken', id: message.id });
				void ports.onCommand(message.name, message.id, message.input).then((result) => {
					// Refused because another tab leads by now: that one answers.
					if (isStale(result)) letGo?.();
					else post({ type: 'answer', id: message.id, result });
				});
				break;
			case 'answer':
				pending.get(message.id)?.resolve(message.result);
				pending.delete(message.id);
				break;
			case 'bus':
				onBeat(message.epoch);
				if (role !== 'leader') for (const one of message.messages) ports.onBus(one);
				break;
			case 'beat':
				onBeat(message.epoch);
				break;
			case 'taken':
				break;
		}
	});

	return {
		role: () => role,
		epoch: () => epoch,
		ready: () => ready,
		async start() {
			ports.lease.request(lead, { steal: false });
			// Tabs that start at once all find the lock free: only a lock that is held and not ours decides.
			for (let seen = 0; !isGranted && seen < 2;) {
				await ports.clock.sleep(seen === 0 ? 0 : 20);
				seen = (await ports.lease.isHeld()) ? seen + 1 : 0;
			}
			if (isGranted) return known;
			role = 'follower';
			return undefined;
		},
		forward(name, id, input) {
			return new Promise((resolve) => {
				pending.set(id, { resolve, name, input });
				post({ type: 'command', id, name, input });
				void watch();
			});
		},
		tell(message) {
			if (role !== 'leader') return;
			outbox.push(message);
			if (outbox.length > 1) return;
			queueMicrotask(() => {
				const messages = outbox;
				outbox = [];
				if (role === 'leader') post({ type: 'bus', epoch, messages });
			});
		},
		takeOver() {
			if (role === 'leader') return Promise.resolve();
			ports.lease.request(lead, { steal: true });
			return new Promise((resolve) => settled.push(resolve));
		},
		release() {
			letGo?.();
		}
	};
}

/** Refused by the fence: another tab leads by now. */
export function isStale(result: Result<unknown>): boolean {
	return !result.ok && result.error.id === 'storage/stale-epoch';
}

async function raiseEpoch(store: Store): Promise<number> {
	for (let attempt = 0; attempt < 5; attempt++) {
		const row = await store.get('meta', 'epoch');
		const current =
			typeof row === 'object' && row !== null && 'epoch' in row && typeof row.epoch === 'number'
				? row.epoch
				: 0;
		try {
			await store.commit({
				epoch: current,
				put: [{ table: 'meta', key: 'epoch', row: { v: 1, epoch: current + 1 } }, schemaWrite()]
			});
			return current + 1;
		} catch (thrown) {
			if (toAppError(thrown).id !== 'storage/stale-epoch') throw thrown;
		}
	}
	throw new AppError('storage/stale-epoch');
}

function readMessage(data: unknown): TabMessage | undefined {
	if (typeof data !== 'object' || data === null || !('type' in data)) return undefined;
	// The channel is this origin's own; an older build's message may still have another shape.
	switch (data.type) {
		case 'beat':
			return 'epoch' in data && typeof data.epoch === 'number'
				? { type: 'beat', epoch: data.epoch }
				: undefined;
		case 'command':
			return 'id' in data && typeof data.id === 'string' && 'name' in data && typeof data.name === 'string'
				? { type: 'command', id: data.id, name: data.name, input: 'input' in data ? data.input : null }
				: undefined;
		case 'taken':
			return 'id' in data && typeof data.id === 'string' ? { type: 'taken', id: data.id } : undefined;
		case 'answer':
			return 'id' in data && typeof data.id === 'string' && 'result' in data
				? { type: 'answer', id: data.id, result: readResult(data.result) }
				: undefined;
		case 'bus':
			return 'messages' in data &&
				Array.isArray(data.messages) &&
				'epoch' in data &&
				typeof data.epoch === 'number'
				? { type: 'bus', epoch: data.epoch, messages: data.messages.filter(isBusMessage) }
				: undefined;
		default:
			return undefined;
	}
}

function readResult(value: unknown): Result<unknown> {
	if (typeof value === 'object' && value !== null && 'ok' in value) {
		if (value.ok === true) return { ok: true, data: 'data' in value ? value.data : null };
		if ('error' in value && isWireError(value.error))
			return { ok: false, error: fromWire(value.error).toWire() };
	}
	return { ok: false, error: new AppError('internal/unexpected').toWire() };
}

/** Told by a tab of this origin and build; the kind is what a receiver switches on. */
function isBusMessage(value: unknown): value is BusMessage {
	return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}
