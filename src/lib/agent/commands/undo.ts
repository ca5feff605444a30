/** Undoing settled calls: the inverse and its mark are one commit; a turn is undone newest first. */

import { AppError } from '../../wire/errors';
import { readUndo } from '../journal/read-records';
import type { UndoRecord } from '../journal/records';
import type { LoadedSession } from '../sessions/loaded';
import type { Host } from './host';

export async function undoCall(host: Host, undo: UndoRecord): Promise<void> {
	const inverse = await host.catalog.undo(undo.action, undo.captured, undo.output);
	await host.store.commit({
		epoch: host.epoch(),
		expect: [{ table: 'undo', key: undo.effectKey, field: 'state', is: 'open' }],
		put: [...inverse.writes, { table: 'undo', key: undo.effectKey, row: { ...undo, state: 'undone' } }],
		delete: inverse.deletes
	});
	host.bus.publish({ kind: 'undone', sessionId: undo.sessionId, resultEntryId: undo.resultEntryId });
}

/** @returns how many calls were undone. */
export async function undoTurn(host: Host, loaded: LoadedSession, turnId: string): Promise<number> {
	const keys: string[] = [];
	for (const entry of loaded.entries.values()) {
		if (entry.turnId !== turnId) continue;
		for (const part of entry.parts) {
			if (part.type === 'result' && part.undo !== undefined && part.effectKey !== undefined)
				keys.push(part.effectKey);
		}
	}
	let undone = 0;
	for (const key of keys.reverse()) {
		const undo = await readUndo(host.store, key);
		if (undo?.state !== 'open') continue;
		await undoCall(host, undo);
		undone++;
	}
	if (undone === 0)
		throw new AppError('input/invalid', { message: 'There is nothing left to undo in this turn.' });
	return undone;
}
