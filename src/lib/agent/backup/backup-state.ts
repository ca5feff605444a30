/**
 * What this device knows of its backups: a setting for when and where, and in the vault's table the key (which
 * cannot be exported) and the folder's handle, as only those are no plain data. None of it is ever backed up.
 */

import * as z from 'zod/mini';
import type { BackupFolderHandle } from '../../wire/backup';
import type { Store, StoreWrite } from '../storage/store';
import { isRecord } from '../sessions/upcast';
import type { BackupKdf, BackupKey } from './backup-key';

export const stateKey = 'backup.state';
export const keyRow = 'backup/key';
export const folderRow = 'backup/folder';

const place = z.object({ at: z.number(), problem: z.string() });
const fuller = z.object({ at: z.number(), sessions: z.number(), relayName: z.optional(z.number()) });
const schema = z.object({
	isRelayOn: z.boolean(),
	withKeys: z.boolean(),
	/** The newest backup anywhere. */
	at: z.number(),
	size: z.number(),
	sessions: z.number(),
	/** The last attempt of the automatic ones. */
	triedAt: z.number(),
	folder: place,
	relay: place,
	/** What the relay calls the newest one there. */
	relayName: z.optional(z.number()),
	/** The last one that held far more sessions than those after it, until the person says that this is right. */
	fuller: z.optional(fuller)
});
export type BackupState = z.infer<typeof schema>;

const never = { at: 0, problem: '' };
export const noBackups: BackupState = {
	isRelayOn: false,
	withKeys: false,
	at: 0,
	size: 0,
	sessions: 0,
	triedAt: 0,
	folder: never,
	relay: never
};

/** Fewer by chance, or by a few that were deleted, are nothing to ask about. */
const isFarFewer = (sessions: number, before: number): boolean =>
	before - sessions >= 3 && sessions < before / 2;

/** Pure. What one with so many sessions, and those after it, must not push out of any place. */
export function fullerThan(
	{ at, sessions: last, relayName, fuller: known }: BackupState,
	sessions: number
): BackupState['fuller'] {
	const before = known ?? { at, sessions: last, relayName };
	return isFarFewer(sessions, before.sessions) ? before : undefined;
}

export async function readState(store: Pick<Store, 'get'>): Promise<BackupState> {
	const row = await store.get('settings', stateKey);
	const read = schema.safeParse(isRecord(row) ? row.value : undefined);
	return read.success ? read.data : noBackups;
}

export function stateWrite(state: BackupState): StoreWrite {
	return { table: 'settings', key: stateKey, row: { v: 1, value: state } };
}

export function keyWrite({ base, kdf }: BackupKey): StoreWrite {
	return { table: 'vault', key: keyRow, row: { v: 1, base, kdf } };
}

export async function readKey(store: Pick<Store, 'get'>): Promise<BackupKey | undefined> {
	const row = await store.get('vault', keyRow);
	return isKeyRow(row) ? { base: row.base, kdf: row.kdf } : undefined;
}

/** We wrote it: the version says which shape. */
function isKeyRow(row: unknown): row is { base: CryptoKey; kdf: BackupKdf } {
	return isRecord(row) && row.v === 1 && row.base instanceof CryptoKey && isRecord(row.kdf);
}

export async function readFolder(store: Pick<Store, 'get'>): Promise<BackupFolderHandle | undefined> {
	const row = await store.get('vault', folderRow);
	return isFolderRow(row) ? row.handle : undefined;
}

function isFolderRow(row: unknown): row is { handle: BackupFolderHandle } {
	return isRecord(row) && row.v === 1 && typeof row.handle === 'object' && row.handle !== null;
}

export async function isPermitted(folder: BackupFolderHandle): Promise<boolean> {
	return (await folder.queryPermission?.({ mode: 'readwrite' })) !== 'prompt';
}
