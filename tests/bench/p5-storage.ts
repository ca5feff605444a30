/** P5: the store on IndexedDB, in a worker of a real Chromium, against raw IndexedDB, Dexie and an OPFS log. */

import Dexie from 'dexie';
import { openDexieStore } from '../../src/lib/agent/storage/dexie';
import type { Store } from '../../src/lib/agent/storage/store';
import { createRepository } from '../../src/lib/agent/sessions/repository';
import { packEntries } from '../../src/lib/agent/sessions/segments';
import { loadSession } from '../../src/lib/agent/sessions/load';
import { entryVersion, type Entry } from '../../src/lib/wire/entries';
import { userLabels } from '../../src/lib/wire/labels';
import { uuidv7 } from '../../src/lib/wire/uuid';
import { answer, compare, mustEqual, prose, seeded, type Line } from './measure';

const sessionEntries = 10_000;
const nothing = (): void => undefined;
const random = seeded(5);

function makeEntries(sessionId: string, count: number): Entry[] {
	let parentId: string | null = null;
	return Array.from({ length: count }, (_, n) => {
		const entry: Entry = {
			id: uuidv7(1_700_000_000_000 + n),
			sessionId,
			parentId,
			v: entryVersion,
			kind: n % 2 === 0 ? 'user' : 'assistant',
			author: { device: 'bench', principal: 'user' },
			parts: [{ type: 'text', text: prose(random, 800) }],
			labels: userLabels,
			at: 1_700_000_000_000 + n,
			lam: n
		};
		parentId = entry.id;
		return entry;
	});
}

// --- ours ---

interface Ours {
	readonly store: Store;
	append(entry: Entry): Promise<void>;
}
async function openOurs(): Promise<Ours> {
	const store = await openDexieStore({ name: 'ours', onVersionChange: nothing, onClosed: nothing });
	return {
		store,
		append: (entry) =>
			store.commit({
				epoch: 0,
				put: [{ table: 'entries', key: `${entry.sessionId}/${entry.id}`, row: entry }]
			})
	};
}

// --- raw IndexedDB: one store, strict durability, commit() ---

function openRaw(): Promise<IDBDatabase> {
	return new Promise((resolve, reject) => {
		const opening = indexedDB.open('raw', 1);
		opening.onupgradeneeded = () => opening.result.createObjectStore('entries');
		opening.onsuccess = () => {
			resolve(opening.result);
		};
		opening.onerror = () => {
			reject(opening.error ?? new Error('no database'));
		};
	});
}

function rawPut(database: IDBDatabase, entries: readonly Entry[]): Promise<void> {
	return new Promise((resolve, reject) => {
		const transaction = database.transaction('entries', 'readwrite', { durability: 'strict' });
		const store = transaction.objectStore('entries');
		for (const entry of entries) store.put(entry, `${entry.sessionId}/${entry.id}`);
		transaction.oncomplete = () => {
			resolve();
		};
		transaction.onabort = () => {
			reject(transaction.error ?? new Error('aborted'));
		};
		transaction.commit();
	});
}

function rawReadAll(database: IDBDatabase, prefix: string): Promise<Entry[]> {
	return new Promise((resolve, reject) => {
		const range = IDBKeyRange.bound(prefix, `${prefix}\x7f`);
		const request: IDBRequest<Entry[]> = database.transaction('entries').objectStore('entries').getAll(range);
		request.onsuccess = () => {
			resolve(request.result);
		};
		request.onerror = () => {
			reject(request.error ?? new Error('not read'));
		};
	});
}

// --- Dexie, as its documentation says: a table with a primary key and an index ---

class DexieEntries extends Dexie {
	readonly entries;
	constructor() {
		super('dexie', { chromeTransactionDurability: 'strict' });
		this.version(1).stores({ entries: 'id, [sessionId+lam]' });
		this.entries = this.table<Entry, string>('entries');
	}
}

// --- OPFS: a log of JSON lines, flushed for each acknowledgement: the limit ---

interface SyncHandle {
	write(bytes: Uint8Array, options: { at: number }): number;
	read(bytes: Uint8Array, options: { at: number }): number;
	flush(): void;
	getSize(): number;
	truncate(size: number): void;
}
async function openLog(): Promise<SyncHandle> {
	const root = await navigator.storage.getDirectory();
	const file = (await root.getFileHandle('log', { create: true })) as unknown as {
		createSyncAccessHandle(): Promise<SyncHandle>;
	};
	const handle = await file.createSyncAccessHandle();
	handle.truncate(0);
	return handle;
}
const encoder = new TextEncoder();
function logAppend(log: SyncHandle, entries: readonly Entry[]): void {
	const bytes = encoder.encode(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
	log.write(bytes, { at: log.getSize() });
	log.flush();
}

export async function bench(): Promise<Line[]> {
	for (const { name } of await indexedDB.databases()) if (name !== undefined) indexedDB.deleteDatabase(name);
	const ours = await openOurs();
	const raw = await openRaw();
	const dexie = new DexieEntries();
	await dexie.open();
	const log = await openLog();

	const pool = makeEntries('append', 20_000);
	let next = 0;
	const take = (count: number): Entry[] => {
		const taken: Entry[] = [];
		for (let n = 0; n < count; n++) {
			const entry = pool[next++ % pool.length];
			if (entry !== undefined) taken.push(entry);
		}
		return taken;
	};
	const lines: Line[] = [];
	const speed = { id: 'P5', unit: 'entries/s', as: 'speed', ours: 'ours' } as const;

	// What was acknowledged is there.
	const probe = makeEntries('probe', 3);
	for (const entry of probe) await ours.append(entry);
	const kept = await ours.store.range('entries', { prefix: 'probe/' });
	mustEqual(
		'appended entries',
		probe,
		kept.map(({ row }) => row)
	);

	const single = await compare([
		{ name: 'ours', units: 1, run: () => ours.append(...(take(1) as [Entry])) },
		{ name: 'raw IndexedDB', units: 1, run: () => rawPut(raw, take(1)) },
		{ name: 'Dexie', units: 1, run: () => dexie.entries.put(...(take(1) as [Entry])).then(nothing) },
		{
			name: 'OPFS log',
			units: 1,
			run: () => {
				logAppend(log, take(1));
			}
		}
	]);
	const one = { ...speed, what: 'append, one at a time' };
	lines.push(
		answer(single, { ...one, other: 'raw IndexedDB', goal: { is: 'at least', value: 0.95 } }),
		answer(single, { ...one, other: 'Dexie' }),
		answer(single, { ...one, other: 'OPFS log' })
	);

	const many = await compare([
		{
			name: 'ours',
			units: 64,
			run: () => Promise.all(take(64).map((entry) => ours.append(entry))).then(nothing)
		},
		{
			name: 'raw IndexedDB',
			units: 64,
			run: () => Promise.all(take(64).map((entry) => rawPut(raw, [entry]))).then(nothing)
		},
		{ name: 'raw, 64 in one', units: 64, run: () => rawPut(raw, take(64)) },
		{
			name: 'Dexie',
			units: 64,
			run: () => Promise.all(take(64).map((entry) => dexie.entries.put(entry))).then(nothing)
		}
	]);
	const atOnce = { ...speed, what: 'append, 64 at once' };
	lines.push(
		answer(many, { ...atOnce, other: 'raw IndexedDB', goal: { is: 'at least', value: 3 } }),
		answer(many, { ...atOnce, other: 'Dexie' }),
		answer(many, { ...atOnce, other: 'raw, 64 in one' })
	);

	// Bulk: settled entries in packed segments, as a turn's end and an import write them.
	const bulk = makeEntries('bulk', 2_000);
	const pack = (): Promise<void> => {
		const { put } = packEntries({
			sessionId: 'bulk',
			firstOrd: 0,
			entries: bulk.map((row) => ({ id: row.id, row })),
			all: true
		});
		return ours.store.commit({ epoch: 0, put });
	};
	const inBulk = await compare([
		{ name: 'ours', units: bulk.length, run: pack },
		{ name: 'Dexie', units: bulk.length, run: () => dexie.entries.bulkPut(bulk).then(nothing) },
		{
			name: 'OPFS log',
			units: bulk.length,
			run: () => {
				logAppend(log, bulk);
			}
		},
		{ name: 'raw, 2,000 in one', units: bulk.length, run: () => rawPut(raw, bulk) }
	]);
	const wholesale = { ...speed, what: 'bulk of 2,000' };
	lines.push(
		answer(inBulk, { ...wholesale, other: 'Dexie', goal: { is: 'at least', value: 8 } }),
		answer(inBulk, { ...wholesale, other: 'OPFS log', goal: { is: 'at least', value: 0.4 } }),
		answer(inBulk, { ...wholesale, other: 'raw, 2,000 in one' })
	);

	// A session of 10,000: the rows as the peers give them, and opened (each entry checked, the tree built).
	await dexie.entries.clear();
	const session = makeEntries('s', sessionEntries);
	const repository = createRepository({
		store: ours.store,
		device: { id: 'bench' },
		clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
		ids: { next: () => uuidv7() }
	});
	const head = session.at(-1)?.id ?? null;
	const record = repository.setFacts(
		{ ...repository.newSession(), id: 's' },
		{ head, entryCount: session.length },
		1
	);
	const packed = packEntries({
		sessionId: 's',
		firstOrd: 0,
		entries: session.map((row) => ({ id: row.id, row })),
		all: true
	});
	await ours.store.commit({ epoch: 0, put: [...packed.put, { table: 'sessions', key: 's', row: record }] });
	await dexie.entries.bulkPut(session);
	await rawPut(raw, session);
	const readOurs = async (): Promise<Entry[]> =>
		(await loadSession(ours.store, 's', () => undefined))?.branch() ?? [];
	const readRows = async (): Promise<unknown[]> =>
		(await ours.store.range('segments', { prefix: 's/' })).flatMap(
			({ row }) => (row as { entries: unknown[] }).entries
		);
	const readDexie = (): Promise<Entry[]> =>
		dexie.entries.where('[sessionId+lam]').between(['s', Dexie.minKey], ['s', Dexie.maxKey]).toArray();
	mustEqual('entries of the session', session, await readOurs());
	mustEqual('rows of the session', session, await readRows());
	mustEqual('entries of the session in Dexie', session, await readDexie());
	mustEqual('entries of the session, raw', session, await rawReadAll(raw, 's/'));
	const reads = await compare([
		{ name: 'ours', units: sessionEntries, run: () => readRows().then(nothing) },
		{ name: 'ours, opened', units: sessionEntries, run: () => readOurs().then(nothing) },
		{ name: 'Dexie', units: sessionEntries, run: () => readDexie().then(nothing) },
		{ name: 'raw getAll', units: sessionEntries, run: () => rawReadAll(raw, 's/').then(nothing) }
	]);
	lines.push(
		answer(reads, {
			...speed,
			what: 'read 10,000 entries',
			other: 'Dexie',
			goal: { is: 'at least', value: 2.5 }
		}),
		answer(reads, { ...speed, what: 'read 10,000 entries', other: 'raw getAll' }),
		answer(reads, { ...speed, what: 'open: read, checked, tree built', ours: 'ours, opened', other: 'Dexie' })
	);

	// From the head to the root, once the session is open. Dexie asks the database for each parent.
	const loaded = await loadSession(ours.store, 's', () => undefined);
	const walkOurs = (): number => loaded?.branch().length ?? 0;
	const walkDexie = async (depth: number): Promise<number> => {
		let count = 0;
		for (let id = head; id !== null && count < depth; count++)
			id = (await dexie.entries.get(id))?.parentId ?? null;
		return count;
	};
	mustEqual('ancestors', session.length, walkOurs());
	mustEqual('ancestors in Dexie', 500, await walkDexie(500));
	const walks = await compare([
		{ name: 'ours', units: sessionEntries, run: () => void walkOurs() },
		{ name: 'Dexie', units: 100, run: () => walkDexie(100).then(nothing) }
	]);
	lines.push(
		answer(walks, {
			...speed,
			what: 'walk to the root',
			other: 'Dexie',
			goal: { is: 'at least', value: 100 }
		})
	);
	return lines;
}
