/** Deterministic ports for tests: a clock that only moves when told, ids that sort, seeded randomness. */

import type { Clock, Ids, Random } from '../../src/lib/agent/ports';

export interface FakeClock extends Clock {
	advance(ms: number): void;
}

/** `sleep` resolves when `advance` passes its time; with `auto`, at once, moving the clock. */
export function createFakeClock(start = 1_700_000_000_000, options: { auto?: boolean } = {}): FakeClock {
	let now = start;
	let sleepers: { at: number; wake: () => void }[] = [];
	return {
		now: () => now,
		sleep(ms, signal) {
			if (options.auto === true) {
				now += ms;
				return Promise.resolve();
			}
			return new Promise((resolve, reject) => {
				sleepers.push({ at: now + ms, wake: resolve });
				signal?.addEventListener('abort', () => {
					reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
				});
			});
		},
		advance(ms) {
			now += ms;
			const due = sleepers.filter((sleeper) => sleeper.at <= now);
			sleepers = sleepers.filter((sleeper) => sleeper.at > now);
			for (const sleeper of due) sleeper.wake();
		}
	};
}

export function createFakeIds(prefix = 'id'): Ids {
	let count = 0;
	return { next: () => `${prefix}-${String(++count).padStart(8, '0')}` };
}

/** mulberry32: small, seeded, the same everywhere. */
export function createSeededRandom(seed: number): Random {
	let state = seed >>> 0;
	const float = (): number => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
	return {
		float,
		bytes: (length) => Uint8Array.from({ length }, () => Math.floor(float() * 256))
	};
}
