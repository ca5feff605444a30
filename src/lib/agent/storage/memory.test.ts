import { describe, expect, it } from 'vitest';
import { createMemoryStore } from './memory';

async function keep(row: object): Promise<unknown> {
	const store = createMemoryStore();
	await store.commit({ epoch: 0, put: [{ table: 'blobs', key: 'a', row }] });
	return store.get('blobs', 'a');
}

describe('the memory store', () => {
	it('gives back what only the platform knows how to copy', async () => {
		const circle: Record<string, unknown> = { v: 1 };
		circle['self'] = circle;
		const kept = await keep({
			bytes: new Uint8Array([1, 2]),
			at: new Date(5),
			map: new Map([['a', 1]]),
			circle
		});
		expect(kept).toEqual({
			bytes: new Uint8Array([1, 2]),
			at: new Date(5),
			map: new Map([['a', 1]]),
			circle
		});
	});

	it('keeps undefined fields and a field called __proto__ as a database does', async () => {
		const row: unknown = JSON.parse('{"v":1,"a":{"__proto__":{"x":1}}}');
		const kept = await keep(Object.assign({ none: undefined }, row));
		expect(Object.keys(Object(kept))).toEqual(['none', 'v', 'a']);
		expect(JSON.stringify(kept)).toBe('{"v":1,"a":{"__proto__":{"x":1}}}');
	});

	it('shares nothing with the row that was written or read before', async () => {
		const row = { v: 1, deep: { list: [1, { n: 1 }] } };
		const store = createMemoryStore();
		await store.commit({ epoch: 0, put: [{ table: 'blobs', key: 'a', row }] });
		row.deep.list.push(2);
		const first = await store.get('blobs', 'a');
		Object.assign(Object(first), { v: 2 });
		expect(await store.get('blobs', 'a')).toEqual({ v: 1, deep: { list: [1, { n: 1 }] } });
	});
});
