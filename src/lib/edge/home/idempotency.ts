/**
 * Requests by their idempotency key (trust.md C1 rule 8): one execution, its answer for a week, and after
 * that no fresh one either: who asks again is told that nobody knows any more.
 */

import * as z from 'zod/mini';
import { parseJson } from '../../wire/json';
import type { SqlStorage } from '../hub/sql';

export const storedAnswer = z.object({
	status: z.number(),
	headers: z.array(z.tuple([z.string(), z.string()])),
	body: z.string()
});
export type StoredAnswer = z.infer<typeof storedAnswer>;

export type Begun =
	| { readonly found: 'new' | 'in-flight' | 'other-body' | 'expired' }
	| { readonly found: 'done'; readonly answer: StoredAnswer };

export interface Idempotency {
	/** `new`: the caller runs it now, and says `end` or `forget`. */
	begin(key: string, bodyHash: string, now: number): Begun;
	end(key: string, answer: StoredAnswer): void;
	/** It was refused before anything was done. */
	forget(key: string): void;
}

export const keptMs = 7 * 86_400_000;
/** How long a key is remembered only to say that its answer is gone. */
const rememberedMs = 30 * 86_400_000;
/** Whoever ran it so long ago without an end is gone, and what it did with them. */
const lostMs = 10 * 60_000;
export const maximumAnswer = 256 * 1024;

export function createIdempotency(sql: SqlStorage): Idempotency {
	sql.exec(
		'CREATE TABLE IF NOT EXISTS requests (key TEXT PRIMARY KEY, hash TEXT NOT NULL, answer TEXT, created INTEGER NOT NULL)'
	);
	sql.exec('CREATE INDEX IF NOT EXISTS requests_created ON requests (created)');
	return {
		begin(key, bodyHash, now) {
			sql.exec('DELETE FROM requests WHERE created < ?', now - rememberedMs);
			sql.exec("UPDATE requests SET answer = '' WHERE created < ? AND answer <> ''", now - keptMs);
			const [row] = sql.exec('SELECT hash, answer, created FROM requests WHERE key = ?', key);
			if (row === undefined) {
				sql.exec('INSERT INTO requests (key, hash, created) VALUES (?, ?, ?)', key, bodyHash, now);
				return { found: 'new' };
			}
			if (row.hash !== bodyHash) return { found: 'other-body' };
			if (Number(row.created) < now - keptMs) return { found: 'expired' };
			if (row.answer === null) return { found: Number(row.created) < now - lostMs ? 'expired' : 'in-flight' };
			const answer = storedAnswer.safeParse(parseJson(String(row.answer)));
			return answer.success ? { found: 'done', answer: answer.data } : { found: 'expired' };
		},
		end(key, answer) {
			const text = JSON.stringify(answer);
			const kept = text.length > maximumAnswer ? JSON.stringify({ ...answer, body: '' }) : text;
			sql.exec('UPDATE requests SET answer = ? WHERE key = ?', kept, key);
		},
		forget(key) {
			sql.exec('DELETE FROM requests WHERE key = ? AND answer IS NULL', key);
		}
	};
}
