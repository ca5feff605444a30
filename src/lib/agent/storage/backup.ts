/**
 * Copies of a database from before an upgrade: each a database of its own beside the first, kept for
 * 30 days. Knows IndexedDB and no row's meaning, but that a segment holds many entries.
 */

/** Table → rows; entries and the segments they are packed into count together, one an entry. */
export type RowCounts = ReadonlyMap<string, number>;

export interface CopyOutcome {
	/** Tables of which more than half was missing after the upgrade. */
	readonly lost: readonly string[];
	/** Rows that were put back. */
	readonly restored: number;
}
export interface CopyAbout extends CopyOutcome {
	readonly v: 1;
	readonly madeAt: number;
	readonly keptUntil: number;
	/** Files that were too many to be copied. */
	readonly leftOut: number;
}

const keptMs = 30 * 24 * 60 * 60 * 1000;
const unfinishedMs = 24 * 60 * 60 * 1000;
const maximumFileBytes = 100_000_000;
/** Enough to be quick, few enough that a hundred large files fit into memory. */
const batch = 50;
const aboutTable = 'about';
/** Made again from the rest, or of no use once its turn is over. */
const notCopied: ReadonlySet<string> = new Set(['search', 'streams']);

export function openAsIs(name: string, prepare?: (database: IDBDatabase) => void): Promise<IDBDatabase> {
	const request = indexedDB.open(name);
	request.onupgradeneeded = () => prepare?.(request.result);
	return settled(request);
}

export async function countRows(database: IDBDatabase): Promise<RowCounts> {
	const counts = new Map<string, number>();
	for (const table of database.objectStoreNames) {
		let rows = 0;
		if (table === 'segments') {
			for await (const { values } of batchesOf(database, table))
				for (const segment of values) rows += entriesIn(segment);
		} else rows = await settled(database.transaction(table).objectStore(table).count());
		const as = table === 'segments' ? 'entries' : table;
		counts.set(as, (counts.get(as) ?? 0) + rows);
	}
	return counts;
}

function entriesIn(segment: unknown): number {
	const isPacked = typeof segment === 'object' && segment !== null && 'entries' in segment;
	return isPacked && Array.isArray(segment.entries) ? segment.entries.length : 1;
}

/** The copy's name; undefined where there is no room for one, and then none is left half made. */
export async function copyDatabase(from: IDBDatabase, now: number): Promise<string | undefined> {
	const name = `${from.name}-before-${from.version}-${now}`;
	const tables = [...from.objectStoreNames].filter((table) => !notCopied.has(table));
	const to = await openAsIs(name, (database) => {
		for (const table of [...tables, aboutTable]) database.createObjectStore(table);
	});
	try {
		let fileBytes = 0;
		let leftOut = 0;
		for (const table of tables) {
			for await (const { keys, values } of batchesOf(from, table)) {
				const kept = keys.map((_, index) => {
					if (table !== 'blobs') return true;
					fileBytes += bytesIn(values[index]);
					if (fileBytes > maximumFileBytes) leftOut++;
					return fileBytes <= maximumFileBytes;
				});
				await putAll(to, table, keys, values, kept);
			}
		}
		// Last of all: a copy without it is none.
		const about: CopyAbout = { v: 1, madeAt: now, keptUntil: now + keptMs, leftOut, lost: [], restored: 0 };
		await putAll(to, aboutTable, [aboutTable], [about]);
		return name;
	} catch (thrown) {
		if (!(thrown instanceof DOMException) || thrown.name !== 'QuotaExceededError') throw thrown;
		to.close();
		await settled(indexedDB.deleteDatabase(name));
		return undefined;
	} finally {
		to.close();
	}
}

function bytesIn(row: unknown): number {
	const hasBytes = typeof row === 'object' && row !== null && 'bytes' in row;
	return hasBytes && row.bytes instanceof Uint8Array ? row.bytes.byteLength : 0;
}

/** How many rows of the copy the database lacked. What is there stays as it is. */
export async function putBackMissing(copyName: string, to: IDBDatabase): Promise<number> {
	const from = await openAsIs(copyName);
	let restored = 0;
	try {
		for (const table of from.objectStoreNames) {
			if (!to.objectStoreNames.contains(table)) continue;
			for await (const { keys, values } of batchesOf(from, table)) {
				const range = IDBKeyRange.bound(keys[0], keys.at(-1));
				const there = new Set(await settled(to.transaction(table).objectStore(table).getAllKeys(range)));
				const missing = keys.map((key) => !there.has(key));
				await putAll(to, table, keys, values, missing);
				restored += missing.filter(Boolean).length;
			}
		}
	} finally {
		from.close();
	}
	return restored;
}

export async function writeOutcome(copyName: string, outcome: CopyOutcome): Promise<void> {
	const copy = await openAsIs(copyName);
	try {
		const about = await readAbout(copy);
		if (about !== undefined) await putAll(copy, aboutTable, [aboutTable], [{ ...about, ...outcome }]);
	} finally {
		copy.close();
	}
}

/** The newest copy of this database. Copies that are over their time, or were never finished, go. */
export async function newestCopy(
	name: string,
	{ now, names }: { readonly now: number; readonly names: readonly string[] }
): Promise<CopyAbout | undefined> {
	let newest: CopyAbout | undefined;
	for (const copyName of names.filter((one) => one.startsWith(`${name}-before-`))) {
		const copy = await openAsIs(copyName, (database) => database.createObjectStore(aboutTable));
		const about = await readAbout(copy).finally(() => copy.close());
		// One that is not finished may be in the making, in another tab.
		const end = about?.keptUntil ?? Number(copyName.split('-').at(-1)) + unfinishedMs;
		if (!(end > now)) await settled(indexedDB.deleteDatabase(copyName));
		else if (about !== undefined && (newest === undefined || about.madeAt > newest.madeAt)) newest = about;
	}
	return newest;
}

async function readAbout(copy: IDBDatabase): Promise<CopyAbout | undefined> {
	if (!copy.objectStoreNames.contains(aboutTable)) return undefined;
	const row: unknown = await settled(copy.transaction(aboutTable).objectStore(aboutTable).get(aboutTable));
	return isAbout(row) ? row : undefined;
}

/** We wrote it: the version says which shape. */
function isAbout(row: unknown): row is CopyAbout {
	return typeof row === 'object' && row !== null && 'v' in row && row.v === 1;
}

interface Batch {
	readonly keys: readonly IDBValidKey[];
	readonly values: readonly unknown[];
}

async function* batchesOf(database: IDBDatabase, table: string): AsyncGenerator<Batch> {
	let after: IDBValidKey | undefined;
	for (;;) {
		const range = after === undefined ? null : IDBKeyRange.lowerBound(after, true);
		const store = database.transaction(table).objectStore(table);
		const [keys, values] = await Promise.all([
			settled(store.getAllKeys(range, batch)),
			settled<unknown[]>(store.getAll(range, batch))
		]);
		after = keys.at(-1);
		if (after === undefined) return;
		yield { keys, values };
	}
}

/** One transaction, durable once it resolves. `chosen` leaves out where it is false. */
function putAll(
	database: IDBDatabase,
	table: string,
	keys: readonly IDBValidKey[],
	values: readonly unknown[],
	chosen?: readonly boolean[]
): Promise<void> {
	return new Promise((resolve, reject) => {
		const transaction = database.transaction(table, 'readwrite', { durability: 'strict' });
		transaction.oncomplete = () => resolve();
		transaction.onabort = () => reject(transaction.error ?? new DOMException('Aborted', 'AbortError'));
		const store = transaction.objectStore(table);
		for (const [index, key] of keys.entries()) if (chosen?.[index] !== false) store.put(values[index], key);
	});
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		request.onsuccess = () => resolve(request.result);
		request.onerror = () =>
			reject(request.error ?? new DOMException('The database did not answer.', 'UnknownError'));
	});
}
