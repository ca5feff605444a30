/**
 * One device's side of the sync, without keys, sockets or storage: what it wrote and is not yet
 * acknowledged, what it has read, and what follows from each thing the room says. Pure and synchronous;
 * whoever drives it seals, opens, sends and stores (`connection.ts`, `outbox.ts`).
 */

import type { Operation, OperationType } from '../../wire/operations';
import type { Envelope, EnvelopeHeader, FromRoom, Purpose } from '../../wire/sync';
import { opsPerEnvelope } from '../../wire/sync';
import { createLogReader, type Head, type Heads, type LogFault, type LogPlace } from './log';
import { applyOperation, createState, type SyncState } from './merge';
import { fileType } from './files';
import { partsOf, wholeType } from './operation-parts';
import { mergeText, stateText } from './state-text';

/** An envelope once its signature held and it was opened. */
export interface Opened {
	readonly header: EnvelopeHeader;
	readonly hash: string;
	/** How far its author had read the others. */
	readonly heads: Heads;
	readonly operations: readonly Operation[];
}

/** Who is to come or to go. All else that its envelope says follows from the log, as it is when that is sealed. */
export type MemberChange =
	| Pick<Extract<Purpose, { kind: 'add' }>, 'kind' | 'member'>
	| Pick<Extract<Purpose, { kind: 'remove' }>, 'kind' | 'kid'>;

interface Waiting {
	readonly purpose: MemberChange | Extract<Purpose, { kind: 'snapshot' }>;
	readonly text?: string;
}

/** What is to be sealed next. A removal has no keys yet (`removal.ts`). */
export interface Draft {
	readonly devSeq: number;
	readonly prevHash: string;
	readonly keyEpoch: number;
	readonly purpose: Purpose;
	readonly heads: Heads;
	readonly operations: readonly Operation[];
	/** A snapshot's part. */
	readonly text?: string;
}

export interface Sealed {
	readonly envelope: Envelope;
	readonly hash: string;
	/** Kept beside it: a new key epoch means sealing them again. */
	readonly draft: Draft;
}

export interface ReplicaStart {
	readonly room: string;
	readonly dev: string;
	readonly genesis: string;
	readonly place?: LogPlace;
	readonly state?: SyncState;
	/** The newest of its own envelopes that the room has. */
	readonly acknowledged?: Head;
	/** How far this device had read in an earlier life. */
	readonly seen?: number;
	/** Sealed and not acknowledged, oldest first; from the last life. */
	readonly sealed?: readonly Sealed[];
	readonly queued?: readonly Operation[];
	/** The place of the newest whole snapshot that it knows of. */
	readonly snapshotAt?: number;
	readonly understands?: ReadonlySet<OperationType>;
}

export interface Snapshot {
	/** Everything up to here is in it. */
	readonly upTo: number;
	readonly epoch: number;
	readonly text: string;
	/** Nothing in its text is escaped in JSON. */
	readonly isPlain?: boolean;
}

/** Characters of a snapshot an envelope: six bytes each, were they all to be escaped. */
const partLength = 40_000;
const plainPartLength = 180_000;

/** Envelopes after which the state is written down whole. */
const snapshotEvery = 1000;

/** `again`: this connection cannot go on, the next one will. */
export type Outcome = 'ok' | 'again' | LogFault;

export interface Replica {
	readonly state: SyncState;
	place(): LogPlace;
	cursor(): number;
	isMember(): boolean;
	/** The newest epoch that something in the log is known to be sealed with. */
	sealedWith(): number;
	acknowledged(): Head;
	fault(): LogFault | undefined;
	/** Written here: counts at once, and goes out with the next envelope. */
	write(operation: Operation): void;
	/** Written here and stored already: only goes out. */
	enqueue(operation: Operation): void;
	/** Undefined while there is nothing to send. Purposes go first. `most`: operations, where fewer fit. */
	draft(most?: number): Draft | undefined;
	/** The first operation that waits, in pieces, as it does not fit into any envelope. */
	split(): void;
	sealed(sealed: Sealed): void;
	/** Members come and go by envelopes of their own. Who is on the way out already is not removed twice. */
	queuePurpose(change: MemberChange): void;
	/** Ahead of operations that were sealed before them, and that the room has refused. */
	letPurposesPass(): void;
	/** Its removal was asked for here, and is not in the log yet. */
	isLeaving(kid: string): boolean;
	/** Everything read so far. */
	snapshot(state?: SyncState): Snapshot;
	/** For those who come later; the room may then forget what led there. Given up where the key has turned since. */
	queueSnapshot(snapshot?: Snapshot): void;
	snapshotAt(): number;
	/** The newest envelope is this device's own, and it is time: so one device makes it, not all at once. */
	isSnapshotDue(): boolean;
	/** Not acknowledged, oldest first. */
	unacknowledged(): readonly Sealed[];
	isSettled(): boolean;
	welcome(message: Extract<FromRoom, { type: 'welcome' }>): Outcome;
	ack(devSeq: number): void;
	/** What to send again: everything from `expect` on. */
	nack(message: Extract<FromRoom, { type: 'nack' }>): Outcome;
	/**
	 * The envelope at place `seq`. What was read already is passed over. `later`: what came with it, so that
	 * what is out of order can be told from what is missing.
	 */
	accept(seq: number, opened: Opened, later?: readonly EnvelopeHeader[]): Outcome;
	/** A snapshot's content and the place it was made at. */
	acceptSnapshot(place: LogPlace, state: unknown): Outcome;
	/** Says why reading stopped; for what the driver itself found (a signature, a seal). */
	stop(fault: LogFault): LogFault;
}

export function createReplica(start: ReplicaStart): Replica {
	const state = start.state ?? createState();
	const log = createLogReader(start.room, start.genesis, start.place);
	let purposes: Waiting[] = [];
	let queue: Operation[] = [...(start.queued ?? [])];
	let sealed: Sealed[] = [...(start.sealed ?? [])];
	/** `devSeq` of the newest removal that was sealed here. */
	let removal = sealed.findLast(({ draft }) => draft.purpose.kind === 'remove')?.draft.devSeq ?? 0;
	let acknowledged: Head = start.acknowledged ??
		log.place().heads[start.dev] ?? { devSeq: 0, hash: start.genesis };
	let broken: LogFault | undefined;
	let snapshotAt = start.snapshotAt ?? 0;
	let isOwnNewest = false;

	function stop(fault: LogFault): LogFault {
		broken ??= fault;
		return broken;
	}

	const last = (): Head => {
		const newest = sealed.at(-1);
		return newest === undefined ? acknowledged : { devSeq: newest.draft.devSeq, hash: newest.hash };
	};

	function ack(devSeq: number): void {
		for (;;) {
			const [oldest] = sealed;
			if (oldest === undefined || oldest.draft.devSeq > devSeq) return;
			acknowledged = { devSeq: oldest.draft.devSeq, hash: oldest.hash };
			sealed.shift();
		}
	}

	/** Never accepted by the room, so that it may be sealed otherwise at the same place. A snapshot is given up. */
	function unseal(): void {
		const drafts = sealed.map(({ draft }) => draft);
		purposes = [...drafts, ...purposes].flatMap(({ purpose }): Waiting[] => {
			if (purpose.kind === 'add') return [{ purpose }];
			return purpose.kind === 'remove' ? [{ purpose: { kind: 'remove', kid: purpose.kid } }] : [];
		});
		queue = [...drafts.flatMap(({ operations }) => operations), ...queue];
		sealed = [];
		removal = 0;
	}

	/** Its key is learnt as everybody learns it, from the log: what was sealed before then would be refused. */
	function awaitsRemoval(): boolean {
		return removal > (log.place().heads[start.dev]?.devSeq ?? 0);
	}

	function snapshot(whole = state): Snapshot {
		const place = log.place();
		const text = `{"place":${JSON.stringify(place)},"state":${stateText(whole)}}`;
		return { upTo: place.cursor, epoch: place.epoch, text };
	}

	function isLeaving(kid: string): boolean {
		const names = ({ kind, ...purpose }: Purpose | MemberChange): boolean =>
			kind === 'remove' && 'kid' in purpose && purpose.kid === kid;
		return (
			log.isMember(kid) &&
			(purposes.some(({ purpose }) => names(purpose)) || sealed.some(({ draft }) => names(draft.purpose)))
		);
	}

	return {
		state,
		place: () => log.place(),
		cursor: () => log.cursor(),
		isMember: () => log.isMember(start.dev),
		sealedWith: () => log.sealedWith(),
		acknowledged: () => acknowledged,
		fault: () => broken,
		write(operation) {
			applyOperation(state, operation, start.understands);
			queue.push(operation);
		},
		enqueue(operation) {
			queue.push(operation);
		},
		split() {
			const [first] = queue;
			if (first !== undefined) queue.splice(0, 1, ...partsOf(first));
		},
		snapshotAt: () => snapshotAt,
		isSnapshotDue: () =>
			isOwnNewest &&
			log.cursor() - snapshotAt >= snapshotEvery &&
			purposes.length === 0 &&
			sealed.every(({ draft }) => draft.purpose.kind === 'ops'),
		queuePurpose(purpose) {
			if (purpose.kind !== 'remove' || !isLeaving(purpose.kid)) purposes.push({ purpose });
		},
		isLeaving,
		snapshot,
		queueSnapshot({ upTo, epoch, text, isPlain = false } = snapshot()) {
			if (epoch !== log.place().epoch) return;
			const length = isPlain ? plainPartLength : partLength;
			const of = Math.ceil(text.length / length);
			for (let part = 0; part < of; part++) {
				const purpose = { kind: 'snapshot' as const, upTo, part, of };
				purposes.push({ purpose, text: text.slice(part * length, (part + 1) * length) });
			}
		},
		draft(most = opsPerEnvelope) {
			if (broken !== undefined || awaitsRemoval()) return undefined;
			// Another device was quicker.
			purposes = purposes.filter(({ purpose }) => purpose.kind !== 'remove' || log.isMember(purpose.kid));
			const [next] = purposes;
			if (next === undefined && queue.length === 0) return undefined;
			const { devSeq, hash } = last();
			const { epoch: keyEpoch, heads } = log.place();
			const chain = { devSeq: devSeq + 1, prevHash: hash, keyEpoch, heads };
			if (next === undefined) {
				const operations = queue.slice(0, most);
				return { ...chain, purpose: opsPurpose(operations), operations };
			}
			const { purpose, ...rest } = next;
			const whole = purpose.kind === 'remove' ? { ...purpose, epoch: keyEpoch + 1, keys: [] } : purpose;
			return { ...chain, purpose: whole, operations: [], ...rest };
		},
		sealed(made) {
			if (made.draft.purpose.kind !== 'ops') purposes.shift();
			queue.splice(0, made.draft.operations.length);
			sealed.push(made);
			if (made.draft.purpose.kind === 'remove') removal = made.draft.devSeq;
		},
		unacknowledged: () => sealed,
		letPurposesPass() {
			if (purposes.length === 0 || !sealed.every(({ draft }) => draft.purpose.kind === 'ops')) return;
			const waiting = purposes;
			unseal();
			purposes = waiting;
		},
		isSettled: () => sealed.length === 0 && queue.length === 0 && purposes.length === 0,
		welcome({ seq, yours }) {
			if (broken !== undefined) return broken;
			if (seq < Math.max(log.cursor(), start.seen ?? 0) || yours.devSeq < acknowledged.devSeq)
				return stop({ kind: 'rolled-back', seq, dev: start.dev, devSeq: yours.devSeq });
			const held =
				yours.devSeq === acknowledged.devSeq
					? acknowledged.hash
					: sealed.find(({ draft }) => draft.devSeq === yours.devSeq)?.hash;
			// The room has more of this device than the device itself: its own storage went back in time.
			if (held === undefined) return stop({ kind: 'rolled-back', dev: start.dev, devSeq: yours.devSeq });
			if (held !== yours.hash) return stop({ kind: 'forked', dev: start.dev, devSeq: yours.devSeq });
			ack(yours.devSeq);
			return 'ok';
		},
		ack,
		nack({ expect, reason }) {
			if (broken !== undefined) return broken;
			switch (reason) {
				case 'gap':
				case 'slow':
				case 'full':
					ack(expect - 1);
					return 'ok';
				case 'epoch':
					ack(expect - 1);
					unseal();
					return 'again';
				case 'forked':
					return stop({ kind: 'forked', dev: start.dev, devSeq: expect });
				case 'not-a-member':
				case 'forged':
				case 'invalid':
					return stop({ kind: 'forged', dev: start.dev, devSeq: expect });
			}
		},
		accept(seq, opened, later = []) {
			if (broken !== undefined) return broken;
			const cursor = log.cursor();
			if (seq <= cursor) return 'ok';
			if (seq > cursor + 1) return 'again';
			const { header, hash, heads, operations } = opened;
			const fault = log.check(header, hash, heads);
			if (fault !== undefined) {
				const comes = later.some(({ dev, devSeq }) => dev === fault.dev && devSeq <= (fault.devSeq ?? 0));
				return stop(fault.kind === 'dropped' && comes ? { ...fault, kind: 'reordered' } : fault);
			}
			log.advance(header, hash);
			const { purpose } = header;
			if (purpose.kind === 'snapshot' && purpose.part === purpose.of - 1)
				snapshotAt = Math.max(snapshotAt, purpose.upTo);
			// A snapshot is sealed with one key, or given up.
			if (purpose.kind === 'remove') purposes = purposes.filter((one) => one.purpose.kind !== 'snapshot');
			isOwnNewest = header.dev === start.dev;
			if (header.dev === start.dev) {
				ack(header.devSeq);
				if (acknowledged.devSeq < header.devSeq) acknowledged = { devSeq: header.devSeq, hash };
			}
			for (const operation of operations) {
				// Nobody speaks for another device.
				if (operation.op.dev === header.dev) applyOperation(state, operation, start.understands);
			}
			return 'ok';
		},
		acceptSnapshot(place, content) {
			if (broken !== undefined) return broken;
			if (place.cursor <= log.cursor()) return 'ok';
			const fault = log.checkSnapshot(place);
			if (fault !== undefined) return stop(fault);
			if (!mergeText(state, content, start.understands)) return stop({ kind: 'forged', seq: place.cursor });
			log.jump(place);
			snapshotAt = place.cursor;
			const own = place.heads[start.dev];
			if (own !== undefined) {
				ack(own.devSeq);
				if (acknowledged.devSeq < own.devSeq) acknowledged = own;
			}
			return 'ok';
		},
		stop
	};
}

function opsPurpose(operations: readonly Operation[]): Purpose {
	const hasFile = operations.some(({ op }) => wholeType(op) === fileType);
	return hasFile ? { kind: 'ops', stays: true } : { kind: 'ops' };
}
