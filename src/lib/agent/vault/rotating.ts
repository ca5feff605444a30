/**
 * A credential that is spent by being renewed (an OAuth refresh token with rotation): every tab of this browser
 * may want a new one in the same moment, and whoever presents an old one twice is signed out everywhere. So one
 * renewal at a time, under a lock of the browser's, and whoever comes second finds out that it was done.
 * For devices that share one, `edge/home/rotation.ts` does the same at the relay: it is the `upstream` then.
 */

import { AppError } from '../../wire/errors';
import type { Clock } from '../ports';

/** Web Locks: exclusive over all tabs of an origin, free again when its holder dies. */
export interface LockPort {
	withLock<T>(name: string, run: () => Promise<T>): Promise<T>;
}

export interface Tokens {
	readonly access: string;
	readonly refresh: string;
	/** Milliseconds since 1970. */
	readonly expiresAt: number;
}

/** Where they are kept, sealed. A write is there, or not, even if the process ends in it. */
export interface KeptTokens {
	read(): Promise<Tokens | undefined>;
	write(tokens: Tokens): Promise<void>;
}

export interface RotatingParts {
	/** One of these for all who share it. */
	readonly id: string;
	readonly locks: LockPort;
	readonly kept: KeptTokens;
	readonly clock: Pick<Clock, 'now'>;
	/** Spends one refresh token. Throws what its server says; must not keep the token. */
	readonly upstream: (refresh: string, signal: AbortSignal) => Promise<Tokens>;
}

export interface Rotating {
	/**
	 * An access token that is good for a while yet. Throws `vault/no-secret` where nobody has signed in, and what
	 * `upstream` throws.
	 * @param refused one that was just turned down: a newer one, whatever it said of its own time
	 */
	access(refused?: string): Promise<string>;
}

/** Renewed so long before its end: clocks differ, and a request takes time. */
const marginMs = 60_000;
/** The lock is held no longer than this. */
const upstreamMs = 10_000;

export function createRotating({ id, locks, kept, clock, upstream }: RotatingParts): Rotating {
	let renewing: Promise<string> | undefined;

	const isGood = (tokens: Tokens, refused: string | undefined): boolean =>
		tokens.access !== refused && tokens.expiresAt - marginMs > clock.now();

	async function read(): Promise<Tokens> {
		const tokens = await kept.read();
		if (tokens === undefined) throw new AppError('vault/no-secret');
		return tokens;
	}

	function renew(refused: string | undefined): Promise<string> {
		return locks.withLock(`wherry:rotating:${id}`, async () => {
			// Read again: another tab may have done it while this one waited.
			const tokens = await read();
			if (isGood(tokens, refused)) return tokens.access;
			const renewed = await upstream(tokens.refresh, AbortSignal.timeout(upstreamMs));
			await kept.write(renewed);
			return renewed.access;
		});
	}

	return {
		async access(refused) {
			const tokens = await read();
			if (isGood(tokens, refused)) return tokens.access;
			// Within one tab nobody even asks for the lock twice.
			renewing ??= renew(refused ?? tokens.access).finally(() => {
				renewing = undefined;
			});
			return renewing;
		}
	};
}
