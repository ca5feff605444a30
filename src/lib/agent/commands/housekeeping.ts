/**
 * What nobody waits for, once a day, by the tab that leads: old journals, deleted sessions, files that
 * nothing speaks of. In small commits under the leader's epoch; when another tab leads they are
 * refused and this ends. Whatever is left undone is found again the next time.
 */

import { pruneJournal } from '../journal/prune';
import { emptyTrash } from '../sessions/trash';
import { sweepBlobs } from '../storage/sweep-blobs';
import type { Host } from './host';

const day = 24 * 60 * 60_000;
/** Settled effects of the action ledgers we measure ourselves by are kept as long (trust.md A2). */
export const journalKeptMs = 30 * day;
export const trashKeptMs = 30 * day;
/** As long as a relay keeps what it has done for a key (trust.md C1, rule 8). */
export const orphansKeptMs = 7 * day;

const everyMs = day;
/** Every blob is read once in a sweep: less often. */
const sweepEveryMs = 7 * day;
const lookAgainMs = 6 * 60 * 60_000;
const pauseMs = 100;
const key = 'housekeeping';

type Household = Pick<Host, 'store' | 'epoch' | 'repository' | 'search' | 'bus' | 'ports'>;

/** Runs until another tab leads; rejects when the store does. */
export async function keepHouse(host: Host): Promise<never> {
	// Beside the rest, which may fail at any of its days.
	void import('./keep-backups').then(({ keepBackups }) => keepBackups(host)).catch(() => undefined);
	for (;;) {
		await keepHouseOnce(host);
		await host.ports.clock.sleep(lookAgainMs);
	}
}

export async function keepHouseOnce(host: Household): Promise<void> {
	const { store, epoch, repository } = host;
	const now = host.ports.clock.now();
	const last = await readLast(host);
	const pause = (): Promise<void> => host.ports.clock.sleep(pauseMs);
	if (last.at > now - everyMs) return;
	await pruneJournal({ store, epoch, pause }, now - journalKeptMs);
	const ports = { store, epoch, now, pause };
	const gone = await emptyTrash(
		{
			...ports,
			removeEntries: async (ids) => {
				await host.search.removeEntries(ids);
				await host.search.save();
			},
			purged: (deletes) => repository.applyCommit({ delete: deletes })
		},
		trashKeptMs
	);
	if (gone.length > 0) host.bus.publish({ kind: 'sessions' });
	const isSweepDue = last.sweptAt <= now - sweepEveryMs;
	if (isSweepDue) await sweepBlobs(ports, orphansKeptMs);
	const row = { v: 1, at: now, sweptAt: isSweepDue ? now : last.sweptAt };
	await store.commit({ epoch: epoch(), put: [{ table: 'meta', key, row }] });
}

async function readLast({ store }: Household): Promise<{ at: number; sweptAt: number }> {
	const row = await store.get('meta', key);
	const read = (name: string): number => {
		const value: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, name) : undefined;
		return typeof value === 'number' ? value : -Infinity;
	};
	return { at: read('at'), sweptAt: read('sweptAt') };
}
