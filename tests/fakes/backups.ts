/** Backups for tests: made, sealed by hand and put back, with one code. */

import { openBackupKey, type BackupKey } from '../../src/lib/agent/backup/backup-key';
import { makeBackup, restoreFrom } from '../../src/lib/agent/backup/make-backup';
import { createRestore } from '../../src/lib/agent/backup/restore-rows';
import { createSealer } from '../../src/lib/agent/backup/seal-backup';
import { createRecoveryCode } from '../../src/lib/agent/home/recovery-code';
import { openLamClock } from '../../src/lib/agent/sessions/lam';
import type { SessionRecord } from '../../src/lib/agent/sessions/records';
import type { Store } from '../../src/lib/agent/storage/store';
import { joinBytes } from '../../src/lib/wire/bytes';

export const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
export const code = createRecoveryCode();
export const codeKey = openBackupKey(code, { kind: 'code' });
const pause = () => Promise.resolve();

export async function backup(store: Store, key?: BackupKey): Promise<Blob> {
	const pieces: Uint8Array<ArrayBuffer>[] = [];
	await makeBackup(
		{ store, now: 1_700_000_000_000, pause, secrets: () => Promise.resolve([]) },
		{ key: key ?? (await codeKey), random, write: async (bytes) => void pieces.push(bytes) }
	);
	return new Blob(pieces);
}

export async function restoreInto(store: Store, file: Blob, secret = code, withPermissions = true) {
	const lamport = await openLamClock(store);
	const restore = createRestore({
		store,
		epoch: () => 0,
		lamport,
		withPermissions,
		written: () => Promise.resolve(),
		secret: () => Promise.resolve(),
		merged: () => undefined
	});
	return restoreFrom(file, secret, restore);
}

export const ruleOf = (id: string, verdict: string, more: object = {}) => {
	const said = { text: 'Always allow nothing at all.', createdAt: 1 };
	return { id, v: 1, verdict, action: 'web_read', ...said, ...more };
};

export function recordOf(id: string, lam: number, dev: string, title: string): SessionRecord {
	return {
		id,
		v: 1,
		createdAt: 1_700_000_000_000,
		temporary: false,
		registers: {
			title: { value: title, lam, dev },
			touchedAt: { value: 1_700_000_000_000 + lam, lam, dev }
		}
	};
}

/** Small chunks are refused by a reader, so that these have the smallest that are allowed. */
export async function sealed(records: readonly string[], key?: BackupKey) {
	const pieces: Uint8Array<ArrayBuffer>[] = [];
	const sealer = await createSealer({
		key: key ?? (await codeKey),
		random,
		chunk: 65_536,
		write: async (bytes) => void pieces.push(bytes)
	});
	for (const json of records) await sealer.add({ json });
	await sealer.end();
	return { pieces, whole: joinBytes(pieces) };
}
