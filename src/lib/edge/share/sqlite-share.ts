/** A share, or an address's list of shares, in a Durable Object's SQLite. */

import type { SqlStorage } from '../hub/sql';
import type { CountStore } from './share-count';
import type { ShareMeta, ShareStore } from './share-record';

export function createSqliteShareStore(sql: SqlStorage): ShareStore {
	sql.exec('CREATE TABLE IF NOT EXISTS share (one INTEGER PRIMARY KEY CHECK (one = 1), meta TEXT NOT NULL)');
	sql.exec('CREATE TABLE IF NOT EXISTS pieces (at INTEGER PRIMARY KEY, sealed BLOB NOT NULL)');
	return {
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
		},
		addPiece(piece) {
			sql.exec('INSERT INTO pieces (at, sealed) SELECT COALESCE(MAX(at) + 1, 0), ? FROM pieces', piece);
		},
		piece(index) {
			for (const row of sql.exec('SELECT sealed FROM pieces WHERE at = ?', index))
				if (row['sealed'] instanceof ArrayBuffer) return new Uint8Array(row['sealed']);
			return undefined;
		},
		dropPieces() {
			sql.exec('DELETE FROM pieces');
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
