/**
 * Reads journal rows as records. These rows are only ever written by this journal, so the check is a
 * small total one (the fields that decisions hang on); a row that fails it counts as missing.
 */

import type { Store } from '../storage/store';
import type { ApprovalRecord, EffectRecord, TurnRecord, UndoRecord } from './records';

export async function readApproval(store: Store, approvalId: string): Promise<ApprovalRecord | undefined> {
	const row = await store.get('approvals', approvalId);
	return isApproval(row) ? row : undefined;
}

export async function readEffects(
	store: Store,
	keys: readonly string[]
): Promise<(EffectRecord | undefined)[]> {
	const rows = await store.getMany('effects', keys);
	return rows.map((row) => (isEffect(row) ? row : undefined));
}

export async function readUndo(store: Store, key: string): Promise<UndoRecord | undefined> {
	const row = await store.get('undo', key);
	return isUndo(row) ? row : undefined;
}

export async function readTurn(store: Store, turnId: string): Promise<TurnRecord | undefined> {
	const row = await store.get('turns', turnId);
	return isTurn(row) ? row : undefined;
}

/** Turns that are not over, oldest first. A bad row is passed over. */
export async function readOpenTurns(store: Store): Promise<TurnRecord[]> {
	const rows = await store.range('turns', {});
	return rows.flatMap(({ row }) => (isTurn(row) && row.state !== 'ended' ? [row] : []));
}

function has<K extends string>(row: unknown, ...keys: K[]): row is Record<K, unknown> {
	return typeof row === 'object' && row !== null && keys.every((key) => key in row);
}

export function isApproval(row: unknown): row is ApprovalRecord {
	return has(row, 'approvalId', 'state', 'held', 'effectKey', 'turnId') && typeof row.held === 'object';
}

export function isEffect(row: unknown): row is EffectRecord {
	return (
		has(row, 'effectKey', 'state', 'replay', 'callHash', 'args', 'action') && typeof row.callHash === 'string'
	);
}

function isUndo(row: unknown): row is UndoRecord {
	return has(row, 'effectKey', 'state', 'captured', 'action', 'sessionId');
}

export function isTurn(row: unknown): row is TurnRecord {
	return (
		has(row, 'turnId', 'sessionId', 'state', 'tail', 'nextOrd', 'model', 'responses') &&
		typeof row.tail === 'string'
	);
}
