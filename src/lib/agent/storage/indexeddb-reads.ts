/**
 * Reads on one IndexedDB connection. A row that the browser cannot give back (a lost file
 * behind a large value, a failed clone) reads as `undefined` in a list and never breaks it.
 */

import type { AppError } from '../../wire/errors';
import { boundsOf, checkKey, gone, type Bounds } from './rules';
import type { RangeQuery, StoredRow, Table } from './store';
import { storageError } from './storage-error';

export function readOne(database: IDBDatabase | null, table: Table, key: string): Promise<unknown> {
	checkKey(key);
	return new Promise((resolve, reject) => {
		const request = open(database, table).get(key);
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(storageError(request.error));
	});
}

export function readMany(
	database: IDBDatabase | null,
	table: Table,
	keys: readonly string[]
): Promise<unknown[]> {
	keys.forEach(checkKey);
	if (keys.length === 0) return Promise.resolve([]);
	return new Promise((resolve, reject) => readEach(open(database, table), keys, resolve, reject));
}

export function readRange(
	database: IDBDatabase | null,
	table: Table,
	query: RangeQuery
): Promise<StoredRow[]> {
	const bounds = boundsOf(query);
	if (bounds === null) return Promise.resolve([]);
	const range = keyRange(bounds);
	const { limit } = query;
	return new Promise((resolve, reject) => {
		const store = open(database, table);
		const zip = (keys: readonly IDBValidKey[], rows: readonly unknown[]): void => {
			const found = keys.map((key, index) => ({ key: String(key), row: rows[index] }));
			resolve(query.reverse === true && limit === undefined ? found.reverse() : found);
		};
		if (query.reverse === true && limit !== undefined) {
			lastKeys(
				store,
				range,
				limit,
				(keys) => readEach(store, keys, (rows) => zip(keys, rows), reject),
				reject
			);
			return;
		}
		const keys = store.getAllKeys(range, limit);
		keys.onerror = () => reject(storageError(keys.error));
		const rows = store.getAll(range, limit);
		rows.onsuccess = () => zip(keys.result, rows.result);
		rows.onerror = (event) => {
			// One row spoils `getAll`: read them one by one, in the same transaction.
			event.preventDefault();
			event.stopPropagation();
			const names = keys.result.map(String);
			readEach(store, names, (each) => zip(names, each), reject);
		};
	});
}

function open(database: IDBDatabase | null, table: Table): IDBObjectStore {
	if (database === null) throw gone();
	try {
		const transaction = database.transaction(table, 'readonly');
		return transaction.objectStore(table);
	} catch (thrown) {
		throw storageError(thrown);
	}
}

function readEach(
	store: IDBObjectStore,
	keys: readonly string[],
	resolve: (rows: unknown[]) => void,
	reject: (error: AppError) => void
): void {
	const rows: unknown[] = new Array<unknown>(keys.length).fill(undefined);
	let left = keys.length;
	if (left === 0) resolve(rows);
	store.transaction.onabort = () => reject(storageError(store.transaction.error ?? gone()));
	keys.forEach((key, index) => {
		const request = store.get(key);
		const settle = (): void => {
			left--;
			if (left === 0) resolve(rows);
		};
		request.onsuccess = () => {
			rows[index] = request.result;
			settle();
		};
		request.onerror = (event) => {
			event.preventDefault();
			event.stopPropagation();
			settle();
		};
	});
}

function lastKeys(
	store: IDBObjectStore,
	range: IDBKeyRange | null,
	limit: number,
	resolve: (keys: string[]) => void,
	reject: (error: AppError) => void
): void {
	const keys: string[] = [];
	const request = store.openKeyCursor(range, 'prev');
	request.onerror = () => reject(storageError(request.error));
	request.onsuccess = () => {
		const cursor = request.result;
		if (cursor === null || keys.length >= limit) {
			resolve(keys);
			return;
		}
		keys.push(String(cursor.key));
		if (keys.length >= limit) resolve(keys);
		else cursor.continue();
	};
}

function keyRange({ lower, upper }: Bounds): IDBKeyRange | null {
	if (lower !== undefined && upper !== undefined) return IDBKeyRange.bound(lower, upper, false, true);
	if (lower !== undefined) return IDBKeyRange.lowerBound(lower);
	if (upper !== undefined) return IDBKeyRange.upperBound(upper, true);
	return null;
}
