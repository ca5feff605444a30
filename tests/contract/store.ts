/**
 * What every adapter of the store port must do, as one suite. A member's own test calls
 * `testStore` with a way to open it; see `store.test.ts`.
 */

import { afterEach, describe, expect, it } from 'vitest';
import {
	type Commit,
	type RangeQuery,
	type Row,
	type Store,
	type Table
} from '../../src/lib/agent/storage/store';
import { seeded } from './random';

export interface StoreUnderTest {
	/** A fresh, empty store. */
	open(): Promise<Store>;
	/** The same data again, after `close`; absent where nothing outlives it. */
	reopen?(): Promise<Store>;
	/** Makes every write fail for want of room until the returned function is called. */
	fillUp?(): () => void;
}

export function testStore(name: string, under: StoreUnderTest): void {
	describe(`store: ${name}`, () => {
		const opened: Store[] = [];
		afterEach(() => {
			for (const store of opened.splice(0)) store.close();
		});
		async function open(): Promise<Store> {
			const store = await under.open();
			opened.push(store);
			return store;
		}

		it('gives back what was put, and undefined for what was not', async () => {
			const store = await open();
			const row = { v: 1, text: 'tea ☕ \ud83d\ude00', nested: { list: [1, null, true, 'x'] } };
			await store.commit({ epoch: 0, put: [{ table: 'entries', key: 's/1', row }] });
			expect(await store.get('entries', 's/1')).toEqual(row);
			expect(await store.get('entries', 's/2')).toBeUndefined();
			expect(await store.get('sessions', 's/1')).toBeUndefined();
		});

		it('keeps bytes as bytes', async () => {
			const store = await open();
			const bytes = new Uint8Array([0, 1, 127, 128, 255]);
			await store.commit({ epoch: 0, put: [{ table: 'blobs', key: 'aa', row: { v: 1, bytes, size: 5 } }] });
			expect(await store.get('blobs', 'aa')).toEqual({ v: 1, bytes, size: 5 });
		});

		it('is not changed by changing a row after the commit or after a read', async () => {
			const store = await open();
			const row = { v: 1, list: [1] };
			await store.commit({ epoch: 0, put: [{ table: 'settings', key: 'a', row }] });
			row.list.push(2);
			const read = await store.get('settings', 'a');
			if (typeof read === 'object' && read !== null) Reflect.set(read, 'list', 'changed');
			expect(await store.get('settings', 'a')).toEqual({ v: 1, list: [1] });
		});

		it('deletes before it puts, and takes deleting nothing', async () => {
			const store = await open();
			await store.commit({ epoch: 0, put: [put('entries', 'a', 1), put('entries', 'b', 1)] });
			await store.commit({
				epoch: 0,
				delete: [
					{ table: 'entries', key: 'a' },
					{ table: 'entries', key: 'b' },
					{ table: 'entries', key: 'zz' }
				],
				put: [put('entries', 'b', 2)]
			});
			expect(await keysOf(store, 'entries', {})).toEqual(['b']);
			expect(await store.get('entries', 'b')).toEqual({ v: 1, n: 2 });
		});

		it('writes all of a commit or nothing of it', async () => {
			const store = await open();
			await store.commit({ epoch: 0, put: [put('sessions', 's', 1)] });
			const refused = store.commit({
				epoch: 0,
				expect: [{ table: 'sessions', key: 's', absent: true }],
				delete: [{ table: 'sessions', key: 's' }],
				put: [put('entries', 's/1', 1), put('turns', 't', 1)]
			});
			expect(await errorOf(refused)).toMatchObject({ id: 'storage/conflict' });
			expect(await store.get('sessions', 's')).toEqual({ v: 1, n: 1 });
			expect(await keysOf(store, 'entries', {})).toEqual([]);
			expect(await keysOf(store, 'turns', {})).toEqual([]);
		});

		it('writes nothing of a commit that holds one row it cannot keep', async () => {
			const store = await open();
			const bad = { v: 1, run: () => 1 };
			const refused = store.commit({
				epoch: 0,
				put: [put('entries', 'a', 1), { table: 'entries', key: 'b', row: bad }]
			});
			const beside = store.commit({ epoch: 0, put: [put('entries', 'c', 1)] });
			expect(await errorOf(refused)).toMatchObject({ id: 'storage/failed' });
			await beside;
			expect(await keysOf(store, 'entries', {})).toEqual(['c']);
		});

		it('refuses a writer whose epoch is not the stored one', async () => {
			const store = await open();
			expect(await errorOf(store.commit({ epoch: 1, put: [put('entries', 'a', 1)] }))).toMatchObject({
				id: 'storage/stale-epoch'
			});
			await store.commit({ epoch: 0, put: [{ table: 'meta', key: 'epoch', row: { v: 1, epoch: 1 } }] });
			expect(await errorOf(store.commit({ epoch: 0, put: [put('entries', 'a', 1)] }))).toMatchObject({
				id: 'storage/stale-epoch'
			});
			await store.commit({ epoch: 1, put: [put('entries', 'b', 1)] });
			expect(await keysOf(store, 'entries', {})).toEqual(['b']);
		});

		it('fences a loser whose commits wait behind the take-over', async () => {
			const store = await open();
			const results = await Promise.allSettled([
				store.commit({ epoch: 0, put: [put('entries', 'a', 1)] }),
				store.commit({ epoch: 0, put: [{ table: 'meta', key: 'epoch', row: { v: 1, epoch: 1 } }] }),
				store.commit({ epoch: 0, put: [put('entries', 'b', 1)] }),
				store.commit({ epoch: 1, put: [put('entries', 'c', 1)] })
			]);
			expect(results.map(({ status }) => status)).toEqual([
				'fulfilled',
				'fulfilled',
				'rejected',
				'fulfilled'
			]);
			expect(await keysOf(store, 'entries', {})).toEqual(['a', 'c']);
		});

		it('lets only one of two take-overs win', async () => {
			const store = await open();
			const takeOver: Commit = { epoch: 0, put: [{ table: 'meta', key: 'epoch', row: { v: 1, epoch: 1 } }] };
			const results = await Promise.allSettled([store.commit(takeOver), store.commit(takeOver)]);
			expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
		});

		it('checks fields of the rows it is told to expect', async () => {
			const store = await open();
			await store.commit({
				epoch: 0,
				put: [{ table: 'approvals', key: 'a', row: { v: 1, state: 'asked', n: 1, open: true } }]
			});
			const commit = (field: string, is: string | number | boolean): Promise<void> =>
				store.commit({
					epoch: 0,
					expect: [{ table: 'approvals', key: 'a', field, is }],
					put: [put('entries', 'x', 1)]
				});
			await commit('state', 'asked');
			await commit('n', 1);
			await commit('open', true);
			expect(await errorOf(commit('state', 'approved'))).toMatchObject({ id: 'storage/conflict' });
			expect(await errorOf(commit('n', '1'))).toMatchObject({ id: 'storage/conflict' });
			expect(await errorOf(commit('nothing', true))).toMatchObject({ id: 'storage/conflict' });
			expect(await errorOf(commit('toString', true))).toMatchObject({ id: 'storage/conflict' });
			const missing = store.commit({
				epoch: 0,
				expect: [{ table: 'approvals', key: 'b', field: 'v', is: 1 }]
			});
			expect(await errorOf(missing)).toMatchObject({ id: 'storage/conflict' });
		});

		it('lets exactly one of many that expect the same win', async () => {
			const store = await open();
			const claims = Array.from({ length: 20 }, (_, n) =>
				store.commit({
					epoch: 0,
					expect: [{ table: 'effects', key: 'e', absent: true }],
					put: [put('effects', 'e', n)]
				})
			);
			const results = await Promise.allSettled(claims);
			expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
			expect(await store.get('effects', 'e')).toEqual({ v: 1, n: 0 });
		});

		it('shows a commit what those before it wrote', async () => {
			const store = await open();
			const chain = Array.from({ length: 10 }, (_, n) =>
				store.commit({
					epoch: 0,
					...(n === 0 ? {} : { expect: [{ table: 'turns' as const, key: 't', field: 'n', is: n - 1 }] }),
					put: [put('turns', 't', n)]
				})
			);
			await Promise.all(chain);
			expect(await store.get('turns', 't')).toEqual({ v: 1, n: 9 });
		});

		it('takes 64 commits at once, each with its own outcome', async () => {
			const store = await open();
			await store.commit({ epoch: 0, put: [put('turns', 'taken', 1)] });
			const results = await Promise.allSettled(
				Array.from({ length: 64 }, (_, n) =>
					store.commit({
						epoch: n % 16 === 5 ? 7 : 0,
						...(n % 8 === 3
							? { expect: [{ table: 'turns' as const, key: 'taken', absent: true as const }] }
							: {}),
						put: [put('entries', `s/${String(n).padStart(3, '0')}`, n)]
					})
				)
			);
			const fine = results.flatMap(({ status }, n) => (status === 'fulfilled' ? [n] : []));
			const expected = Array.from({ length: 64 }, (_, n) => n).filter((n) => n % 16 !== 5 && n % 8 !== 3);
			expect(fine).toEqual(expected);
			expect(await keysOf(store, 'entries', {})).toEqual(
				expected.map((n) => `s/${String(n).padStart(3, '0')}`)
			);
		});

		it('applies commits in the order they were asked for', async () => {
			const store = await open();
			await Promise.all(
				Array.from({ length: 50 }, (_, n) => store.commit({ epoch: 0, put: [put('settings', 'x', n)] }))
			);
			expect(await store.get('settings', 'x')).toEqual({ v: 1, n: 49 });
		});

		it('answers getMany in the order of the keys, with gaps and repeats', async () => {
			const store = await open();
			await store.commit({
				epoch: 0,
				put: [put('entries', 'a', 1), put('entries', 'b', 2), put('entries', 'c', 3)]
			});
			const rows = await store.getMany('entries', ['c', 'nope', 'a', 'c']);
			expect(rows).toEqual([{ v: 1, n: 3 }, undefined, { v: 1, n: 1 }, { v: 1, n: 3 }]);
			expect(await store.getMany('entries', [])).toEqual([]);
		});

		it('ranges by prefix, bounds, limit and direction, sorted by code unit', async () => {
			const store = await open();
			const keys = [
				'A',
				'a',
				'a b',
				'a!',
				'a-',
				'a/',
				'a/1',
				'a/10',
				'a/2',
				'a/2/x',
				'a0',
				'aa',
				'b',
				'b/1',
				'~'
			];
			await store.commit({ epoch: 0, put: keys.map((key, n) => put('entries', key, n)) });
			const sorted = [...keys].sort((x, y) => (x < y ? -1 : 1));
			const range = (query: RangeQuery): Promise<string[]> => keysOf(store, 'entries', query);
			expect(await range({})).toEqual(sorted);
			expect(await range({ prefix: '' })).toEqual(sorted);
			expect(await range({ prefix: 'a/' })).toEqual(['a/', 'a/1', 'a/10', 'a/2', 'a/2/x']);
			expect(await range({ prefix: 'a/', reverse: true })).toEqual(['a/2/x', 'a/2', 'a/10', 'a/1', 'a/']);
			expect(await range({ prefix: 'a/', reverse: true, limit: 2 })).toEqual(['a/2/x', 'a/2']);
			expect(await range({ prefix: 'a/', limit: 2 })).toEqual(['a/', 'a/1']);
			expect(await range({ from: 'a/10', to: 'b' })).toEqual(['a/10', 'a/2', 'a/2/x', 'a0', 'aa']);
			expect(await range({ from: 'a/2', limit: 1 })).toEqual(['a/2']);
			expect(await range({ to: 'a' })).toEqual(['A']);
			expect(await range({ prefix: 'a/', from: 'a/2' })).toEqual(['a/2', 'a/2/x']);
			expect(await range({ from: 'b', to: 'a' })).toEqual([]);
			expect(await range({ limit: 0 })).toEqual([]);
			expect(await range({ prefix: '~' })).toEqual(['~']);
			expect(await range({ prefix: 'nothing' })).toEqual([]);
		});

		it('refuses keys that are not printable ASCII', async () => {
			const store = await open();
			for (const key of ['', 'é', 'a\n', '\u0000', 'a\u007f', '日']) {
				expect(await errorOf(store.commit({ epoch: 0, put: [put('entries', key, 1)] }))).toMatchObject({
					id: 'input/invalid'
				});
				expect(await errorOf(store.get('entries', key))).toMatchObject({ id: 'input/invalid' });
			}
			expect(await keysOf(store, 'entries', {})).toEqual([]);
		});

		it('keeps a row of several megabytes', async () => {
			const store = await open();
			const text = 'x'.repeat(4_000_000);
			await store.commit({ epoch: 0, put: [{ table: 'segments', key: 's/0', row: { v: 1, text } }] });
			const row = await store.get('segments', 's/0');
			expect(row).toEqual({ v: 1, text });
		});

		it('says storage/gone after it was closed', async () => {
			const store = await open();
			await store.commit({ epoch: 0, put: [put('entries', 'a', 1)] });
			store.close();
			expect(await errorOf(store.commit({ epoch: 0, put: [put('entries', 'b', 1)] }))).toMatchObject({
				id: 'storage/gone'
			});
			await Promise.resolve();
			await new Promise((resolve) => setTimeout(resolve, 0));
			expect(await errorOf(store.get('entries', 'a'))).toMatchObject({ id: 'storage/gone' });
		});

		const { reopen, fillUp } = under;
		// What an adapter has no way to do is no test of it.
		if (reopen !== undefined)
			it('still has everything when it is opened again', async () => {
				const store = await open();
				const late = store.commit({ epoch: 0, put: [put('entries', 'a', 1)] });
				store.close();
				await late;
				const again = await reopen();
				opened.push(again);
				expect(await again.get('entries', 'a')).toEqual({ v: 1, n: 1 });
			});

		if (fillUp !== undefined)
			it('says storage/quota-exceeded, writes nothing, and goes on when there is room', async () => {
				const store = await open();
				await store.commit({ epoch: 0, put: [put('entries', 'a', 1)] });
				const makeRoom = fillUp();
				const refused = [1, 2, 3].map((n) =>
					store.commit({ epoch: 0, put: [put('turns', 't', n), put('entries', `b${n}`, n)] })
				);
				const errors = await Promise.all(refused.map(errorOf));
				makeRoom();
				expect(errors.map(({ id }) => id)).toEqual(Array(3).fill('storage/quota-exceeded'));
				expect(await keysOf(store, 'entries', {})).toEqual(['a']);
				await store.commit({ epoch: 0, put: [put('entries', 'c', 1)] });
				expect(await keysOf(store, 'entries', {})).toEqual(['a', 'c']);
			});

		it('behaves like a map under random commits, alone and at once', async () => {
			const store = await open();
			await compareWithMap(store, name);
		});
	});
}

/** The differential test: the same commits on a Map, and every answer the same. */
async function compareWithMap(store: Store, name: string): Promise<void> {
	const random = seeded(`store ${name}`);
	const tables: readonly Table[] = ['entries', 'steps', 'meta'];
	const oracle = new Map<string, Row>();
	const key = (): string => `${random.pick(['a', 'b', 'c'])}/${random.int(12)}`;
	for (let round = 0; round < 60; round++) {
		const burst = Array.from({ length: 1 + random.int(6) }, () => {
			const commit: Commit = {
				epoch: random.float() < 0.1 ? 9 : 0,
				expect: random.float() < 0.4 ? [randomExpectation()] : [],
				delete: many(3, () => ({ table: random.pick(tables), key: key() })),
				put: many(4, () => put(random.pick(tables), key(), random.int(3)))
			};
			return { commit, should: applyToMap(oracle, commit) };
		});
		const results = await Promise.allSettled(burst.map(({ commit }) => store.commit(commit)));
		results.forEach((result, index) => {
			const id = result.status === 'fulfilled' ? 'done' : errorId(result.reason);
			expect(id, `round ${round}, commit ${index}`).toBe(burst[index]?.should);
		});
		for (const table of tables) {
			const query: RangeQuery = random.pick([
				{},
				{ prefix: 'b/' },
				{ from: key(), to: key() },
				{ prefix: 'a/', limit: random.int(5) },
				{ reverse: true, limit: 1 + random.int(9) },
				{ from: key(), reverse: true }
			]);
			expect(await store.range(table, query), JSON.stringify(query)).toEqual(
				rangeOfMap(oracle, table, query)
			);
		}
	}

	function many<T>(most: number, make: () => T): T[] {
		return Array.from({ length: random.int(most + 1) }, make);
	}
	function randomExpectation(): NonNullable<Commit['expect']>[number] {
		const at = { table: random.pick(tables), key: key() };
		return random.float() < 0.5 ? { ...at, absent: true } : { ...at, field: 'n', is: random.int(3) };
	}
}

function applyToMap(oracle: Map<string, Row>, commit: Commit): string {
	if (commit.epoch !== 0) return 'storage/stale-epoch';
	for (const expectation of commit.expect ?? []) {
		const row = oracle.get(`${expectation.table} ${expectation.key}`);
		if (
			'absent' in expectation
				? row !== undefined
				: row === undefined || Reflect.get(row, expectation.field) !== expectation.is
		) {
			return 'storage/conflict';
		}
	}
	for (const { table, key } of commit.delete ?? []) oracle.delete(`${table} ${key}`);
	for (const { table, key, row } of commit.put ?? []) oracle.set(`${table} ${key}`, row);
	return 'done';
}

function rangeOfMap(oracle: Map<string, Row>, table: Table, query: RangeQuery): { key: string; row: Row }[] {
	const found = [...oracle]
		.filter(([name]) => name.startsWith(`${table} `))
		.map(([name, row]) => ({ key: name.slice(table.length + 1), row }))
		.filter(({ key }) => key.startsWith(query.prefix ?? ''))
		.filter(
			({ key }) =>
				(query.from === undefined || key >= query.from) && (query.to === undefined || key < query.to)
		)
		.sort((a, b) => (a.key < b.key ? -1 : 1));
	if (query.reverse === true) found.reverse();
	return found.slice(0, query.limit ?? found.length);
}

function put(table: Table, key: string, n: number): { table: Table; key: string; row: Row } {
	return { table, key, row: { v: 1, n } };
}

async function keysOf(store: Store, table: Table, query: RangeQuery): Promise<string[]> {
	return (await store.range(table, query)).map(({ key }) => key);
}

async function errorOf(promise: Promise<unknown>): Promise<{ id: string }> {
	try {
		await promise;
	} catch (thrown) {
		return { id: errorId(thrown) };
	}
	throw new Error('it should have failed');
}

function errorId(thrown: unknown): string {
	return typeof thrown === 'object' && thrown !== null && 'id' in thrown ? String(thrown.id) : String(thrown);
}
