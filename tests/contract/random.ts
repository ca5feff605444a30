/** A seeded generator for random tests: the seed is printed, and `WHERRY_SEED` repeats a run. */

export interface SeededRandom {
	readonly seed: number;
	/** In [0, 1). */
	float(): number;
	/** In [0, below). */
	int(below: number): number;
	pick<T>(from: readonly T[]): T;
}

/** @param name printed with the seed, so that a failure says how to repeat it. */
export function seeded(name: string, fixed?: number): SeededRandom {
	const asked = Number(process.env.WHERRY_SEED ?? '');
	const seed = fixed ?? (asked > 0 ? asked : Math.floor(Math.random() * 2 ** 31) + 1);
	console.log(`${name}: seed ${seed}`);
	let state = seed >>> 0;
	function float(): number {
		// mulberry32
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	}
	const int = (below: number): number => Math.floor(float() * below);
	return {
		seed,
		float,
		int,
		pick(from) {
			const picked = from[int(from.length)];
			if (picked === undefined) throw new Error('nothing to pick from');
			return picked;
		}
	};
}
