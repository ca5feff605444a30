/** A stream's frames in a Durable Object's SQLite. */

import { lateTables } from './late-tables';
import type { SqlStorage } from './sql';
import { takeUntil } from './frame-log';
import type { Frame, FrameStore, StreamMeta } from './frame-log';

/** Rows read at once: a reader that is far behind must not fill the object's memory. */
const page = 64;

export function createSqliteFrameStore(storage: SqlStorage): FrameStore {
	const sql = lateTables(storage, 'stream', [
		'CREATE TABLE IF NOT EXISTS stream (one INTEGER PRIMARY KEY CHECK (one = 1), meta TEXT NOT NULL)',
		'CREATE TABLE IF NOT EXISTS frames (seq INTEGER PRIMARY KEY, sealed BLOB NOT NULL)'
	]);
	/** As it was last written: an append alone changes nothing in it that the frames do not say themselves. */
	let written: StreamMeta | undefined;
	return {
		meta() {
			for (const row of sql.exec('SELECT meta FROM stream')) {
				// Written below and by nobody else: one shape, one version.
				const meta: StreamMeta = JSON.parse(String(row.meta));
				written = meta;
				let { seq, bytes } = meta;
				for (const later of sql.exec(
					'SELECT max(seq) AS seq, sum(length(sealed)) AS bytes FROM frames WHERE seq > ?',
					meta.seq
				)) {
					seq = Math.max(seq, Number(later.seq ?? 0));
					bytes += Number(later.bytes ?? 0);
				}
				return { ...meta, seq, bytes };
			}
			return undefined;
		},
		after(seq, maxBytes) {
			const frames: Frame[] = [];
			for (const row of sql.exec(
				'SELECT seq, sealed FROM frames WHERE seq > ? ORDER BY seq LIMIT ?',
				seq,
				page
			)) {
				if (row.sealed instanceof ArrayBuffer)
					frames.push({ seq: Number(row.seq), sealed: new Uint8Array(row.sealed) });
			}
			return takeUntil(frames, maxBytes);
		},
		// Without an await in between, a Durable Object's writes are one transaction.
		write(meta, frames) {
			for (const { seq, sealed } of frames)
				sql.exec('INSERT OR REPLACE INTO frames (seq, sealed) VALUES (?, ?)', seq, sealed);
			// One page to disk for a piece of an answer, not two.
			if (written?.first === meta.first && written.state === meta.state && written.epoch === meta.epoch)
				return;
			if (meta.first > (written?.first ?? 1)) sql.exec('DELETE FROM frames WHERE seq < ?', meta.first);
			written = meta;
			sql.exec('INSERT OR REPLACE INTO stream (one, meta) VALUES (1, ?)', JSON.stringify(meta));
		},
		clear() {
			written = undefined;
			sql.exec('DELETE FROM frames');
			sql.exec('DELETE FROM stream');
		}
	};
}
