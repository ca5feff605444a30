/**
 * What was written here and the room does not have yet. Operations are queued in the same commit as the
 * change itself, so that neither is ever there without the other; an entry's content is not copied, the queue
 * names it. An envelope is kept before it is sent: it is sent again exactly as it was.
 *
 * Rows of `ops`: `q/{lam}/{opId}` an operation · `s/{devSeq}` an envelope. `meta/sync`: how far it got.
 */

import * as z from 'zod/mini';
import type { Entry } from '../../wire/entries';
import { canonicalJson, parseJson, type Json } from '../../wire/json';
import { anyOperation, readOperation, type AnyOperation, type Operation } from '../../wire/operations';
import { envelope } from '../../wire/sync';
import { ordKey, type Store, type StoreDelete, type StoreWrite } from '../storage/store';
import type { SyncKeeper } from './connection';
import { fileContent } from './files';
import type { Head, LogPlace } from './log';
import { toldBy } from './operation-parts';
import { readPlace } from './place';
import type { Replica, Sealed } from './replica';

const queueRow = z.object({
	op: anyOperation,
	/** Where the content lies that `op` leaves out. */
	entry: z.optional(z.object({ sessionId: z.string(), entryId: z.string() })),
	/** The file that `op` is all about, and does not hold. */
	blob: z.optional(z.string())
});
const head = z.object({ devSeq: z.number(), hash: z.string() });
const sealedRow = z.object({
	envelope,
	hash: z.string(),
	heads: z.record(z.string(), head),
	keys: z.array(z.string())
});
const metaRow = z.object({
	acknowledged: z.optional(head),
	cursor: z.number(),
	place: z.optional(z.unknown()),
	snapshotAt: z.optional(z.number())
});

const keyOf = (lam: number, opId: string): string => `q/${ordKey(lam, 16)}/${opId}`;

/** For the commit that makes the change. */
export function queueWrite(op: AnyOperation): StoreWrite {
	return { table: 'ops', key: keyOf(op.lam, op.opId), row: { v: 1, op } };
}

export function queueEntry(op: AnyOperation, { id, sessionId }: Pick<Entry, 'id' | 'sessionId'>): StoreWrite {
	const key = keyOf(op.lam, op.opId);
	return { table: 'ops', key, row: { v: 1, op, entry: { sessionId, entryId: id } } };
}

export function queueFile(op: AnyOperation, blob: string): StoreWrite {
	return { table: 'ops', key: keyOf(op.lam, op.opId), row: { v: 1, op, blob } };
}

export interface Outbox {
	readonly acknowledged?: Head;
	/** How far this device had read: a room that has less went back in time. */
	readonly seen: number;
	/** How far its store is. */
	readonly place?: LogPlace;
	readonly snapshotAt: number;
	readonly sealed: readonly Sealed[];
	readonly queued: readonly Operation[];
}

/** @param contentOf undefined where the entry is gone, and with it the need to speak of it. */
export async function readOutbox(
	store: Store,
	contentOf: (sessionId: string, entryId: string) => Promise<Json | undefined>
): Promise<Outbox> {
	const waiting = new Map<string, Operation>();
	for (const { key, row } of await store.range('ops', { prefix: 'q/' })) {
		const read = queueRow.safeParse(row);
		if (!read.success) continue;
		const { op, entry, blob } = read.data;
		if (blob !== undefined) {
			const body = await fileContent(store, blob);
			const operation = body === undefined ? undefined : readOperation({ ...op, body });
			if (operation !== undefined) waiting.set(key, operation);
			continue;
		}
		const content = entry === undefined ? undefined : await contentOf(entry.sessionId, entry.entryId);
		if (entry !== undefined && content === undefined) continue;
		const operation = readOperation(content === undefined ? op : withContent(op, content));
		if (operation !== undefined) waiting.set(key, operation);
	}
	const meta = metaRow.safeParse(await store.get('meta', syncRow));
	const sealed: Sealed[] = [];
	const done = meta.success ? (meta.data.acknowledged?.devSeq ?? 0) : 0;
	let before = meta.success ? meta.data.acknowledged?.hash : undefined;
	for (const { row } of await store.range('ops', { prefix: 's/' })) {
		const read = sealedRow.safeParse(row);
		if (!read.success) continue;
		if (read.data.envelope.header.devSeq <= done) {
			for (const key of read.data.keys) waiting.delete(key);
			continue;
		}
		// Sealed before a new key was learnt, and left behind: what it held is sealed again.
		if (before !== undefined && read.data.envelope.header.prevHash !== before) break;
		before = read.data.hash;
		const { hash, heads, keys } = read.data;
		const { devSeq, prevHash, keyEpoch, purpose } = read.data.envelope.header;
		const operations: Operation[] = [];
		for (const key of keys) {
			const operation = waiting.get(key);
			if (operation !== undefined) operations.push(operation);
			waiting.delete(key);
		}
		const draft = { devSeq, prevHash, keyEpoch, purpose, heads, operations };
		sealed.push({ envelope: read.data.envelope, hash, draft });
	}
	const queued = [...waiting.values()];
	if (!meta.success) return { seen: 0, snapshotAt: 0, sealed, queued };
	const { acknowledged, cursor, snapshotAt = 0 } = meta.data;
	const place = readPlace(meta.data.place);
	return {
		...(acknowledged === undefined ? {} : { acknowledged }),
		...(place === undefined ? {} : { place }),
		seen: cursor,
		snapshotAt,
		sealed,
		queued
	};
}

function withContent(op: AnyOperation, content: Json): unknown {
	const body = parseJson(canonicalJson(op.body));
	return { ...op, body: typeof body === 'object' && body !== null ? { ...body, content } : body };
}

const syncRow = 'sync';

/** For the commit that writes down what was read up to there. */
export function placeWrite(replica: Replica): StoreWrite {
	const place = replica.place();
	const row = {
		v: 1,
		acknowledged: replica.acknowledged(),
		cursor: place.cursor,
		place,
		snapshotAt: replica.snapshotAt()
	};
	return { table: 'meta', key: syncRow, row };
}

/** @param epoch the writing tab's; one that lost the lead keeps nothing, and so sends nothing. */
export function createKeeper(store: Store, epoch: () => number, replica: () => Replica): SyncKeeper {
	return {
		async sealed({ envelope: made, hash, draft }) {
			const keys = draft.operations.flatMap(({ op }) => {
				const id = toldBy(op);
				return id === undefined ? [] : [keyOf(op.lam, id)];
			});
			const row = { v: 1, envelope: made, hash, heads: draft.heads, keys };
			const key = `s/${ordKey(draft.devSeq, 16)}`;
			await store.commit({ epoch: epoch(), put: [{ table: 'ops', key, row }] });
		},
		async acknowledged(devSeq) {
			const done: StoreDelete[] = [];
			const rows = await store.range('ops', { from: 's/', to: `s/${ordKey(devSeq + 1, 16)}` });
			for (const { key, row } of rows) {
				done.push({ table: 'ops', key });
				const read = sealedRow.safeParse(row);
				for (const queued of read.success ? read.data.keys : []) done.push({ table: 'ops', key: queued });
			}
			await store.commit({ epoch: epoch(), delete: done, put: [placeWrite(replica())] });
		},
		async advanced() {
			await store.commit({ epoch: epoch(), put: [placeWrite(replica())] });
		}
	};
}
