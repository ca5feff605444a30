/** Undoing settled calls and doing them again: the rows and the mark are one commit; a turn is undone newest first. */

import { AppError, toAppError } from '../../wire/errors';
import { readUndo } from '../journal/read-records';
import type { UndoRecord } from '../journal/records';
import type { LoadedSession } from '../sessions/loaded';
import type { Host } from './host';
import { planRedo, planUndo, undoneRows, writesOf } from './plan-undo';
import type { UndoPlan } from './plan-undo';

/** Throws `undo/changed-since` where what the call left is no longer as it left it. */
export async function undoCall(host: Host, undo: UndoRecord): Promise<void> {
	const plan = await planUndo(host, undo);
	await commit(host, undo, plan, { ...undo, state: 'undone', redo: undoneRows(host, undo.action, plan) });
}

export async function redoCall(host: Host, undo: UndoRecord): Promise<void> {
	const { redo, ...open } = undo;
	if (redo === undefined) throw new AppError('entry/not-found');
	await commit(host, undo, await planRedo(host, undo, redo), { ...open, state: 'open' });
}

async function commit(host: Host, undo: UndoRecord, plan: UndoPlan, after: UndoRecord): Promise<void> {
	if (plan.hasChangedSince) throw new AppError('undo/changed-since');
	const { put, delete: deletes } = writesOf(plan);
	await host.store.commit({
		epoch: host.epoch(),
		expect: [{ table: 'undo', key: undo.effectKey, field: 'state', is: undo.state }],
		put: [...put, { table: 'undo', key: undo.effectKey, row: after }],
		delete: deletes
	});
	host.bus.publish({ kind: 'undone', sessionId: undo.sessionId, resultEntryId: undo.resultEntryId });
}

/** @returns how many calls were undone, and how many were left as something has changed since. */
export async function undoTurn(
	host: Host,
	loaded: LoadedSession,
	turnId: string
): Promise<{ readonly undone: number; readonly changed: number }> {
	let undone = 0;
	let changed = 0;
	for (const key of undoKeys(loaded, turnId)) {
		const undo = await readUndo(host.store, key);
		if (undo?.state !== 'open') continue;
		try {
			await undoCall(host, undo);
			undone++;
		} catch (thrown) {
			const error = toAppError(thrown);
			if (error.id !== 'undo/changed-since') throw error;
			changed++;
		}
	}
	if (undone > 0) return { undone, changed };
	if (changed > 0) throw new AppError('undo/changed-since');
	throw new AppError('input/invalid', { message: 'There is nothing left to undo in this turn.' });
}

/** Effect keys of a turn's calls that left something to undo, newest first. */
export function undoKeys(loaded: LoadedSession, turnId: string): readonly string[] {
	const keys: string[] = [];
	for (const entry of loaded.entries.values()) {
		if (entry.turnId !== turnId) continue;
		for (const part of entry.parts) {
			if (part.type === 'result' && part.undo !== undefined && part.effectKey !== undefined)
				keys.push(part.effectKey);
		}
	}
	return keys.reverse();
}
