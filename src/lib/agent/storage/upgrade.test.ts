import 'fake-indexeddb/auto';
import { afterEach, describe, expect, test } from 'vitest';
import { countRows, newestCopy, openAsIs } from './backup';
import { openDexieStore } from './dexie';
import { tables, type Store, type StoreWrite } from './store';
import { upgradeDatabase } from './upgrade';
import { databaseVersions, type DatabaseVersion } from './versions';

const day = 24 * 60 * 60 * 1000;
const now = 1_800_000_000_000;
const first: readonly DatabaseVersion[] = [
	{ version: 1, adds: tables.filter((table) => table !== 'fibers') }
];
const second: readonly DatabaseVersion[] = [...first, { version: 2, adds: ['fibers'] }];
const nothing = (): void => {};
let count = 0;

const open = (name: string, versions: readonly DatabaseVersion[]): Promise<Store> =>
	openDexieStore({ name, versions, onVersionChange: nothing, onClosed: nothing });
const closed = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const copies = async (name: string): Promise<string[]> =>
	(await indexedDB.databases()).flatMap((one) => (one.name?.startsWith(`${name}-before-`) ? [one.name] : []));

/** A database of version 1 with ten messages, some of them packed, and what belongs to them. */
async function older(): Promise<string> {
	const name = `upgrade-${++count}`;
	const store = await open(name, first);
	const put: StoreWrite[] = Array.from({ length: 4 }, (_, n) => ({
		table: 'entries',
		key: `s/${n}`,
		row: { v: 1, n }
	}));
	put.push({
		table: 'segments',
		key: 's/0000000000',
		row: { v: 1, entries: Array.from({ length: 6 }, (_, n) => ({ n })) }
	});
	put.push({ table: 'sessions', key: 's', row: { v: 1 } });
	put.push({ table: 'blobs', key: 'a', row: { v: 1, bytes: new Uint8Array(3) } });
	put.push({ table: 'search', key: 'piece', row: { v: 1 } });
	await store.commit({ epoch: 0, put });
	store.close();
	await closed();
	return name;
}

/** An upgrade that also empties tables: what must never happen, made to happen. */
function emptying(name: string, lost: readonly string[]): () => Promise<void> {
	return () =>
		new Promise((resolve, reject) => {
			const request = indexedDB.open(name, 20);
			request.onupgradeneeded = () => {
				request.result.createObjectStore('fibers');
				for (const table of lost) request.transaction?.objectStore(table).clear();
			};
			request.onsuccess = () => {
				request.result.close();
				resolve();
			};
			request.onerror = () => reject(request.error ?? new Error('no upgrade'));
		});
}

afterEach(() => {
	IDBObjectStore.prototype.put = put;
});
const { put } = IDBObjectStore.prototype;

describe('SAM-90 an upgrade of the database loses nothing', () => {
	test('a copy is made before it, and kept beside it', async () => {
		const name = await older();
		const store = await open(name, second);
		expect(await store.range('entries', {})).toHaveLength(4);
		store.close();
		const [copy = ''] = await copies(name);
		const made = await newestCopy(name, { now: Date.now(), names: [copy] });
		expect(made).toMatchObject({ lost: [], restored: 0, leftOut: 0 });
		expect((made?.keptUntil ?? 0) - (made?.madeAt ?? 0)).toBe(30 * day);
		const raw = await openAsIs(copy);
		expect([...(await countRows(raw))].filter(([, rows]) => rows > 0)).toEqual([
			['about', 1],
			['blobs', 1],
			['entries', 10],
			['sessions', 1]
		]);
		raw.close();
	});

	test('nothing is copied where there is nothing to upgrade', async () => {
		const name = await older();
		(await open(name, first)).close();
		expect(await copies(name)).toEqual([]);
	});

	test('tables that came out half empty are filled again from the copy, and it is written down', async () => {
		const name = await older();
		await upgradeDatabase({
			name,
			versions: second,
			run: emptying(name, ['segments', 'sessions']),
			now: () => now
		});
		const store = await open(name, second);
		expect(await store.get('sessions', 's')).toEqual({ v: 1 });
		expect(await store.range('segments', {})).toHaveLength(1);
		store.close();
		expect(await newestCopy(name, { now, names: await copies(name) })).toMatchObject({
			lost: ['entries', 'sessions'],
			restored: 2
		});
	});

	test('what is made again by itself may be empty', async () => {
		const name = await older();
		await upgradeDatabase({ name, versions: second, run: emptying(name, ['search']), now: () => now });
		expect(await newestCopy(name, { now, names: await copies(name) })).toMatchObject({ lost: [] });
	});

	test('with no room for a copy the upgrade goes on, but a loss stops it', async () => {
		const name = await older();
		IDBObjectStore.prototype.put = () => {
			throw new DOMException('no room', 'QuotaExceededError');
		};
		await expect(
			upgradeDatabase({ name, versions: second, run: emptying(name, ['entries', 'segments']) })
		).rejects.toMatchObject({ id: 'storage/upgrade-lost-rows', data: { tables: ['entries'], copy: null } });
		const other = await older().catch(() => '');
		expect(other).toBe('');
		expect(await copies(name)).toEqual([]);
	});

	test('a copy goes after 30 days, a half-made one after a day', async () => {
		const name = await older();
		await upgradeDatabase({ name, versions: second, now: () => now });
		(await openAsIs(`${name}-before-20-${now}`)).close();
		await closed();
		expect(await newestCopy(name, { now: now + day / 2, names: await copies(name) })).toBeDefined();
		expect(await copies(name)).toHaveLength(2);
		await newestCopy(name, { now: now + 2 * day, names: await copies(name) });
		expect(await copies(name)).toHaveLength(1);
		expect(await newestCopy(name, { now: now + 31 * day, names: await copies(name) })).toBeUndefined();
		expect(await copies(name)).toEqual([]);
	});
});

describe('SAM-90 the list of versions only grows', () => {
	/** What has been in people's browsers. A line is added with each version; none is ever changed. */
	const shipped: Readonly<Record<number, string>> = {
		1: 'meta sessions entries segments turns steps effects streams approvals undo blobs drafts queue plugins vault settings rules audit search fibers',
		2: 'ops'
	};

	test('a version that was shipped is never changed, and a new one is written down here', () => {
		expect(
			Object.fromEntries(databaseVersions.map(({ version, adds }) => [version, adds.join(' ')]))
		).toEqual(shipped);
	});

	test('every table belongs to exactly one version, and versions rise', () => {
		const added = databaseVersions.flatMap(({ adds }) => adds);
		expect([...added].sort()).toEqual([...tables].sort());
		const numbers = databaseVersions.map(({ version }) => version);
		expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
	});
});
