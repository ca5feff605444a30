import { expect, test } from 'vitest';
import { createMemoryStore } from './memory';
import { createTemporaryStore } from './temporary';

test('once prepared, a temporary session leaves nothing in the base, and the others go on as before', async () => {
	const base = createMemoryStore();
	const store = createTemporaryStore(base, (id) => id === 'secret');
	await store.commit({ epoch: 0, put: [{ table: 'drafts', key: 'plain', row: { v: 1 } }] });
	await Promise.all([store.prepare(), store.prepare()]);
	expect(store.isPrepared()).toBe(true);
	await store.commit({ epoch: 0, put: [{ table: 'drafts', key: 'secret', row: { v: 1 } }] });
	await store.prepare();
	expect(await store.get('drafts', 'secret')).toEqual({ v: 1 });
	expect(await store.get('drafts', 'plain')).toEqual({ v: 1 });
	expect((await base.range('drafts', {})).map(({ key }) => key)).toEqual(['plain']);
});
