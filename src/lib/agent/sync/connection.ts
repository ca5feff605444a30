/**
 * A device at its room: answers the challenge, reads what comes, sends what is not acknowledged. The socket
 * comes in as a port, and so does what is kept; one frame is handled at a time, in the order they came.
 */

import { parseJson } from '../../wire/json';
import {
	fromRoom,
	helloText,
	opsPerEnvelope,
	type Envelope,
	type FromDevice,
	type FromRoom
} from '../../wire/sync';
import { toBase64Url } from '../../wire/device';
import type { Clock } from '../ports';
import type { DeviceKey } from '../home/device-key';
import { sealEnvelope } from './envelope';
import { isFarewell } from './farewell';
import type { LogFault } from './log';
import { createPace } from './pace';
import { withKeys } from './removal';
import { readBasis } from './read-basis';
import { readEnvelopes, type Reading } from './read-envelopes';
import type { Outcome, Sealed } from './replica';

export interface SyncSocket {
	send(frame: string): void;
	/** `frame` undefined: nothing more comes from here. */
	close(): void;
}

/** What has to be on disk before the next thing happens. */
export interface SyncKeeper {
	/** Before it is sent, so that it can be sent again as it is. */
	sealed(sealed: Sealed): Promise<void>;
	/** The room has it. */
	acknowledged(devSeq: number): Promise<void>;
	/** The log was read further. */
	advanced(): Promise<void>;
}

export type SyncStatus =
	| { readonly kind: 'apart' | 'joining' | 'joined' | 'not-admitted' | 'revoked' }
	| { readonly kind: 'broken'; readonly fault: LogFault };

export interface SyncConnection {
	status(): SyncStatus;
	/** The room takes no operations, as it holds as much as it may; what the others write is read all the same. */
	isFull(): boolean;
	/** Grows with what is acknowledged and what is read. */
	progress(): number;
	/** It has read all that was in the room when it was let in, and nothing of that waits to be stored or shown. */
	isCurrent(): boolean;
	/** A new socket; the one before it is forgotten. */
	open(socket: SyncSocket): void;
	received(frame: string): Promise<void>;
	closed(): void;
	/** Something was written. */
	send(): Promise<void>;
	/** Asks the room for files of before its snapshot. */
	askKept(): void;
	/** Nothing is said any more, and nothing heard. */
	end(): void;
}

export interface ConnectionPorts {
	readonly reading: Reading;
	readonly signer: DeviceKey;
	readonly clock: Pick<Clock, 'sleep'>;
	readonly keeper?: SyncKeeper;
	/** Something was read or acknowledged. */
	readonly changed?: () => void;
	/** Files of before the snapshot; answers where to go on. */
	readonly kept?: (page: Extract<FromRoom, { type: 'kept' }>) => Promise<number | undefined>;
	/** Something could not be kept: what is in memory is ahead of the disk, and must not be gone on from. */
	readonly failed?: () => void;
}

const pushedAtOnce = 8;

const text = new TextEncoder();

export function createConnection({
	reading,
	signer,
	clock,
	keeper,
	changed,
	kept,
	failed
}: ConnectionPorts): SyncConnection {
	const { replica, room, keys } = reading;
	let status: SyncStatus = { kind: 'apart' };
	let socket: SyncSocket | undefined;
	let basis: { readonly upTo: number; after: number; readonly envelopes: Envelope[] } | undefined;
	let pushed = 0;
	const pace = createPace();
	/** Why nothing is pushed for now; where the room is full, members may come and go. */
	let held: 'slow' | 'full' | undefined;
	let isFull = false;
	let newest = 0;
	/** Up to here it is not only read: it is stored, and shown. */
	let applied = 0;
	let last: Promise<void> = Promise.resolve();

	function say(message: FromDevice): void {
		socket?.send(JSON.stringify(message));
	}

	function leave(now: SyncStatus): void {
		const old = socket;
		socket = undefined;
		basis = undefined;
		pushed = 0;
		held = undefined;
		status = now;
		old?.close();
	}

	function settle(outcome: Outcome): boolean {
		if (outcome === 'ok') return true;
		leave(outcome === 'again' ? { kind: 'apart' } : { kind: 'broken', fault: outcome });
		return false;
	}

	const isNew = replica.cursor() === 0;
	/** It has seen nothing yet that was sealed with the key it was given: so far it believes, keeps and says nothing. */
	const isShort = (): boolean => isNew && replica.sealedWith() < keys.since;

	/** False where the log has ended before that: it is not the one that this device was let into. */
	function comesFarEnough(): boolean {
		if (!isShort() || replica.cursor() < newest) return true;
		return settle(replica.stop({ kind: 'rolled-back', seq: replica.cursor() }));
	}

	async function acknowledged(devSeq: number): Promise<void> {
		if (!isShort()) await keeper?.acknowledged(devSeq);
	}
	async function advanced(): Promise<void> {
		if (isShort()) return;
		await keeper?.advanced();
		applied = replica.cursor();
	}

	/** As much of what waits as fits; what is too long by itself goes in parts. */
	async function sealNext(): Promise<Sealed | undefined> {
		for (let most = opsPerEnvelope; ; most = Math.floor(most / 2)) {
			if (most === 0) {
				replica.split();
				most = opsPerEnvelope;
			}
			const draft = replica.draft(most);
			if (held === 'full' && draft?.purpose.kind === 'ops') return undefined;
			// Who has not read yet that it was let in does not know the key of now either.
			if (draft?.purpose.kind === 'ops' && !replica.isMember()) return undefined;
			// Whoever has come meanwhile gets the new key too.
			if (draft?.purpose.kind === 'remove' && replica.cursor() < newest) return undefined;
			if (
				draft === undefined ||
				isShort() ||
				(await keys.keyOf(draft.keyEpoch, signer.publicKey.kid)) === undefined
			)
				return undefined;
			const whole = await withKeys(draft, room, replica.place().members);
			const sealed = await sealEnvelope(whole, { room, keys, signer });
			if (sealed !== undefined || draft.purpose.kind !== 'ops') return sealed;
		}
	}

	/** The line stays, and what comes is read; what the room has refused is tried again after a while. */
	function hold(reason: 'slow' | 'full'): void {
		// Of what was under way together each frame is refused.
		if (held !== undefined) return;
		held = reason;
		isFull ||= reason === 'full';
		pace.refused();
		const from = socket;
		const release = async (): Promise<void> => {
			if (socket !== from || socket === undefined) return;
			held = undefined;
			pushed = replica.acknowledged().devSeq;
			await push();
		};
		void clock.sleep(pace.delayMs()).then(() => queue(release));
	}

	async function push(): Promise<void> {
		if (status.kind !== 'joined' || held === 'slow') return;
		if (held === 'full') replica.letPurposesPass();
		while (replica.unacknowledged().length < pace.width()) {
			const sealed = await sealNext();
			if (sealed === undefined) break;
			replica.sealed(sealed);
			await keeper?.sealed(sealed);
		}
		const waiting = replica
			.unacknowledged()
			.slice(0, pace.width())
			.filter(
				({ draft: { devSeq, purpose } }) => devSeq > pushed && (held === undefined || purpose.kind !== 'ops')
			);
		for (let from = 0; from < waiting.length; from += pushedAtOnce) {
			const some = waiting.slice(from, from + pushedAtOnce);
			for (const envelopes of fitting(some.map(({ envelope }) => envelope))) say({ type: 'push', envelopes });
			pushed = some.at(-1)?.draft.devSeq ?? pushed;
		}
	}

	async function read(message: FromRoom): Promise<void> {
		switch (message.type) {
			case 'challenge': {
				const { kid } = signer.publicKey;
				const sig = await signer.sign(new Uint8Array(text.encode(helloText(room, message.nonce, kid))));
				const cursor = replica.cursor();
				say({ type: 'hello', v: 1, device: signer.publicKey, cursor, sig: toBase64Url(sig) });
				return;
			}
			case 'welcome':
				if (!settle(replica.welcome(message))) return;
				status = { kind: 'joined' };
				newest = message.seq;
				applied = replica.cursor();
				return acknowledged(message.yours.devSeq);
			case 'ack':
				replica.ack(message.devSeq);
				pace.accepted();
				// While it is held, only members come and go.
				if (held === undefined) isFull = false;
				return acknowledged(message.devSeq);
			case 'nack':
				if (message.reason === 'not-a-member' && message.expect === 0) leave({ kind: 'not-admitted' });
				else if (settle(replica.nack(message))) {
					pushed = message.expect - 1;
					if (message.reason === 'slow' || message.reason === 'full') hold(message.reason);
				}
				return;
			case 'reset':
				basis = { upTo: message.upTo, after: 0, envelopes: [] };
				say({ type: 'basis', after: 0 });
				return;
			case 'basis': {
				if (basis === undefined || basis.after !== message.after) return;
				// A newer snapshot came in between.
				if (basis.upTo !== message.upTo) return leave({ kind: 'apart' });
				basis.envelopes.push(...message.envelopes);
				if (message.next !== undefined) {
					basis.after = message.next;
					return say({ type: 'basis', after: message.next });
				}
				const { upTo, envelopes } = basis;
				basis = undefined;
				if (!settle(await readBasis(reading, upTo, envelopes))) return;
				await advanced();
				if (!comesFarEnough()) return;
				return say({ type: 'got', seq: replica.cursor() });
			}
			case 'kept': {
				const next = await kept?.(message);
				if (next !== undefined) say({ type: 'kept', after: next });
				return;
			}
			case 'ops':
				{
					const outcome = await readEnvelopes(reading, message.fromSeq, message.envelopes);
					// What was good of it is read, and so it is stored.
					await advanced();
					if (!settle(outcome) || !comesFarEnough()) return;
				}
				return say({ type: 'got', seq: replica.cursor() });
			case 'revoked':
				return leave({
					kind: (await isFarewell(reading, signer.publicKey.kid, message.by ?? []))
						? 'revoked'
						: 'not-admitted'
				});
			case 'pong':
				return;
		}
	}

	function queue(job: () => Promise<void>): Promise<void> {
		const next = last.then(job);
		last = next.catch(() => {
			leave({ kind: 'apart' });
			failed?.();
		});
		return last;
	}

	return {
		status: () => status,
		isFull: () => status.kind === 'joined' && isFull,
		progress: () => replica.acknowledged().devSeq + replica.cursor(),
		isCurrent: () => status.kind === 'joined' && applied >= newest,
		open(next) {
			leave(replica.fault() === undefined ? { kind: 'joining' } : status);
			if (status.kind === 'joining') socket = next;
			else next.close();
		},
		received(frame) {
			const from = socket;
			return queue(async () => {
				if (socket === undefined || socket !== from) return;
				const message = fromRoom.safeParse(parseJson(frame));
				// Of a newer room: not for us.
				if (!message.success) return;
				await read(message.data);
				await push();
				changed?.();
			});
		},
		closed() {
			if (socket !== undefined) leave({ kind: 'apart' });
		},
		send: () => queue(push),
		askKept() {
			say({ type: 'kept', after: 0 });
		},
		end() {
			leave({ kind: 'apart' });
		}
	};
}

/** Frames of at most a megabyte. */
function fitting(envelopes: readonly Envelope[]): Envelope[][] {
	const frames: Envelope[][] = [];
	let size = Infinity;
	for (const envelope of envelopes) {
		const own = envelope.ct.length + 32 * 1024;
		if (size + own > 900_000) {
			frames.push([]);
			size = 0;
		}
		frames.at(-1)?.push(envelope);
		size += own;
	}
	return frames;
}
