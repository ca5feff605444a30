/** A box of backups, or a home's count of bytes a day, in a Durable Object's SQLite. */

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

/** False where the day's bytes are spent. Keeps one number, and nothing of what they were for. */
export function spendBytes(
	sql: SqlStorage,
	{ day, bytes, limit }: { readonly day: number; readonly bytes: number; readonly limit: number }
): boolean {
	sql.exec('CREATE TABLE IF NOT EXISTS spent (day INTEGER PRIMARY KEY, bytes INTEGER NOT NULL)');
	sql.exec('DELETE FROM spent WHERE day < ?', day);
	let spent = 0;
	for (const row of sql.exec('SELECT bytes FROM spent WHERE day = ?', day)) spent = Number(row['bytes']);
	if (spent + bytes > limit) return false;
	sql.exec('INSERT OR REPLACE INTO spent (day, bytes) VALUES (?, ?)', day, spent + bytes);
	return true;
}
