/**
 * A rotating credential that several devices of a person share, renewed by one of them at a time. Who presents the
 * token that stands: it is spent upstream, once. Who presents one that stood before: gets the one that stands now.
 * Anything else is nobody's.
 *
 * A Durable Object is no mutex: while one request waits for the upstream, others run. What is decided is decided
 * without an await between the look and the write, and whoever comes meanwhile waits for the same renewal.
 */

import * as z from 'zod/mini';
import { AppError } from '../../wire/errors';
import { parseJson } from '../../wire/json';
import { hashBody } from '../../wire/proof';
import type { SqlStorage } from '../hub/sql';
import type { KeySeal } from './seal-key';

const rotated = z.object({ access: z.string(), refresh: z.string(), expiresAt: z.number() });
export type Rotated = z.infer<typeof rotated>;

export interface RotationAsk {
	/** The home whose credential it is, and its name there. */
	readonly owner: string;
	readonly credential: string;
	/** The refresh token that the device has. */
	readonly token: string;
}

export interface Rotations {
	/** Somebody has signed in: what was there before is no longer. */
	keep(ask: Omit<RotationAsk, 'token'>, tokens: Rotated): Promise<void>;
	/**
	 * Throws `relay/not-authorized` for a token that was never there or is too old, `http/in-flight` where a
	 * renewal was under way when this object was restarted, and what `upstream` throws.
	 */
	renew(ask: RotationAsk): Promise<Rotated>;
}

export interface RotationPorts {
	readonly now: () => number;
	readonly seal: KeySeal;
	/** Spends one refresh token. */
	readonly upstream: (ask: RotationAsk, signal: AbortSignal) => Promise<Rotated>;
	/** Longest that it may take; default: ten seconds. */
	readonly msUpstream?: number;
}

/** A renewal that has not ended by then never will: its object is gone. */
export const lockMs = 30_000;
const upstreamMs = 10_000;
/** So long may a device sleep with a token that another one has spent. */
export const graceMs = 30 * 86_400_000;

export function createRotations(sql: SqlStorage, ports: RotationPorts): Rotations {
	const { now, seal, upstream, msUpstream = upstreamMs } = ports;
	sql.exec(
		'CREATE TABLE IF NOT EXISTS rotating (name TEXT PRIMARY KEY, hash TEXT NOT NULL, sealed BLOB NOT NULL, locked INTEGER NOT NULL)'
	);
	sql.exec(
		'CREATE TABLE IF NOT EXISTS rotated (name TEXT NOT NULL, hash TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (name, hash))'
	);
	const flights = new Map<string, Promise<Rotated>>();
	const nameOf = ({ owner, credential }: Omit<RotationAsk, 'token'>): string =>
		JSON.stringify([owner, credential]);
	const rowOf = (name: string) =>
		[...sql.exec('SELECT hash, sealed, locked FROM rotating WHERE name = ?', name)][0];
	const lock = (name: string, at: number): void => {
		sql.exec('UPDATE rotating SET locked = ? WHERE name = ?', at, name);
	};

	async function open(name: string): Promise<Rotated> {
		const sealed = rowOf(name)?.['sealed'];
		const text = sealed instanceof ArrayBuffer ? await seal.open(name, new Uint8Array(sealed)) : undefined;
		const tokens = rotated.safeParse(parseJson(text ?? ''));
		if (!tokens.success) throw nobody('unreadable');
		return tokens.data;
	}

	async function spend(name: string, hash: string, ask: RotationAsk): Promise<Rotated> {
		try {
			const tokens = await within(msUpstream, (signal) => upstream(ask, signal));
			const nextHash = await hashBody(tokens.refresh);
			const sealed = await seal.seal(name, JSON.stringify(tokens));
			// Somebody signed in anew meanwhile: theirs stands, and this is what they get who waited.
			if (rowOf(name)?.['hash'] !== hash) return await open(name);
			sql.exec('DELETE FROM rotated WHERE at < ?', now() - graceMs);
			sql.exec('INSERT OR REPLACE INTO rotated (name, hash, at) VALUES (?, ?, ?)', name, hash, now());
			sql.exec('UPDATE rotating SET hash = ?, sealed = ?, locked = 0 WHERE name = ?', nextHash, sealed, name);
			return tokens;
		} finally {
			if (rowOf(name)?.['hash'] === hash) lock(name, 0);
		}
	}

	return {
		async keep(ask, tokens) {
			const name = nameOf(ask);
			const hash = await hashBody(tokens.refresh);
			const sealed = await seal.seal(name, JSON.stringify(tokens));
			sql.exec('DELETE FROM rotated WHERE name = ?', name);
			sql.exec(
				'INSERT OR REPLACE INTO rotating (name, hash, sealed, locked) VALUES (?, ?, ?, 0)',
				name,
				hash,
				sealed
			);
		},
		async renew(ask) {
			const name = nameOf(ask);
			const hash = await hashBody(ask.token);
			// From here to the lock there is no await.
			const row = rowOf(name);
			if (row === undefined) throw nobody('missing');
			const flight = flights.get(name);
			if (row['hash'] !== hash) {
				const [stale] = sql.exec('SELECT at FROM rotated WHERE name = ? AND hash = ?', name, hash);
				if (stale === undefined || Number(stale['at']) < now() - graceMs) throw nobody('missing');
				return flight ?? open(name);
			}
			if (flight !== undefined) return flight;
			if (now() - Number(row['locked']) < lockMs) throw new AppError('http/in-flight');
			lock(name, now());
			const started = spend(name, hash, ask).finally(() => flights.delete(name));
			flights.set(name, started);
			return started;
		}
	};
}

function nobody(code: string): AppError {
	return new AppError('relay/not-authorized', { message: 'Sign in again.', data: { code } });
}

/** An upstream that does not mind its signal does not hold the lock either. */
async function within<T>(ms: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
	const late = new AbortController();
	const over = Promise.withResolvers<never>();
	const timer = setTimeout(() => {
		const error = new AppError('relay/upstream-unreachable');
		late.abort(error);
		over.reject(error);
	}, ms);
	try {
		return await Promise.race([run(late.signal), over.promise]);
	} finally {
		clearTimeout(timer);
	}
}
