/** Pieces in a table of a Durable Object's SQLite. */

import { lateTables } from '../hub/late-tables';
import type { SqlStorage } from '../hub/sql';
import type { Pieces } from './pieces';

/** @param table one of ours: it becomes part of the statements. */
export function createSqlitePieces(storage: SqlStorage, table: string): Pieces {
	const sql = lateTables(storage, table, [
		`CREATE TABLE IF NOT EXISTS ${table} (at INTEGER PRIMARY KEY, sealed BLOB NOT NULL)`
	]);
	return {
		add(piece) {
			sql.exec(`INSERT INTO ${table} (at, sealed) SELECT COALESCE(MAX(at) + 1, 0), ? FROM ${table}`, piece);
		},
		piece(index) {
			for (const row of sql.exec(`SELECT sealed FROM ${table} WHERE at = ?`, index))
				if (row['sealed'] instanceof ArrayBuffer) return new Uint8Array(row['sealed']);
			return undefined;
		},
		drop() {
			sql.exec(`DELETE FROM ${table}`);
		}
	};
}
