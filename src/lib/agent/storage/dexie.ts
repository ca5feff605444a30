/**
 * The store port on IndexedDB. Dexie moves a database of an older version up; opening, reads and
 * commits are IndexedDB's own, because that is where the speed is, and because Dexie is two fifths of
 * what the worker may weigh: it is a chunk that loads when there is something to move.
 * This folder is the only one that knows Dexie.
 */

import { createCommitQueue } from './commit-queue';
import { readMany, readOne, readRange } from './indexeddb-reads';
import { storageError } from './storage-error';
import type { Store } from './store';
import { databaseVersions, type DatabaseVersion } from './versions';

export interface DexieStoreOptions {
	readonly name: string;
	/** Another tab has a newer build, or clears the data: the store has finished its commits and is closed. */
	readonly onVersionChange: () => void;
	/** The browser closed the connection (cleared data, ran out of room). */
	readonly onClosed: () => void;
	/** An older tab holds the database while this one wants to add a table. */
	readonly onBlocked?: () => void;
	/** Only for tests. */
	readonly versions?: readonly DatabaseVersion[];
}

/**
 * Opens or creates the database. A database of a newer build opens as it is: whether it may be
 * written is said by `meta/schema`. Throws AppError `storage/gone`, `storage/quota-exceeded`, `storage/failed`.
 */
export async function openDexieStore(options: DexieStoreOptions): Promise<Store> {
	const connection = await connect(options).catch((thrown: unknown) => {
		throw storageError(thrown);
	});
	let database: IDBDatabase | null = connection;
	const queue = createCommitQueue(() => database);

	function shut(): void {
		database = null;
		connection.close();
	}

	connection.onversionchange = () => {
		void queue.finish().then(() => {
			shut();
			options.onVersionChange();
		});
	};
	connection.onclose = () => {
		database = null;
		options.onClosed();
	};

	return {
		get: async (table, key) => readOne(database, table, key),
		getMany: async (table, keys) => readMany(database, table, keys),
		range: async (table, query) => readRange(database, table, query),
		commit: (commit) => queue.commit(commit),
		close() {
			void queue.finish().then(shut);
		}
	};
}

/** Dexie keeps ten numbers free between its versions. */
const perVersion = 10;

async function connect(options: DexieStoreOptions): Promise<IDBDatabase> {
	const versions = options.versions ?? databaseVersions;
	const newest = Math.max(...versions.map(({ version }) => version));
	const opened = await openNow(options.name, newest * perVersion, versions);
	if (opened !== 'older') return opened;
	const { upgradeDatabase } = await import('./upgrade');
	await upgradeDatabase({ name: options.name, versions, onBlocked: options.onBlocked });
	return connect(options);
}

/** `older`: there is one that lacks tables, left as it was. */
function openNow(
	name: string,
	version: number | undefined,
	versions: readonly DatabaseVersion[]
): Promise<IDBDatabase | 'older'> {
	return new Promise((resolve, reject) => {
		let isOlder = false;
		const request = indexedDB.open(name, version);
		request.onupgradeneeded = ({ oldVersion }) => {
			if (oldVersion > 0) {
				isOlder = true;
				request.transaction?.abort();
				return;
			}
			// Keys are out of line in every table, as in an upgrade.
			for (const table of versions.flatMap(({ adds }) => adds)) request.result.createObjectStore(table);
		};
		request.onsuccess = () => {
			resolve(request.result);
		};
		request.onerror = () => {
			if (isOlder) resolve('older');
			else if (request.error?.name === 'VersionError' && version !== undefined)
				openNow(name, undefined, versions).then(resolve, reject);
			else reject(request.error ?? new DOMException('The database did not open.', 'UnknownError'));
		};
	});
}
