/**
 * The device's Lamport clock. What is stored is a ceiling, not the last value: commits may land
 * in another order than they were stamped, and after a restart no stamp may come twice.
 */

import type { Store, StoreWrite } from '../storage/store';
import { isRecord } from './upcast';

const step = 1024;
/** A bound, so that one absurd stamp from elsewhere cannot use the clock up. */
const highest = 2 ** 50;

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
	let last = isRecord(row) && isStamp(row.lam) ? row.lam : 0;
	return {
		next: () => ++last,
		write() {
			const ceiling = (Math.floor(last / step) + 1) * step;
			return { table: 'meta', key: 'lam', row: { v: 1, lam: ceiling } };
		},
		observe(lam) {
			if (isStamp(lam) && lam > last) last = lam;
		}
	};
}

function isStamp(value: unknown): value is number {
	return Number.isSafeInteger(value) && typeof value === 'number' && value >= 0 && value < highest;
}
