import { describe, expect, test } from 'vitest';
import { seeded } from '../../../../tests/contract/random';
import { createSeededRandom } from '../../../../tests/fakes/ports';
import { backupLimits } from '../../wire/backup-api';
import { mostKept, retain } from './retention';

const hour = 60 * 60 * 1000;
const day = 24 * hour;
interface One {
	readonly at: number;
	readonly size: number;
}

/** Backups made one after the other: what stays after each. */
function* kept(count: number, next: () => { gap: number; size: number }, asked?: number) {
	let now = 1_700_000_000_000;
	let stay: readonly One[] = [];
	for (let made = 0; made < count; made++) {
		const { gap, size } = next();
		now += gap;
		stay = retain([{ at: now, size }, ...stay], now, asked);
		yield { now, stay };
	}
}

const oldest = (stay: readonly One[], now: number): number => now - (stay.at(-1)?.at ?? now);

describe('which backups stay', () => {
	test('hourly for two months: the newest, one at least a day old and one at least a week old', () => {
		let first: number | undefined;
		for (const { now, stay } of kept(24 * 60, () => ({ gap: hour, size: 1 }))) {
			first ??= now;
			const ages = stay.map(({ at }) => now - at);
			expect(ages[0]).toBe(0);
			expect(stay.length).toBeLessThan(mostKept);
			if (now - first >= day) expect(ages.some((age) => age >= day && age < 3 * day)).toBe(true);
			if (now - first >= 7 * day) expect(ages.some((age) => age >= 7 * day && age < 16 * day)).toBe(true);
		}
	});

	test('at any pace and of any size there is one from before, and the room is never more than it was', () => {
		const { seed: firstSeed } = seeded('which backups stay');
		for (let seed = firstSeed; seed < firstSeed + 20; seed++) {
			const { float } = createSeededRandom(seed);
			const isLarge = float() < 0.5;
			let first: number | undefined;
			const next = () => ({
				gap: Math.ceil(float() ** 3 * 40 * hour),
				size: Math.ceil((isLarge ? 0.9 + float() / 10 : float()) * backupLimits.bytes)
			});
			for (const { now, stay } of kept(600, next)) {
				first ??= now;
				expect(stay[0]?.at, `seed ${seed}`).toBe(now);
				const bytes = stay.reduce((sum, { size }) => sum + size, 0);
				expect(bytes, `seed ${seed}`).toBeLessThanOrEqual(backupLimits.bytesKept);
				const history = now - first;
				if (history >= day) expect(oldest(stay, now), `seed ${seed}`).toBeGreaterThanOrEqual(day);
				if (history >= 14 * day) expect(oldest(stay, now), `seed ${seed}`).toBeGreaterThanOrEqual(7 * day);
			}
		}
	});

	test('one that was asked for stays for as long as it is, whatever its age', () => {
		const at = 1_700_000_000_000 + 30 * hour;
		for (const { now, stay } of kept(24 * 60, () => ({ gap: hour, size: backupLimits.bytes }), at))
			if (now >= at) expect(stay.some((one) => one.at === at)).toBe(true);
	});
});
