/** A box of backups in a Durable Object's SQLite. */

import { lateTables } from '../hub/late-tables';
import type { SqlStorage } from '../hub/sql';
import { createSqlitePieces } from '../sealed/sqlite-pieces';
import type { BoxMeta, BoxStore } from './backup-box';

export function createSqliteBox(storage: SqlStorage): BoxStore {
	const sql = lateTables(storage, 'box', [
		'CREATE TABLE IF NOT EXISTS box (one INTEGER PRIMARY KEY CHECK (one = 1), meta TEXT NOT NULL)'
	]);
	return {
		meta() {
			for (const row of sql.exec('SELECT meta FROM box')) {
				// Written below and by nobody else: one shape, one version.
				const meta: BoxMeta = JSON.parse(String(row['meta']));
				return meta;
			}
			return undefined;
		},
		setMeta(meta) {
			sql.exec('INSERT OR REPLACE INTO box (one, meta) VALUES (1, ?)', JSON.stringify(meta));
		},
		slot: (index) => createSqlitePieces(storage, `slot${index}`)
	};
}
