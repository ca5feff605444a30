/** The log of a live share in a Durable Object's SQLite. What is written here was parsed before. */

import { lateTables } from '../hub/late-tables';
import type { SqlStorage } from '../hub/sql';
import type { LiveMeta, LiveStore } from './live-log';

const tables = [
	'CREATE TABLE IF NOT EXISTS live (one INTEGER PRIMARY KEY CHECK (one = 1), meta TEXT NOT NULL)',
	'CREATE TABLE IF NOT EXISTS frames (seq INTEGER PRIMARY KEY, frame TEXT NOT NULL)',
	'CREATE TABLE IF NOT EXISTS words (place INTEGER PRIMARY KEY AUTOINCREMENT, word TEXT NOT NULL)',
	'CREATE TABLE IF NOT EXISTS writers (visitor TEXT PRIMARY KEY, n INTEGER NOT NULL, at INTEGER NOT NULL)'
];

export function createSqliteLiveStore(storage: SqlStorage): LiveStore & { drop(): void } {
	const sql = lateTables(storage, 'live', tables);
	const text = (query: string, column: string, ...bindings: (string | number)[]): string | undefined => {
		for (const row of sql.exec(query, ...bindings)) return String(row[column]);
		return undefined;
	};
	return {
		live() {
			const stored = text('SELECT meta FROM live', 'meta');
			if (stored === undefined) return undefined;
			const meta: LiveMeta = JSON.parse(stored);
			return meta;
		},
		setLive(meta) {
			sql.exec('INSERT OR REPLACE INTO live (one, meta) VALUES (1, ?)', JSON.stringify(meta));
		},
		addFrame(seq, frame) {
			sql.exec('INSERT INTO frames (seq, frame) VALUES (?, ?)', seq, frame);
		},
		frame: (seq) => text('SELECT frame FROM frames WHERE seq = ?', 'frame', seq),
		dropFrames() {
			sql.exec('DELETE FROM frames');
		},
		writer(from) {
			for (const row of sql.exec('SELECT n, at FROM writers WHERE visitor = ?', from))
				return { n: Number(row['n']), at: Number(row['at']) };
			return undefined;
		},
		setWriter(from, n, at) {
			sql.exec('INSERT OR REPLACE INTO writers (visitor, n, at) VALUES (?, ?, ?)', from, n, at);
		},
		writers: () => Number(text('SELECT COUNT(*) AS n FROM writers', 'n') ?? 0),
		addWord(word) {
			sql.exec('INSERT INTO words (word) VALUES (?)', word);
			return Number(text('SELECT MAX(place) AS place FROM words', 'place') ?? 0);
		},
		words: (after) =>
			[...sql.exec('SELECT place, word FROM words WHERE place > ? ORDER BY place', after)].map((row) => ({
				place: Number(row['place']),
				text: String(row['word'])
			})),
		dropWords(upTo) {
			sql.exec('DELETE FROM words WHERE place <= ?', upTo);
		},
		drop() {
			for (const table of ['live', 'frames', 'words', 'writers']) sql.exec(`DELETE FROM ${table}`);
		}
	};
}
