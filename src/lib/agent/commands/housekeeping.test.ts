import { describe, expect, it } from 'vitest';
import { createFakeClock, createFakeIds, createSeededRandom } from '../../../../tests/fakes/ports';
import { createRepository } from '../sessions/repository';
import { searchOnDemand } from '../sessions/search/on-demand';
import { createMemoryStore } from '../storage/memory';
import type { Store } from '../storage/store';
import { createBus } from '../view/bus';
import { keepHouseOnce, orphansKeptMs } from './housekeeping';

const day = 24 * 60 * 60_000;

function household(store: Store, clock = createFakeClock(0, { auto: true })) {
	const ids = createFakeIds();
	const epoch = (): number => 0;
	const fetch = (): Promise<Response> => Promise.reject(new TypeError('offline'));
	return {
		store,
		epoch,
		bus: createBus(),
		search: searchOnDemand({ store, epoch }),
		repository: createRepository({ store, clock, ids, device: { id: 'd' } }),
		ports: { clock, ids, random: createSeededRandom(1), fetch }
	};
}

describe('housekeeping', () => {
	it('happens once a day at most, and looks through files once a week', async () => {
		const store = createMemoryStore();
		const clock = createFakeClock(0, { auto: true });
		const host = household(store, clock);
		const blob = 'ab'.repeat(32);
		await store.commit({
			epoch: 0,
			put: [{ table: 'blobs', key: blob, row: { v: 1, bytes: new Uint8Array(1) } }]
		});
		const looks: number[] = [];
		for (let passed = 0; passed <= 15 * day; passed += day / 4) {
			await keepHouseOnce(host);
			const row = await store.get('meta', 'housekeeping');
			const at: unknown = Reflect.get(Object(row), 'at');
			if (typeof at === 'number' && looks.at(-1) !== at) looks.push(at);
			clock.advance(day / 4);
		}
		expect(looks).toHaveLength(16);
		expect(orphansKeptMs).toBeLessThanOrEqual(8 * day);
		expect(await store.get('blobs', blob)).toBeUndefined();
	});

	it('ends at its first commit when another tab leads', async () => {
		const store = createMemoryStore();
		await store.commit({ epoch: 0, put: [{ table: 'meta', key: 'epoch', row: { v: 1, epoch: 7 } }] });
		await expect(keepHouseOnce(household(store))).rejects.toMatchObject({ id: 'storage/stale-epoch' });
		expect(await store.get('meta', 'housekeeping')).toBeUndefined();
	});
});
