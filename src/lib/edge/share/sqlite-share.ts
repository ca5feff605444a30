/** A share, or an address's list of shares, in a Durable Object's SQLite. */

import type { SqlStorage } from '../hub/sql';
import { createSqlitePieces } from '../sealed/sqlite-pieces';
import type { CountStore } from './share-count';
import type { ShareMeta, ShareStore } from './share-record';

export function createSqliteShareStore(sql: SqlStorage): ShareStore {
	sql.exec('CREATE TABLE IF NOT EXISTS share (one INTEGER PRIMARY KEY CHECK (one = 1), meta TEXT NOT NULL)');
	return {
		pieces: createSqlitePieces(sql, 'pieces'),
		meta() {
			for (const row of sql.exec('SELECT meta FROM share')) {
				// Written below and by nobody else: one shape, one version.
				const meta: ShareMeta = JSON.parse(String(row['meta']));
				return meta;
			}
			return undefined;
		},
		setMeta(meta) {
			sql.exec('INSERT OR REPLACE INTO share (one, meta) VALUES (1, ?)', JSON.stringify(meta));
		}
	};
}

export function createSqliteCountStore(sql: SqlStorage): CountStore {
	sql.exec('CREATE TABLE IF NOT EXISTS living (share TEXT PRIMARY KEY, until INTEGER NOT NULL)');
	return {
		living(now) {
			for (const row of sql.exec('SELECT COUNT(*) AS n FROM living WHERE until > ?', now))
				return Number(row['n']);
			return 0;
		},
		add(shareId, expiresAt) {
			sql.exec('INSERT OR REPLACE INTO living (share, until) VALUES (?, ?)', shareId, expiresAt);
		},
		drop(shareId) {
			sql.exec('DELETE FROM living WHERE share = ?', shareId);
		},
		forget(now) {
			sql.exec('DELETE FROM living WHERE until <= ?', now);
		}
	};
}
