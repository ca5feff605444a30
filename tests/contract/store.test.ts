/** Every adapter through the one suite, and what is special to IndexedDB. */

import 'fake-indexeddb/auto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Dexie from 'dexie';
import { afterAll, describe, expect, it } from 'vitest';
import { openDexieStore } from '../../src/lib/agent/storage/dexie';
import { createMemoryStore } from '../../src/lib/agent/storage/memory';
import { createOverlayStore } from '../../src/lib/agent/storage/overlay';
import { tables, type Store } from '../../src/lib/agent/storage/store';
import { databaseVersions } from '../../src/lib/agent/storage/versions';
import { AppError } from '../../src/lib/wire/errors';
import { createCrashingStore } from '../faults/crashing-store';
import { openSqliteStore } from './sqlite-store';
import { testStore } from './store';

let count = 0;
const nothing = (): void => {};
const openDexie = (name: string): Promise<Store> =>
	openDexieStore({ name, onVersionChange: nothing, onClosed: nothing });

testStore('memory', { open: async () => createMemoryStore() });

testStore('crashing store that never crashes', {
	open: async () => createCrashingStore(createMemoryStore())
});

testStore('overlay without a temporary session', {
	open: async () => createOverlayStore(createMemoryStore(), createMemoryStore(), () => false)
});

testStore('dexie', {
	open: () => openDexie(`contract-${++count}`),
	reopen: () => openDexie(`contract-${count}`),
	fillUp() {
		const { prototype } = IDBObjectStore;
		const { put } = prototype;
		prototype.put = function () {
			throw new DOMException('no room', 'QuotaExceededError');
		};
		return () => {
			prototype.put = put;
		};
	}
});

const folder = mkdtempSync(join(tmpdir(), 'wherry-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let filler: ReturnType<typeof openSqliteStore> | undefined;

testStore('sqlite', {
	async open() {
		filler = openSqliteStore(join(folder, `${++count}.db`));
		return filler;
	},
	reopen: async () => openSqliteStore(join(folder, `${count}.db`)),
	fillUp() {
		const database = filler?.database;
		const pages = Number(database?.prepare('pragma page_count').get()?.page_count);
		database?.exec(`pragma max_page_count = ${pages}`);
		// Uses up what is free in the pages that are there, in a name of its own.
		const fill = database?.prepare("insert into rows values ('filler', ?, ?)");
		for (const size of [2000, 500, 100, 20]) {
			for (let n = 0; n < 1000; n++) {
				try {
					fill?.run(`${size}-${n}`, 'x'.repeat(size));
				} catch {
					break;
				}
			}
		}
		return () => database?.exec('pragma max_page_count = 1000000');
	}
});

describe('dexie', () => {
	it('opens a database of every older version and keeps its rows', async () => {
		for (let known = 1; known <= databaseVersions.length; known++) {
			const name = `old-${known}`;
			const versions = databaseVersions.slice(0, known);
			const old = await openDexieStore({ name, versions, onVersionChange: nothing, onClosed: nothing });
			await old.commit({ epoch: 0, put: [{ table: 'entries', key: 's/1', row: { v: 1 } }] });
			old.close();
			await tick();
			const store = await openDexie(name);
			expect(await store.get('entries', 's/1')).toEqual({ v: 1 });
			for (const table of tables)
				expect(await store.range(table, { limit: 1 })).toHaveLength(table === 'entries' ? 1 : 0);
			store.close();
		}
	});

	it('adds the table of a later version beside the data', async () => {
		const first = [{ version: 1, adds: tables.filter((table) => table !== 'fibers') }];
		const old = await openDexieStore({
			name: 'grow',
			versions: first,
			onVersionChange: nothing,
			onClosed: nothing
		});
		await old.commit({ epoch: 0, put: [{ table: 'entries', key: 'a', row: { v: 1 } }] });
		old.close();
		await tick();
		const versions = [...first, { version: 2, adds: ['fibers' as const] }];
		const store = await openDexieStore({
			name: 'grow',
			versions,
			onVersionChange: nothing,
			onClosed: nothing
		});
		await store.commit({ epoch: 0, put: [{ table: 'fibers', key: 'f', row: { v: 1 } }] });
		expect(await store.get('entries', 'a')).toEqual({ v: 1 });
		store.close();
	});

	it('opens a database of a newer build as it is', async () => {
		const newer = new Dexie('newer');
		newer.version(7).stores({ ...Object.fromEntries(tables.map((table) => [table, ''])), later: '' });
		await newer.open();
		newer.close();
		const store = await openDexie('newer');
		await store.commit({ epoch: 0, put: [{ table: 'entries', key: 'a', row: { v: 1 } }] });
		expect(await store.get('entries', 'a')).toEqual({ v: 1 });
		store.close();
	});

	it('finishes waiting commits, closes and says so when another tab upgrades', async () => {
		let changes = 0;
		const store = await openDexieStore({
			name: 'change',
			onVersionChange: () => changes++,
			onClosed: nothing
		});
		const running = [1, 2, 3].map((n) =>
			store.commit({ epoch: 0, put: [{ table: 'entries', key: `k${n}`, row: { v: 1 } }] })
		);
		const versions = [...databaseVersions, { version: 9, adds: [] }];
		const newer = await openDexieStore({
			name: 'change',
			versions,
			onVersionChange: nothing,
			onClosed: nothing
		});
		await Promise.all(running);
		expect(changes).toBe(1);
		await expect(store.get('entries', 'k1')).rejects.toMatchObject({ id: 'storage/gone' });
		expect(await newer.range('entries', {})).toHaveLength(3);
		newer.close();
	});

	it('lists a range although one row in it cannot be read', async () => {
		const store = await openDexie('unreadable');
		await store.commit({
			epoch: 0,
			put: ['a', 'b', 'c'].map((key) => ({ table: 'entries' as const, key, row: { v: 1, key } }))
		});
		const { prototype } = IDBObjectStore;
		const { getAll, get } = prototype;
		// What a browser does when the file behind a large value is lost.
		const lost = function (this: IDBObjectStore): IDBRequest {
			const request = get.call(this, 'a');
			request.addEventListener('success', (event) => {
				event.stopImmediatePropagation();
				const failure = new Event('error', { bubbles: true, cancelable: true });
				request.onerror?.(failure);
			});
			return request;
		};
		prototype.getAll = lost;
		prototype.get = function (key) {
			return key === 'b' ? lost.call(this) : get.call(this, key);
		};
		const rows = await store.range('entries', {});
		const many = await store.getMany('entries', ['a', 'b', 'c']);
		prototype.getAll = getAll;
		prototype.get = get;
		expect(rows).toEqual([
			{ key: 'a', row: { v: 1, key: 'a' } },
			{ key: 'b', row: undefined },
			{ key: 'c', row: { v: 1, key: 'c' } }
		]);
		expect(many[1]).toBeUndefined();
		expect(many[2]).toEqual({ v: 1, key: 'c' });
		store.close();
	});

	it('writes 64 waiting commits in one transaction', async () => {
		const store = await openDexie('coalesce');
		const { prototype } = IDBDatabase;
		const { transaction } = prototype;
		let writes = 0;
		prototype.transaction = function (names, mode, options) {
			if (mode === 'readwrite') writes++;
			expect(mode !== 'readwrite' || options?.durability === 'strict').toBe(true);
			return transaction.call(this, names, mode, options);
		};
		await Promise.all(
			Array.from({ length: 64 }, (_, n) =>
				store.commit({ epoch: 0, put: [{ table: 'entries', key: `k${n}`, row: { v: 1 } }] })
			)
		);
		prototype.transaction = transaction;
		expect(writes).toBe(1);
		store.close();
	});

	it('says storage/gone where there is no IndexedDB to open', async () => {
		const open = indexedDB.open.bind(indexedDB);
		indexedDB.open = () => {
			throw new DOMException('denied', 'SecurityError');
		};
		const refused = await openDexie('denied').catch((thrown: unknown) => thrown);
		indexedDB.open = open;
		expect(refused).toBeInstanceOf(AppError);
		expect(refused).toMatchObject({ id: 'storage/gone' });
	});
});

function tick(): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, 5));
}
