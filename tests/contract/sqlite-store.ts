/**
 * The store port on Node's own SQLite. Only for tests: it proves that the port fits SQLite,
 * as a Durable Object and the companion will need. Rows are JSON; bytes are tagged base64.
 */

import { DatabaseSync } from 'node:sqlite';
import { AppError } from '../../src/lib/wire/errors';
import {
	boundsOf,
	checkCommit,
	checkKey,
	conflict,
	epochOf,
	gone,
	holds,
	staleEpoch
} from '../../src/lib/agent/storage/rules';
import type { Commit, RangeQuery, Store, StoredRow, Table } from '../../src/lib/agent/storage/store';

export function openSqliteStore(path: string): Store & { readonly database: DatabaseSync } {
	const database = new DatabaseSync(path);
	database.exec(
		'create table if not exists rows (name text not null, key text not null collate binary, value text not null, primary key (name, key)) without rowid'
	);
	const select = database.prepare('select value from rows where name = ? and key = ?');
	const upsert = database.prepare(
		'insert into rows (name, key, value) values (?, ?, ?) on conflict (name, key) do update set value = excluded.value'
	);
	const remove = database.prepare('delete from rows where name = ? and key = ?');

	function check(): void {
		if (!database.isOpen) throw gone();
	}

	function read(table: Table, key: string): unknown {
		checkKey(key);
		const found = select.get(table, key);
		return found === undefined ? undefined : decode(String(found.value));
	}

	function write(commit: Commit): void {
		check();
		checkCommit(commit);
		database.exec('begin immediate');
		try {
			const stored = epochOf(read('meta', 'epoch'));
			if (stored !== commit.epoch) throw staleEpoch(commit.epoch, stored);
			for (const expectation of commit.expect ?? []) {
				if (!holds(expectation, read(expectation.table, expectation.key))) throw conflict(expectation);
			}
			for (const { table, key } of commit.delete ?? []) remove.run(table, key);
			for (const { table, key, row } of commit.put ?? []) upsert.run(table, key, encode(row));
			database.exec('commit');
		} catch (thrown) {
			if (database.isTransaction) database.exec('rollback');
			throw sqliteError(thrown);
		}
	}

	return {
		database,
		async get(table, key) {
			check();
			return read(table, key);
		},
		async getMany(table, keys) {
			check();
			return keys.map((key) => read(table, key));
		},
		async range(table, query) {
			check();
			return rangeOf(database, table, query);
		},
		async commit(commit) {
			write(commit);
		},
		close() {
			if (database.isOpen) database.close();
		}
	};
}

function rangeOf(database: DatabaseSync, table: Table, query: RangeQuery): StoredRow[] {
	const bounds = boundsOf(query);
	if (bounds === null) return [];
	const conditions = ['name = ?'];
	const values: string[] = [table];
	if (bounds.lower !== undefined) {
		conditions.push('key >= ?');
		values.push(bounds.lower);
	}
	if (bounds.upper !== undefined) {
		conditions.push('key < ?');
		values.push(bounds.upper);
	}
	const order = query.reverse === true ? 'desc' : 'asc';
	const limit = query.limit === undefined ? '' : ` limit ${Math.floor(query.limit)}`;
	return database
		.prepare(`select key, value from rows where ${conditions.join(' and ')} order by key ${order}${limit}`)
		.all(...values)
		.map(({ key, value }) => ({ key: String(key), row: decode(String(value)) }));
}

const bytesTag = '$bytes';

function encode(row: object): string {
	return JSON.stringify(row, (_, value: unknown) => {
		if (typeof value === 'function') throw new TypeError('A function cannot be stored.');
		return value instanceof Uint8Array ? { [bytesTag]: Buffer.from(value).toString('base64') } : value;
	});
}

/** A row that cannot be read is `undefined` and breaks no list. */
function decode(text: string): unknown {
	try {
		const row: unknown = JSON.parse(text, (_, value: unknown) => {
			if (typeof value !== 'object' || value === null || !(bytesTag in value)) return value;
			return new Uint8Array(Buffer.from(String(value[bytesTag]), 'base64'));
		});
		return row;
	} catch {
		return undefined;
	}
}

function sqliteError(thrown: unknown): AppError {
	if (thrown instanceof AppError) return thrown;
	const text = thrown instanceof Error ? thrown.message : '';
	const id = text.includes('full') ? 'storage/quota-exceeded' : 'storage/failed';
	return new AppError(id, { cause: thrown });
}
