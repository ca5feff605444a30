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
 * Deletes for one commit, or null while a fork goes on from it. A record that cannot be read
 * might be such a fork: then nothing is purged.
 */
export async function purgeDeletes(store: Store, sessionId: string): Promise<readonly StoreDelete[] | null> {
	const { records, badRows } = await readRecords(store);
	if (badRows > 0 || records.some((record) => record.origin?.sessionId === sessionId)) return null;
	const deletes: StoreDelete[] = [
		{ table: 'sessions', key: sessionId },
		{ table: 'drafts', key: sessionId }
	];
	for (const table of bySession) {
		for (const { key } of await store.range(table, { prefix: `${sessionId}/` })) deletes.push({ table, key });
	}
	for (const table of byRow) {
		for (const { key, row } of await store.range(table, {})) {
			if (isRecord(row) && row.sessionId === sessionId) deletes.push({ table, key });
		}
	}
	for (const { key: turnId, row } of await store.range('turns', {})) {
		if (!isRecord(row) || row.sessionId !== sessionId) continue;
		deletes.push({ table: 'turns', key: turnId });
		for (const table of byTurn) {
			for (const { key } of await store.range(table, { prefix: `${turnId}/` })) deletes.push({ table, key });
		}
	}
	return deletes;
}
