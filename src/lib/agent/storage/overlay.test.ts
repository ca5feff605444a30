import { describe, expect, it } from 'vitest';
import { createMemoryStore } from './memory';
import { createOverlayStore } from './overlay';
import { tables, type Store } from './store';

async function everything(store: Store): Promise<string[]> {
	const found: string[] = [];
	for (const table of tables)
		for (const { key } of await store.range(table, {})) found.push(`${table}/${key}`);
	return found;
}

function open(isTemporary: (id: string) => boolean = () => false) {
	const base = createMemoryStore();
	const memory = createMemoryStore();
	return { base, memory, store: createOverlayStore(base, memory, isTemporary) };
}

const firstMessage = (sessionId: string, temporary: boolean) => [
	{ table: 'sessions' as const, key: sessionId, row: { v: 1, id: sessionId, temporary } },
	{ table: 'entries' as const, key: `${sessionId}/e`, row: { v: 1, text: 'secret' } },
	{ table: 'turns' as const, key: `turn-${sessionId}`, row: { v: 1, sessionId } },
	{ table: 'steps' as const, key: `turn-${sessionId}/000000`, row: { v: 1, turnId: `turn-${sessionId}` } },
	{ table: 'effects' as const, key: `effect-${sessionId}`, row: { v: 1, sessionId, state: 'intended' } },
	{ table: 'blobs' as const, key: `blob-${sessionId}`, row: { v: 1 } },
	{ table: 'audit' as const, key: `1/${sessionId}`, row: { v: 1 } },
	{ table: 'meta' as const, key: 'lam', row: { v: 1, lam: 9 } }
];

describe('overlay store', () => {
	it('leaves no trace of a temporary session in the base', async () => {
		const { base, store } = open();
		await store.commit({ epoch: 0, put: firstMessage('t', true) });
		await store.commit({
			epoch: 0,
			put: [
				{ table: 'steps', key: 'turn-t/000001', row: { v: 1 } },
				{ table: 'streams', key: 'turn-t/0', row: { v: 1 } }
			]
		});
		expect(await everything(base)).toEqual([]);
		expect(await store.get('entries', 't/e')).toEqual({ v: 1, text: 'secret' });
		expect((await store.range('steps', { prefix: 'turn-t/' })).map(({ key }) => key)).toEqual([
			'turn-t/000000',
			'turn-t/000001'
		]);
	});

	it('keeps drafts of a session that is only known to be temporary out of the base', async () => {
		const { base, store } = open((id) => id === 't');
		await store.commit({ epoch: 0, put: [{ table: 'drafts', key: 't', row: { v: 1, text: 'hm' } }] });
		expect(await everything(base)).toEqual([]);
		expect(await store.get('drafts', 't')).toEqual({ v: 1, text: 'hm' });
	});

	it('settles a temporary effect by its key, with its expectation', async () => {
		const { base, store } = open();
		await store.commit({ epoch: 0, put: firstMessage('t', true) });
		const expectation = { table: 'effects' as const, key: 'effect-t', field: 'state', is: 'intended' };
		const settle = {
			epoch: 0,
			expect: [expectation],
			put: [{ table: 'effects' as const, key: 'effect-t', row: { v: 1, sessionId: 't', state: 'settled' } }]
		};
		await store.commit(settle);
		await expect(store.commit(settle)).rejects.toMatchObject({ id: 'storage/conflict' });
		await store.commit({ epoch: 0, delete: [{ table: 'effects', key: 'effect-t' }] });
		expect(await store.get('effects', 'effect-t')).toBeUndefined();
		expect(await everything(base)).toEqual([]);
	});

	it('lists both kinds together, in order', async () => {
		const { store } = open();
		for (const [id, temporary] of [
			['a', false],
			['b', true],
			['c', false],
			['d', true]
		] as const) {
			await store.commit({ epoch: 0, put: firstMessage(id, temporary) });
		}
		expect((await store.range('sessions', {})).map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd']);
		expect((await store.range('sessions', { reverse: true, limit: 3 })).map(({ key }) => key)).toEqual([
			'd',
			'c',
			'b'
		]);
		expect(await store.getMany('entries', ['d/e', 'x', 'a/e'])).toEqual([
			{ v: 1, text: 'secret' },
			undefined,
			{ v: 1, text: 'secret' }
		]);
	});

	it('writes what a plugin keeps to the base, although a temporary turn asked for it', async () => {
		const { base, store } = open();
		await store.commit({
			epoch: 0,
			put: [...firstMessage('t', true), { table: 'plugins', key: 'memory/1', row: { v: 1 } }]
		});
		expect(await everything(base)).toEqual(['plugins/memory/1']);
	});

	it('refuses a commit that writes a temporary session and another one', async () => {
		const { base, store } = open();
		const mixed = store.commit({ epoch: 0, put: [...firstMessage('t', true), ...firstMessage('s', false)] });
		await expect(mixed).rejects.toMatchObject({ id: 'internal/unexpected' });
		expect(await everything(base)).toEqual([]);
		expect(await everything(store)).toEqual([]);
	});

	it('fences a temporary session by the epoch of the base', async () => {
		const { store } = open();
		await store.commit({ epoch: 0, put: [{ table: 'meta', key: 'epoch', row: { v: 1, epoch: 3 } }] });
		await expect(store.commit({ epoch: 0, put: firstMessage('t', true) })).rejects.toMatchObject({
			id: 'storage/stale-epoch'
		});
		await store.commit({ epoch: 3, put: firstMessage('t', true) });
	});

	it('forgets a temporary session when it is dropped', async () => {
		const { memory, store } = open();
		await store.commit({ epoch: 0, put: firstMessage('t', true) });
		await store.commit({ epoch: 0, put: firstMessage('u', true) });
		await store.drop('t');
		expect(
			(await everything(memory)).filter(
				(key) => /t(\/|$)/.test(key) && !key.startsWith('blobs') && !key.startsWith('audit')
			)
		).toEqual([]);
		expect(await store.get('entries', 'u/e')).toBeDefined();
	});
});
