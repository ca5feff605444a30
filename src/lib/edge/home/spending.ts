/**
 * What a home has spent of the relay's keys today (UTC). Counted before a request goes out, by what it
 * could cost at most: a cap that is counted afterwards is always passed by what was under way.
 */

import type { SqlStorage } from '../hub/sql';

export interface Spend {
	readonly tokens: number;
	readonly microDollars: number;
}

export interface Caps {
	readonly tokensPerDay: number | null;
	readonly microDollarsPerDay: number | null;
}

export interface Spending {
	/** False where it would go past a cap; then nothing is counted. */
	reserve(home: string, spend: Spend, caps: Caps, now: number): boolean;
	today(now: number): (Spend & { readonly home: string })[];
}

const keptDays = 31;

export function createSpending(sql: SqlStorage): Spending {
	sql.exec(
		'CREATE TABLE IF NOT EXISTS spending (day INTEGER NOT NULL, home TEXT NOT NULL, tokens INTEGER NOT NULL, micro INTEGER NOT NULL, PRIMARY KEY (day, home))'
	);
	const dayOf = (now: number): number => Math.floor(now / 86_400_000);
	return {
		reserve(home, spend, caps, now) {
			const day = dayOf(now);
			const [row] = sql.exec('SELECT tokens, micro FROM spending WHERE day = ? AND home = ?', day, home);
			const tokens = Number(row?.tokens ?? 0) + spend.tokens;
			const micro = Number(row?.micro ?? 0) + spend.microDollars;
			if (caps.tokensPerDay !== null && tokens > caps.tokensPerDay) return false;
			if (caps.microDollarsPerDay !== null && micro > caps.microDollarsPerDay) return false;
			sql.exec(
				'INSERT OR REPLACE INTO spending (day, home, tokens, micro) VALUES (?, ?, ?, ?)',
				day,
				home,
				tokens,
				micro
			);
			if (row === undefined) sql.exec('DELETE FROM spending WHERE day < ?', day - keptDays);
			return true;
		},
		today(now) {
			return [
				...sql.exec('SELECT home, tokens, micro FROM spending WHERE day = ? ORDER BY home', dayOf(now))
			].map((row) => ({
				home: String(row.home),
				tokens: Number(row.tokens),
				microDollars: Number(row.micro)
			}));
		}
	};
}
