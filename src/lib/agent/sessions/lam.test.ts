import { describe, expect, test } from 'vitest';
import { readOperation } from '../../wire/operations';
import { createMemoryStore } from '../storage/memory';
import { openLamClock } from './lam';

const isTold = (lam: number): boolean =>
	readOperation({
		v: 1,
		opId: 'o',
		dev: 'd',
		lam,
		hlc: [0, 0],
		deps: [],
		type: 'reg.set',
		body: { key: 'k', value: 1 }
	}) !== undefined;

describe('the clock', () => {
	test('follows what was counted elsewhere, and after a restart no stamp comes twice', async () => {
		const store = createMemoryStore();
		const clock = await openLamClock(store);
		clock.observe(5_000);
		expect(clock.next()).toBe(5_001);
		await store.commit({ epoch: 0, put: [clock.write()] });
		expect((await openLamClock(store)).next()).toBeGreaterThan(5_001);
	});

	test('an absurd stamp does not carry it off: what it stamps can still be told, over restarts', async () => {
		const store = createMemoryStore();
		const last: number[] = [7];
		for (let life = 0; life < 3; life++) {
			const clock = await openLamClock(store);
			for (const absurd of [2 ** 50 - 1, 2 ** 49, 2 ** 48 + 1, 2 ** 53, NaN, 0.5]) clock.observe(absurd);
			clock.observe(7);
			const lam = clock.next();
			expect(lam).toBeLessThan(10_000);
			expect(lam).toBeGreaterThan(last.at(-1) ?? 0);
			last.push(lam);
			await store.commit({ epoch: 0, put: [clock.write()] });
		}
		const highest = await openLamClock(store);
		highest.observe(2 ** 48);
		expect(isTold(highest.next())).toBe(true);
	});

	test.each([2 ** 50, 2 ** 50 - 1024, 2 ** 49])(
		'one that %d carried off in an older build goes on',
		async (lam) => {
			const store = createMemoryStore();
			await store.commit({ epoch: 0, put: [{ table: 'meta', key: 'lam', row: { v: 1, lam } }] });
			const clock = await openLamClock(store);
			const stamp = clock.next();
			expect(stamp).toBe(2 ** 48 + 1);
			await store.commit({ epoch: 0, put: [clock.write()] });
			const next = (await openLamClock(store)).next();
			expect(next).toBeGreaterThan(stamp);
			expect(isTold(next)).toBe(true);
		}
	);
});
