/**
 * The store port on IndexedDB. Dexie opens the database and adds its tables; reads and commits
 * are raw transactions on Dexie's own connection, because that is where the speed is.
 * This folder is the only one that knows Dexie.
 */

import Dexie from 'dexie';
import { createCommitQueue } from './commit-queue';
import { readMany, readOne, readRange } from './indexeddb-reads';
import { storageError } from './storage-error';
import type { Store, Table } from './store';
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
	const dexie = new Dexie(options.name, { chromeTransactionDurability: 'strict', autoOpen: false });
	declareVersions(dexie, options.versions ?? databaseVersions);
	let database: IDBDatabase | null = null;
	const queue = createCommitQueue(() => database);

	function shut(): void {
		database = null;
		dexie.close();
	}

	dexie.on('blocked', () => options.onBlocked?.());
	dexie.on('versionchange', () => {
		void queue.finish().then(() => {
			shut();
			options.onVersionChange();
		});
		// Stops Dexie's own handler, which would close before the waiting commits are in.
		return false;
	});
	try {
		await dexie.open();
		database = dexie.backendDB();
	} catch (thrown) {
		dexie.close();
		throw storageError(thrown);
	}
	database.addEventListener('close', () => {
		database = null;
		options.onClosed();
	});

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

/** Each version declares the tables it adds, with out-of-line keys; Dexie keeps those of earlier versions. */
function declareVersions(dexie: Dexie, versions: readonly DatabaseVersion[]): void {
	for (const { version, adds } of versions) {
		const schema: Partial<Record<Table, string>> = {};
		for (const table of adds) schema[table] = '';
		dexie.version(version).stores(schema);
	}
}
