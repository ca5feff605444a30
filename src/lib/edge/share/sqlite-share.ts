/** A share, or an address's list of shares, in a Durable Object's SQLite. */

import { lateTables } from '../hub/late-tables';
import type { SqlStorage } from '../hub/sql';
import { createSqlitePieces } from '../sealed/sqlite-pieces';
import { hourMs, type CountStore } from './share-count';
import type { ShareMeta, ShareStore } from './share-record';

export function createSqliteShareStore(storage: SqlStorage): ShareStore {
	const sql = lateTables(storage, 'share', [
		'CREATE TABLE IF NOT EXISTS share (one INTEGER PRIMARY KEY CHECK (one = 1), meta TEXT NOT NULL)'
	]);
	return {
		pieces: createSqlitePieces(storage, 'pieces'),
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

export function createSqliteCountStore(storage: SqlStorage): CountStore {
	const sql = lateTables(storage, 'living', [
		'CREATE TABLE IF NOT EXISTS living (share TEXT PRIMARY KEY, until INTEGER NOT NULL)',
		'CREATE TABLE IF NOT EXISTS made (n INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL)'
	]);
	const first = (query: string, ...bindings: number[]): number => {
		for (const row of sql.exec(query, ...bindings)) return Number(row['n'] ?? 0);
		return 0;
	};
	return {
		living: (now) => first('SELECT COUNT(*) AS n FROM living WHERE until > ?', now),
		last() {
			const until = first('SELECT MAX(until) AS n FROM living');
			return until === 0 ? undefined : until;
		},
		add(shareId, expiresAt) {
			sql.exec('INSERT OR REPLACE INTO living (share, until) VALUES (?, ?)', shareId, expiresAt);
		},
		drop(shareId) {
			sql.exec('DELETE FROM living WHERE share = ?', shareId);
		},
		made: (after) => first('SELECT COUNT(*) AS n FROM made WHERE at > ?', after),
		noteMade(at) {
			sql.exec('INSERT INTO made (at) VALUES (?)', at);
		},
		forget(now) {
			sql.exec('DELETE FROM living WHERE until <= ?', now);
			sql.exec('DELETE FROM made WHERE at <= ?', now - hourMs);
		}
	};
}
