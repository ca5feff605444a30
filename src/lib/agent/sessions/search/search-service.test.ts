import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../wire/entries';
import { userLabels } from '../../../wire/labels';
import { createMemoryStore } from '../../storage/memory';
import { createSearchService } from './search-service';

function entry(id: string, sessionId: string, text: string, at = 1): Entry {
	return {
		id,
		sessionId,
		parentId: null,
		v: 1,
		kind: 'user',
		author: { device: 'd', principal: 'user' },
		parts: [{ type: 'text', text }],
		labels: userLabels,
		lam: 1,
		at
	};
}
async function world() {
	const store = createMemoryStore();
	const session = async (id: string, title: string, hidden = false) => {
		const registers = {
			title: { value: title, lam: 1, dev: 'd' },
			hidden: { value: hidden, lam: 1, dev: 'd' }
		};
		await store.commit({
			epoch: 0,
			put: [{ table: 'sessions', key: id, row: { id, v: 1, createdAt: 1, temporary: false, registers } }]
		});
	};
	const add = async (...entries: Entry[]) =>
		store.commit({
			epoch: 0,
			put: entries.map((row) => ({ table: 'entries' as const, key: `${row.sessionId}/${row.id}`, row }))
		});
	await session('s1', 'Tea');
	await session('s2', 'Hidden', true);
	const open = () => createSearchService({ store, epoch: () => 0 });
	return { store, session, add, open };
}

describe('search service', () => {
	it('finds an entry as soon as it is committed, with its title and what matched (OT-23, SAM-23)', async () => {
		const { add, open } = await world();
		const search = open();
		const one = entry('e1', 's1', 'I like\nstrong green tea in the morning', 7);
		await add(one);
		await search.indexEntries([one, one]);
		const [hit, ...more] = await search.search('green te');
		expect(more).toEqual([]);
		expect(hit).toMatchObject({
			sessionId: 's1',
			entryId: 'e1',
			title: 'Tea',
			at: 7,
			snippet: 'I like strong green tea in the morning'
		});
		expect(hit?.marks.map(([start, end]) => hit.snippet.slice(start, end))).toEqual(['green', 'tea']);
	});

	it('leaves out sessions that are hidden or gone, and still fills the page', async () => {
		const { add, open } = await world();
		const entries = Array.from({ length: 300 }, (_, i) =>
			entry(`h${i}`, i % 2 === 0 ? 's2' : 's9', 'tea tea', 1000 + i)
		);
		entries.push(...Array.from({ length: 12 }, (_, i) => entry(`v${i}`, 's1', 'a longer line about tea', i)));
		await add(...entries);
		const search = open();
		expect((await search.search('tea')).map((hit) => hit.sessionId)).toEqual(
			Array.from({ length: 10 }, () => 's1')
		);
		expect(await search.search('tea', { limit: 500 })).toHaveLength(12);
	});

	it('opens what it saved, takes in sessions that changed since, and rebuilds from segments when damaged', async () => {
		const { store, add, open } = await world();
		await store.commit({
			epoch: 0,
			put: [
				{
					table: 'segments',
					key: 's1/0000000000',
					row: {
						v: 1,
						sessionId: 's1',
						firstOrd: 0,
						entries: [entry('p1', 's1', 'packed tea'), { broken: true }]
					}
				}
			]
		});
		const first = open();
		expect(await first.load()).toEqual({ entries: 1, isRebuilt: true });
		await first.save();
		const late = entry('e2', 's1', 'late tea');
		await add(late);
		await first.indexEntries([late]);
		const second = open();
		expect(await second.load()).toEqual({ entries: 2, isRebuilt: false });
		await second.save();
		expect((await store.range('search', { prefix: 'dirty/' })).length).toBe(0);
		const [piece] = await store.range('search', { prefix: 'piece/' });
		await store.commit({
			epoch: 0,
			put: [{ table: 'search', key: piece?.key ?? '', row: { v: 1, bytes: new Uint8Array(99) } }]
		});
		const third = open();
		expect(await third.load()).toEqual({ entries: 2, isRebuilt: true });
		expect((await third.search('"packed tea"')).map((hit) => hit.entryId)).toEqual(['p1']);
		await third.save();
		expect(await open().load()).toEqual({ entries: 2, isRebuilt: false });
	});

	it('never fails a turn when its writes are refused', async () => {
		const { store, add } = await world();
		await store.commit({ epoch: 0, put: [{ table: 'meta', key: 'epoch', row: { v: 1, epoch: 5 } }] });
		const follower = createSearchService({ store, epoch: () => 0 });
		const one = entry('e1', 's1', 'tea');
		await store.commit({ epoch: 5, put: [{ table: 'entries', key: 's1/e1', row: one }] });
		await follower.indexEntries([one]);
		expect(await follower.search('tea')).toHaveLength(1);
		void add;
	});

	it('shows in one tab what the leader of another has saved, and never overwrites it', async () => {
		const { add, open, store } = await world();
		const leader = open();
		const other = open();
		await leader.load();
		await other.load();
		const one = entry('e1', 's1', 'tea');
		await add(one);
		await leader.indexEntries([one]);
		await leader.save();
		expect(await other.search('tea')).toHaveLength(1);
		const two = entry('e2', 's1', 'more tea');
		await add(two);
		await leader.indexEntries([two]);
		await leader.save();
		const three = entry('e3', 's1', 'tea again');
		await add(three);
		await other.indexEntries([three]);
		await other.save();
		await other.save();
		for (const tab of [leader, other, open()]) expect(await tab.search('tea')).toHaveLength(3);
		const manifest = await store.get('search', 'manifest');
		const pieces = await store.range('search', { prefix: 'piece/' });
		expect(manifest).toMatchObject({ pieces: pieces.map(() => ({})) });
	});

	it('keeps temporary sessions out when it is made anew', async () => {
		const { store, add, open } = await world();
		await store.commit({
			epoch: 0,
			put: [
				{
					table: 'sessions',
					key: 'temp',
					row: { id: 'temp', v: 1, createdAt: 1, temporary: true, registers: {} }
				}
			]
		});
		await add(entry('e1', 's1', 'tea'), entry('x1', 'temp', 'secret tea'));
		const search = open();
		expect(await search.load()).toEqual({ entries: 1, isRebuilt: true });
	});
});
