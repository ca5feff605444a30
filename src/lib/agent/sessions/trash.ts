/**
 * Deleted sessions go for good some time after they were deleted. A register has no wall clock, so
 * the first look at a hidden session notes the time, and the session goes when that is long enough
 * ago; one that is taken back loses its note.
 */

import type { Store, StoreDelete } from '../storage/store';
import { purgeable, purgeDeletes } from './purge';
import { readSegment } from './read-record';

export interface TrashPorts {
	readonly store: Store;
	readonly epoch: () => number;
	readonly now: number;
	readonly pause: () => Promise<void>;
	/** Their words leave the index first: what is deleted must not be found by a search. */
	readonly removeEntries: (ids: readonly string[]) => Promise<void>;
	readonly purged: (deletes: readonly StoreDelete[]) => void;
}

const prefix = 'trash/';

/** @returns ids of the sessions that are gone. */
export async function emptyTrash(ports: TrashPorts, keepMs: number): Promise<readonly string[]> {
	const { store } = ports;
	const hidden = new Set(await purgeable(store, Infinity));
	const notes = new Map<string, number>();
	for (const { key, row } of await store.range('meta', { prefix })) {
		const at = typeof row === 'object' && row !== null && 'at' in row ? row.at : undefined;
		notes.set(key.slice(prefix.length), typeof at === 'number' ? at : ports.now);
	}
	const gone = [...notes.keys()].filter((id) => !hidden.has(id));
	const fresh = [...hidden].filter((id) => !notes.has(id));
	if (gone.length + fresh.length > 0) {
		await store.commit({
			epoch: ports.epoch(),
			delete: gone.map((id) => ({ table: 'meta', key: prefix + id })),
			put: fresh.map((id) => ({ table: 'meta', key: prefix + id, row: { v: 1, at: ports.now } }))
		});
	}
	const purged: string[] = [];
	for (const id of hidden) {
		const at = notes.get(id);
		if (at === undefined || at > ports.now - keepMs) continue;
		await ports.removeEntries(await entryIds(store, id));
		// Asked for right before: a fork may go on from it by now.
		const deletes = (await purgeDeletes(store, [id])).get(id);
		if (deletes === undefined) continue;
		const all: readonly StoreDelete[] = [...deletes, { table: 'meta', key: prefix + id }];
		await store.commit({ epoch: ports.epoch(), delete: all });
		ports.purged(all);
		purged.push(id);
		await ports.pause();
	}
	return purged;
}

async function entryIds(store: Store, sessionId: string): Promise<readonly string[]> {
	const ids: string[] = [];
	const at = `${sessionId}/`;
	for (const { key } of await store.range('entries', { prefix: at })) ids.push(key.slice(at.length));
	for (const { row } of await store.range('segments', { prefix: at })) {
		for (const element of readSegment(row)?.elements ?? []) {
			if (typeof element !== 'object' || element === null || !('id' in element)) continue;
			if (typeof element.id === 'string') ids.push(element.id);
		}
	}
	return ids;
}
