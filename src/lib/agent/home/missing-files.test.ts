import { describe, expect, test } from 'vitest';
import { newRoom, createSyncDevice } from '../../../../tests/fakes/sync-devices';
import { openLamClock } from '../sessions/lam';
import { createMemoryStore } from '../storage/memory';
import type { Applied } from '../sync/apply';
import { fileType, fileWantedType, missingRow, readMissing } from '../sync/files';
import { createMissingFiles } from './missing-files';

const day = 24 * 60 * 60_000;
const blob = 'a'.repeat(64);
const nothing: Applied = {
	sessions: [],
	purged: [],
	tables: new Set(),
	turns: new Map(),
	ended: [],
	hasOther: false,
	missing: [],
	wanted: []
};

async function world() {
	const store = createMemoryStore();
	const device = await createSyncDevice(newRoom(), new Uint8Array(32));
	const lamport = await openLamClock(store);
	let now = 1_000_000;
	let ids = 0;
	const asked: string[] = [];
	/** A life of the app over the same store. */
	const open = () =>
		createMissingFiles({
			base: store,
			clock: { now: () => now, sleep: () => Promise.resolve() },
			told: {
				dev: device.kid,
				clock: { now: () => now, sleep: () => Promise.resolve() },
				ids: { next: () => `id-${String((ids += 1))}` },
				lamport
			},
			reading: () => device.reading,
			askRoom: () => asked.push('room') > 0,
			take: () => Promise.reject(new Error('nothing came')),
			async queue(telling, put) {
				const told = telling.told();
				asked.push(...told.operations.map(({ type }) => type));
				await store.commit({ epoch: 0, put: [...put] });
			}
		});
	return {
		store,
		asked,
		open,
		pass: (ms: number) => (now += ms),
		missing: () => store.commit({ epoch: 0, put: [missingRow({ blob, isSearched: false })] })
	};
}

const lastPage = { type: 'kept' as const, after: 0, envelopes: [] };

describe('a file that is missing here', () => {
	test('is looked for in the room first, then asked of the others, each day again', async () => {
		const { store, asked, open, pass, missing } = await world();
		await missing();
		const first = open();
		await first.look();
		expect(asked).toEqual(['room']);
		// Until the room has answered there is no more to ask.
		await first.look();
		expect(asked).toEqual(['room']);
		expect(await first.page(lastPage)).toBeUndefined();
		expect(asked).toEqual(['room', fileWantedType]);
		expect(await readMissing(store)).toEqual([{ blob, isSearched: true, askedAt: 1_000_000 }]);
		pass(day - 1);
		await open().look();
		expect(asked).toHaveLength(2);
		pass(1);
		await open().look();
		expect(asked).toEqual(['room', fileWantedType, fileWantedType]);
	});

	test('is asked for once more where the line broke before the room had answered', async () => {
		const { asked, open, missing } = await world();
		await missing();
		const files = open();
		await files.look();
		files.cut();
		expect(await files.page(lastPage)).toBeUndefined();
		await files.look();
		expect(asked).toEqual(['room', 'room']);
	});
});

test('what others ask for is told once it is here, and then once', async () => {
	const { store, asked, open } = await world();
	const files = open();
	const wanted = { ...nothing, wanted: [blob] };
	await files.applied(wanted);
	expect(asked).toEqual([]);
	const row = { v: 1, bytes: new Uint8Array(3), mediaType: 'image/png', size: 3 };
	await store.commit({ epoch: 0, put: [{ table: 'blobs', key: blob, row }] });
	await files.applied(wanted);
	await files.applied(wanted);
	expect(asked).toEqual([fileType]);
});
