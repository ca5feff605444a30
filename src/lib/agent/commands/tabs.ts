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
	| { readonly type: 'bus'; readonly messages: readonly BusMessage[] };

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
	/** Sends a command to the leader. */
	forward(name: string, id: string, input: unknown): Promise<Result<unknown>>;
	/** Tells the other tabs. Only a leader's word goes out. */
	tell(message: BusMessage): void;
	takeOver(): void;
	release(): void;
}

export function createTabs(ports: TabPorts): Tabs {
	let role: ReturnType<Tabs['role']> = 'starting';
	let epoch = 0;
	let letGo: (() => void) | undefined;
	let heardAt = ports.clock.now();
	let outbox: BusMessage[] = [];
	const pending = new Map<string, { resolve: (result: Result<unknown>) => void; name: string; input: unknown }>();
	const { promise: known, resolve: onKnown, reject: onBroken } = Promise.withResolvers<undefined>();

	const post = (message: TabMessage): void => {
		ports.channel.post(message);
	};

	async function lead(lost: AbortSignal): Promise<void> {
		try {
			epoch = await raiseEpoch(ports.store);
			role = 'leader';
			await ports.onLead(epoch);
		} catch (thrown) {
			role = 'follower';
			onBroken(thrown);
			throw thrown;
		}
		onKnown(undefined);
		// What waited for the old leader is answered here.
		for (const [id, command] of pending) {
			pending.delete(id);
			void ports.onCommand(command.name, id, command.input).then(command.resolve);
		}
		void beat();
		await new Promise<void>((resolve) => {
			letGo = resolve;
			lost.addEventListener('abort', () => {
				resolve();
			});
		});
		role = 'follower';
		letGo = undefined;
		ports.onLose();
		// In line again: when the other tab closes, this one goes on.
		if (lost.aborted) ports.lease.request(lead, { steal: false });
	}

	async function beat(): Promise<void> {
		while (role === 'leader') {
			post({ type: 'beat', epoch });
			await ports.clock.sleep(beatEveryMs);
		}
	}

	/** Takes over from a leader that stays silent while somebody waits for it. */
	async function watch(id: string): Promise<void> {
		const askedAt = ports.clock.now();
		while (pending.has(id)) {
			await ports.clock.sleep(1_000);
			if (ports.clock.now() - Math.max(heardAt, askedAt) < silenceMs || role === 'leader') continue;
			ports.lease.request(lead, { steal: true });
			return;
		}
	}

	ports.channel.onMessage((data) => {
		const message = readMessage(data);
		if (message === undefined) return;
		if (message.type !== 'command') heardAt = ports.clock.now();
		switch (message.type) {
			case 'command':
				if (role !== 'leader') return;
				post({ type: 'taken', id: message.id });
				void ports.onCommand(message.name, message.id, message.input).then((result) => {
					post({ type: 'answer', id: message.id, result });
				});
				break;
			case 'answer':
				pending.get(message.id)?.resolve(message.result);
				pending.delete(message.id);
				break;
			case 'bus':
				if (role !== 'leader') for (const one of message.messages) ports.onBus(one);
				break;
			case 'beat':
				if (role === 'leader' && message.epoch > epoch) letGo?.();
				break;
			case 'taken':
				break;
		}
	});

	return {
		role: () => role,
		epoch: () => epoch,
		async start() {
			const isHeld = await ports.lease.isHeld();
			ports.lease.request(lead, { steal: false });
			if (!isHeld) return known;
			role = 'follower';
			return undefined;
		},
		forward(name, id, input) {
			return new Promise((resolve) => {
				pending.set(id, { resolve, name, input });
				post({ type: 'command', id, name, input });
				void watch(id);
			});
		},
		tell(message) {
			if (role !== 'leader') return;
			outbox.push(message);
			if (outbox.length > 1) return;
			queueMicrotask(() => {
				const messages = outbox;
				outbox = [];
				post({ type: 'bus', messages });
			});
		},
		takeOver() {
			ports.lease.request(lead, { steal: true });
		},
		release() {
			if (role !== 'leader') return;
			letGo?.();
			ports.lease.request(lead, { steal: false });
		}
	};
}

async function raiseEpoch(store: Store): Promise<number> {
	for (let attempt = 0; attempt < 5; attempt++) {
		const row = await store.get('meta', 'epoch');
		const current = typeof row === 'object' && row !== null && 'epoch' in row && typeof row.epoch === 'number' ? row.epoch : 0;
		try {
			await store.commit({ epoch: current, put: [{ table: 'meta', key: 'epoch', row: { v: 1, epoch: current + 1 } }, schemaWrite()] });
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
			return 'epoch' in data && typeof data.epoch === 'number' ? { type: 'beat', epoch: data.epoch } : undefined;
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
			return 'messages' in data && Array.isArray(data.messages) ? { type: 'bus', messages: data.messages.filter(isBusMessage) } : undefined;
		default:
			return undefined;
	}
}

function readResult(value: unknown): Result<unknown> {
	if (typeof value === 'object' && value !== null && 'ok' in value) {
		if (value.ok === true) return { ok: true, data: 'data' in value ? value.data : null };
		if ('error' in value && isWireError(value.error)) return { ok: false, error: fromWire(value.error).toWire() };
	}
	return { ok: false, error: new AppError('internal/unexpected').toWire() };
}

/** Told by a tab of this origin and build; the kind is what a receiver switches on. */
function isBusMessage(value: unknown): value is BusMessage {
	return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}
