/**
 * `/api/backups` between agent and edge. The relay keeps sealed bytes, hashes of two tokens, times and sizes:
 * not whose they are. Address and tokens follow from the backup key, so that the key alone finds them again.
 */

import * as z from 'zod/mini';

export const backupLimits = {
	/** Sealed bytes of one backup. */
	bytes: 64 * 1024 * 1024,
	/** Of all backups of one key. */
	bytesKept: 3 * 64 * 1024 * 1024,
	/** What the devices of one home may send a day. */
	bytesPerDay: 1024 * 1024 * 1024,
	/** What all backups of one home hold together. */
	bytesPerHome: 2 * 1024 * 1024 * 1024,
	/** Without being written or read. */
	days: 400
} as const;

export const backupIdPattern = /^[A-Za-z0-9_-]{22}$/;
export const backupPrefix = '/api/backups/';
/** `PUT`: SHA-256 of the token that reads; the one that writes is the bearer's. */
export const readHashHeader = 'x-wherry-read-hash';
/** `PUT`: one that stays whatever its age, as those after it lack something. */
export const keepHeader = 'x-wherry-keep';
export const keepPattern = /^\d{1,16}$/;
export const readHash = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));

/** Newest first. `at` names a backup, too. */
export const keptBackups = z.array(z.object({ at: z.number(), size: z.number() }));
export type KeptBackups = z.infer<typeof keptBackups>;
