/**
 * Lets go of the journal of turns that ended long ago (trust.md C1, rule 7). The turn's own row stays,
 * as what it took and how it ended is shown; undo rows stay, as they can still be used. The journal
 * of a turn with an effect whose outcome is not known is kept for good. One commit a turn: a death
 * in between leaves a turn whole or pruned.
 */

import { toAppError } from '../../wire/errors';
import { pagesOf } from '../storage/pages';
import type { Store, StoreDelete } from '../storage/store';
import { readApproval, readEffects } from './read-records';

export interface PrunePorts {
	readonly store: Store;
	readonly epoch: () => number;
	readonly pause: () => Promise<void>;
}

const turnsAtOnce = 50;

/** @returns how many turns were pruned. Throws what the store throws. */
export async function pruneJournal(ports: PrunePorts, endedBefore: number): Promise<number> {
	let pruned = 0;
	for await (const rows of pagesOf(ports.store, 'turns', { limit: turnsAtOnce, pause: ports.pause })) {
		for (const { key, row } of rows) {
			if (endOf(row) >= endedBefore) continue;
			const deletes = await journalOf(ports.store, key);
			if (deletes.length === 0) continue;
			try {
				await ports.store.commit({
					epoch: ports.epoch(),
					expect: [{ table: 'turns', key, field: 'state', is: 'ended' }],
					delete: deletes
				});
				pruned++;
			} catch (thrown) {
				// It is open again, or gone with its session: not ours any more.
				if (toAppError(thrown).id !== 'storage/conflict') throw thrown;
			}
			await ports.pause();
		}
	}
	return pruned;
}

/** Infinity: open, or nobody knows. */
function endOf(row: unknown): number {
	const isEnded = typeof row === 'object' && row !== null && 'state' in row && row.state === 'ended';
	return isEnded && 'endedAt' in row && typeof row.endedAt === 'number' ? row.endedAt : Infinity;
}

/** Its steps name its effects and approvals. Empty where there is nothing, or where all is to be kept. */
async function journalOf(store: Store, turnId: string): Promise<readonly StoreDelete[]> {
	const steps = await store.range('steps', { prefix: `${turnId}/` });
	const effectKeys = new Set<string>();
	const approvalIds = new Set<string>();
	for (const { row } of steps) {
		if (typeof row !== 'object' || row === null || !('kind' in row) || !('ref' in row)) continue;
		if (typeof row.ref !== 'string') continue;
		if (row.kind === 'intent' || row.kind === 'started') effectKeys.add(row.ref);
		if (row.kind === 'decision') approvalIds.add(row.ref);
	}
	for (const effect of await readEffects(store, [...effectKeys])) {
		if (effect === undefined) continue;
		if (effect.state !== 'settled' && effect.state !== 'undone') return [];
		if (effect.approvalId !== undefined) approvalIds.add(effect.approvalId);
	}
	for (const id of approvalIds) if ((await readApproval(store, id))?.state === 'asked') return [];
	return [
		...steps.map(({ key }) => ({ table: 'steps' as const, key })),
		...[...effectKeys].map((key) => ({ table: 'effects' as const, key })),
		...[...approvalIds].map((key) => ({ table: 'approvals' as const, key }))
	];
}
