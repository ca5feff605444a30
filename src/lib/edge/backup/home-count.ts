/**
 * What a home sent to this relay today, and what its boxes hold together, in a Durable Object's SQLite. A box stands in
 * it by the platform's own name for its object, which leads nobody there.
 */

import { backupLimits } from '../../wire/backup-api';
import { lateTables } from '../hub/late-tables';
import type { SqlStorage } from '../hub/sql';

export interface HomeCount {
	/** Takes room for what is to come. `spent`: for today; `full`: until something is forgotten. */
	reserve(box: string, bytes: number): 'yes' | 'spent' | 'full';
	/** All that a box holds now, instead of what was reserved. */
	hold(box: string, bytes: number): void;
}

const dayMs = 24 * 60 * 60 * 1000;

export function createHomeCount(storage: SqlStorage, now: () => number): HomeCount {
	const sql = lateTables(storage, 'held', [
		'CREATE TABLE IF NOT EXISTS spent (day INTEGER PRIMARY KEY, bytes INTEGER NOT NULL)',
		'CREATE TABLE IF NOT EXISTS held (box TEXT PRIMARY KEY, bytes INTEGER NOT NULL)'
	]);
	const sum = (query: string, ...bindings: (string | number)[]): number => {
		for (const row of sql.exec(query, ...bindings)) return Number(row['bytes'] ?? 0);
		return 0;
	};
	function hold(box: string, bytes: number): void {
		if (bytes === 0) sql.exec('DELETE FROM held WHERE box = ?', box);
		else sql.exec('INSERT OR REPLACE INTO held (box, bytes) VALUES (?, ?)', box, bytes);
	}
	return {
		reserve(box, bytes) {
			const day = Math.floor(now() / dayMs);
			const spent = sum('SELECT bytes FROM spent WHERE day = ?', day) + bytes;
			if (spent > backupLimits.bytesPerDay) return 'spent';
			if (sum('SELECT SUM(bytes) AS bytes FROM held') + bytes > backupLimits.bytesPerHome) return 'full';
			sql.exec('DELETE FROM spent WHERE day < ?', day);
			sql.exec('INSERT OR REPLACE INTO spent (day, bytes) VALUES (?, ?)', day, spent);
			hold(box, sum('SELECT bytes FROM held WHERE box = ?', box) + bytes);
			return 'yes';
		},
		hold
	};
}
