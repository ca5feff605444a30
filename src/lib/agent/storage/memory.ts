/**
 * The store port in memory: for tests, and for temporary sessions, which leave no trace.
 * Rows are cloned on the way in and out, as a database would.
 */

import { AppError, toAppError } from '../../wire/errors';
import { boundsOf, checkCommit, checkKey, conflict, epochOf, gone, holds, staleEpoch } from './rules';
import type { Commit, RangeQuery, Row, Store, StoredRow, Table } from './store';

interface MemoryTable {
	readonly rows: Map<string, Row>;
	/** Every key of `rows`, ascending. */
	readonly keys: string[];
}

export function createMemoryStore(): Store {
	const content = new Map<Table, MemoryTable>();
	let isClosed = false;

	function tableOf(table: Table): MemoryTable {
		let found = content.get(table);
		if (found === undefined) content.set(table, (found = { rows: new Map(), keys: [] }));
		return found;
	}

	function check(): void {
		if (isClosed) throw gone();
	}

	function readRow(table: Table, key: string): unknown {
		const row = tableOf(table).rows.get(key);
		return copy(row);
	}

	function write(commit: Commit): void {
		check();
		checkCommit(commit);
		const stored = epochOf(tableOf('meta').rows.get('epoch'));
		if (stored !== commit.epoch) throw staleEpoch(commit.epoch, stored);
		for (const expectation of commit.expect ?? []) {
			const row = tableOf(expectation.table).rows.get(expectation.key);
			if (!holds(expectation, row)) throw conflict(expectation);
		}
		// Cloned before anything is touched: a row that cannot be cloned fails the whole commit.
		const puts = (commit.put ?? []).map((put) => ({ ...put, row: cloneRow(put.row) }));
		for (const { table, key } of commit.delete ?? []) remove(tableOf(table), key);
		for (const { table, key, row } of puts) insert(tableOf(table), key, row);
	}

	return {
		async get(table, key) {
			check();
			checkKey(key);
			return readRow(table, key);
		},
		async getMany(table, keys) {
			check();
			keys.forEach(checkKey);
			return keys.map((key) => readRow(table, key));
		},
		async range(table, query) {
			check();
			const { rows } = tableOf(table);
			const found: StoredRow[] = [];
			for (const key of keysIn(tableOf(table), query)) {
				found.push({ key, row: copy(rows.get(key)) });
			}
			return found;
		},
		async commit(commit) {
			write(commit);
		},
		close() {
			isClosed = true;
		}
	};
}

function keysIn(table: MemoryTable, query: RangeQuery): string[] {
	const bounds = boundsOf(query);
	if (bounds === null) return [];
	const start = bounds.lower === undefined ? 0 : placeOf(table.keys, bounds.lower);
	const end = bounds.upper === undefined ? table.keys.length : placeOf(table.keys, bounds.upper);
	const count = Math.min(query.limit ?? Infinity, end - start);
	if (count <= 0) return [];
	return query.reverse === true
		? table.keys.slice(end - count, end).reverse()
		: table.keys.slice(start, start + count);
}

/** Index of the first key that is not below `key`. */
function placeOf(keys: readonly string[], key: string): number {
	let low = 0;
	let high = keys.length;
	while (low < high) {
		const middle = (low + high) >>> 1;
		if ((keys[middle] ?? '') < key) low = middle + 1;
		else high = middle;
	}
	return low;
}

function insert(table: MemoryTable, key: string, row: Row): void {
	if (!table.rows.has(key)) {
		const last = table.keys.at(-1);
		if (last === undefined || last < key) table.keys.push(key);
		else table.keys.splice(placeOf(table.keys, key), 0, key);
	}
	table.rows.set(key, row);
}

function remove(table: MemoryTable, key: string): void {
	if (table.rows.delete(key)) table.keys.splice(placeOf(table.keys, key), 1);
}

const deepest = 64;

/** As a database would give it back. Plain JSON, which nearly every row is, is copied by hand: five times as fast. */
function copy(value: unknown): unknown {
	const plain = copyPlain(value, 0);
	return plain === notPlain ? structuredClone(value) : plain;
}

/** Stands for: something here only the platform's own cloning copies (or refuses) as a database would. */
const notPlain = Symbol('not plain');

function copyPlain(value: unknown, depth: number): unknown {
	if (typeof value !== 'object' || value === null) {
		return typeof value === 'function' || typeof value === 'symbol' ? notPlain : value;
	}
	// Too deep, or a circle.
	if (depth > deepest) return notPlain;
	if (Array.isArray(value)) {
		const items: readonly unknown[] = value;
		const made: unknown[] = [];
		for (const item of items) {
			const one = copyPlain(item, depth + 1);
			if (one === notPlain) return notPlain;
			made.push(one);
		}
		return made;
	}
	if (!isPlain(value)) return notPlain;
	const made: Record<string, unknown> = {};
	for (const name of Object.keys(value)) {
		if (name === '__proto__') return notPlain;
		const one = copyPlain(value[name], depth + 1);
		if (one === notPlain) return notPlain;
		made[name] = one;
	}
	return made;
}

function isPlain(value: object): value is Record<string, unknown> {
	return Object.getPrototypeOf(value) === Object.prototype;
}

function cloneRow(row: Row): Row {
	try {
		const copied = copy(row);
		if (typeof copied === 'object' && copied !== null) return copied;
		throw new AppError('storage/failed');
	} catch (thrown) {
		throw new AppError('storage/failed', { cause: thrown, data: toAppError(thrown).data ?? null });
	}
}
