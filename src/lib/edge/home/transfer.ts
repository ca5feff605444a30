/**
 * How many bytes from elsewhere one principal may have brought to it a day (UTC; trust.md C13). Reserved at the
 * most before a request goes out, and what was not needed is given back when it ends: who is cut off in between
 * has counted too much, never too little.
 */

import type { SqlStorage } from '../hub/sql';
import type { Refusal } from './buckets';

export interface Transfer {
	/** Undefined where it may go on. */
	reserve(principal: string, bytes: number, now: number): Refusal | undefined;
	giveBack(principal: string, bytes: number, reservedAt: number): void;
}

export const bytesPerDay = 1024 ** 3;
const dayMs = 86_400_000;

export function createTransfer(sql: SqlStorage): Transfer {
	sql.exec(
		'CREATE TABLE IF NOT EXISTS transfer (day INTEGER NOT NULL, principal TEXT NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (day, principal))'
	);
	const dayOf = (now: number): number => Math.floor(now / dayMs);
	return {
		reserve(principal, bytes, now) {
			const day = dayOf(now);
			const [row] = sql.exec('SELECT bytes FROM transfer WHERE day = ? AND principal = ?', day, principal);
			const next = Number(row?.['bytes'] ?? 0) + bytes;
			if (next > bytesPerDay) return { retryAfter: Math.ceil(((day + 1) * dayMs - now) / 1000) };
			if (row === undefined) sql.exec('DELETE FROM transfer WHERE day < ?', day);
			sql.exec(
				'INSERT OR REPLACE INTO transfer (day, principal, bytes) VALUES (?, ?, ?)',
				day,
				principal,
				next
			);
			return undefined;
		},
		giveBack(principal, bytes, reservedAt) {
			sql.exec(
				'UPDATE transfer SET bytes = MAX(0, bytes - ?) WHERE day = ? AND principal = ?',
				bytes,
				dayOf(reservedAt),
				principal
			);
		}
	};
}
