/**
 * What a home has spent of the relay's keys today (UTC). Counted before a request goes out, by what it
 * could cost at most: a cap that is counted afterwards is always passed by what was under way. What an answer
 * says that it took counts instead once it is there.
 */

import type { SqlStorage } from '../hub/sql';

export interface Spend {
	readonly tokens: number;
	readonly microDollars: number;
}

/** Of tokens; or dollars a million of them, which is millionths of a dollar a token. */
export interface InAndOut {
	readonly input: number;
	readonly output: number;
}

export function spendOf({ input, output }: InAndOut, price: InAndOut): Spend {
	return { tokens: input + output, microDollars: Math.ceil(input * price.input + output * price.output) };
}

export interface Caps {
	readonly tokensPerDay: number | null;
	readonly microDollarsPerDay: number | null;
}

export interface Spending {
	/** False where it would go past a cap; then nothing is counted. */
	reserve(home: string, spend: Spend, caps: Caps, now: number): boolean;
	/** @param at when it was reserved */
	settle(home: string, reserved: Spend, spent: Spend, at: number): void;
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
		settle(home, reserved, spent, at) {
			sql.exec(
				'UPDATE spending SET tokens = MAX(0, tokens + ?), micro = MAX(0, micro + ?) WHERE day = ? AND home = ?',
				spent.tokens - reserved.tokens,
				spent.microDollars - reserved.microDollars,
				dayOf(at),
				home
			);
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
