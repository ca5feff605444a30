/** How many requests went how, by the minute for a day; and whether so many fail that somebody should know. */

import type { SqlStorage } from '../hub/sql';

export type Counts = Readonly<Record<string, number>>;

export interface Counters {
	add(counts: Counts): void;
	/** To storage; true where there was something to write. */
	flush(now: number): boolean;
	/** Sums of the last so many minutes, unflushed ones included. */
	sum(minutes: number, now: number): Counts;
	/** Whether it is time to say so: at least 20 requests in five minutes, half of them failed, and not said in the last quarter of an hour. */
	shouldAlert(now: number): boolean;
}

const keptMinutes = 24 * 60;
const quietMs = 15 * 60_000;
export const alertWindowMinutes = 5;
const minimumRequests = 20;
const maximumShare = 0.5;

export function isFailing(counts: Counts): boolean {
	const entries = Object.entries(counts);
	const all = entries.reduce((sum, [, count]) => sum + count, 0);
	const failed = entries.reduce((sum, [name, count]) => (name.endsWith('.failed') ? sum + count : sum), 0);
	return all >= minimumRequests && failed / all >= maximumShare;
}

export function createCounters(sql: SqlStorage): Counters {
	sql.exec(
		'CREATE TABLE IF NOT EXISTS counters (minute INTEGER NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (minute, name))'
	);
	let fresh = new Map<string, number>();
	let alertedAt = 0;
	const minuteOf = (now: number): number => Math.floor(now / 60_000);

	function sum(minutes: number, now: number): Counts {
		const sums = new Map(fresh);
		const rows = sql.exec(
			'SELECT name, SUM(n) AS n FROM counters WHERE minute > ? GROUP BY name',
			minuteOf(now) - minutes
		);
		for (const { name, n } of rows) sums.set(String(name), (sums.get(String(name)) ?? 0) + Number(n));
		return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
	}
	return {
		add(counts) {
			for (const [name, count] of Object.entries(counts)) fresh.set(name, (fresh.get(name) ?? 0) + count);
		},
		flush(now) {
			if (fresh.size === 0) return false;
			const minute = minuteOf(now);
			for (const [name, count] of fresh) {
				sql.exec(
					'INSERT INTO counters (minute, name, n) VALUES (?, ?, ?) ON CONFLICT (minute, name) DO UPDATE SET n = n + excluded.n',
					minute,
					name,
					count
				);
			}
			sql.exec('DELETE FROM counters WHERE minute < ?', minute - keptMinutes);
			fresh = new Map();
			return true;
		},
		sum,
		shouldAlert(now) {
			if (now - alertedAt < quietMs || !isFailing(sum(alertWindowMinutes, now))) return false;
			alertedAt = now;
			return true;
		}
	};
}
