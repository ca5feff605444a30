/**
 * The device's Lamport clock. What is stored is a ceiling, not the last value: commits may land
 * in another order than they were stamped, and after a restart no stamp may come twice.
 */

import type { Store, StoreWrite } from '../storage/store';
import { isRecord } from './upcast';

const step = 1024;
/**
 * What is beyond was not counted to, and is not followed: one absurd stamp from elsewhere cannot use the clock up.
 * An operation may have four times as much (`wire/operations.ts`): room for what is counted from here.
 */
const highestObserved = 2 ** 48;

export interface LamClock {
	next(): number;
	/** Belongs into every commit that uses a stamp of `next`. */
	write(): StoreWrite;
	/** Something stamped elsewhere was seen: what comes next is later. */
	observe(lam: number): void;
}

/** Reads `meta/lam`. A tab that becomes the leader opens a new one. */
export async function openLamClock(store: Store): Promise<LamClock> {
	const row = await store.get('meta', 'lam');
	const stored = isRecord(row) && typeof row.lam === 'number' ? row.lam : 0;
	// Carried off by such a stamp once, in an older build.
	let last = stored < 2 * highestObserved ? stored : highestObserved;
	return {
		next: () => ++last,
		write() {
			const ceiling = (Math.floor(last / step) + 1) * step;
			return { table: 'meta', key: 'lam', row: { v: 1, lam: ceiling } };
		},
		observe(lam) {
			if (Number.isSafeInteger(lam) && lam > last && lam <= highestObserved) last = lam;
		}
	};
}
