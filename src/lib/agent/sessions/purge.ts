/**
 * Deleting for good what was hidden. A session that a fork goes on from stays hidden: its
 * entries are the fork's past.
 */

import type { Store, StoreDelete, Table } from '../storage/store';
import { facts } from './facts';
import { readRecords } from './list';
import { isRecord } from './upcast';

/** Tables whose keys begin with the session's id, and those whose rows name it. */
const bySession: readonly Table[] = ['entries', 'segments', 'queue'];
const byRow: readonly Table[] = ['effects', 'approvals', 'undo'];
const byTurn: readonly Table[] = ['steps', 'streams'];

/** Hidden sessions that nothing goes on from, last touched before `before`. */
export async function purgeable(store: Store, before: number): Promise<readonly string[]> {
	const { records } = await readRecords(store);
	const origins = new Set(records.map((record) => record.origin?.sessionId));
	return records
		.filter((record) => !origins.has(record.id))
		.filter((record) => {
			const { hidden, touchedAt } = facts(record);
			return hidden && Math.max(touchedAt, record.createdAt) < before;
		})
		.map((record) => record.id);
}

/**
 * Deletes for one commit, by session: of those that are here and that no fork goes on from. A record that cannot
 * be read might be such a fork: then nothing is purged. However many go, each table is read once.
 */
export async function purgeDeletes(
	store: Store,
	sessionIds: readonly string[]
): Promise<ReadonlyMap<string, readonly StoreDelete[]>> {
	const found = new Map<string, StoreDelete[]>();
	const { records, badRows } = sessionIds.length === 0 ? none : await readRecords(store);
	const origins = new Set(records.map(({ origin }) => origin?.sessionId));
	const here = new Set(records.map(({ id }) => id));
	for (const key of sessionIds)
		if (badRows === 0 && here.has(key) && !origins.has(key))
			found.set(key, [
				{ table: 'sessions', key },
				{ table: 'drafts', key }
			]);
	if (found.size === 0) return found;
	const deletesOf = (row: unknown) =>
		isRecord(row) && typeof row.sessionId === 'string' ? found.get(row.sessionId) : undefined;
	for (const table of byRow)
		for (const { key, row } of await store.range(table, {})) deletesOf(row)?.push({ table, key });
	for (const [sessionId, deletes] of found)
		for (const table of bySession)
			for (const { key } of await store.range(table, { prefix: `${sessionId}/` }))
				deletes.push({ table, key });
	for (const { key: turnId, row } of await store.range('turns', {})) {
		const deletes = deletesOf(row);
		if (deletes === undefined) continue;
		deletes.push({ table: 'turns', key: turnId });
		for (const table of byTurn)
			for (const { key } of await store.range(table, { prefix: `${turnId}/` })) deletes.push({ table, key });
	}
	return found;
}

const none = { records: [], badRows: 0 };
