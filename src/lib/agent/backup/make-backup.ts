/** Everything sealed into a place, and a sealed file looked into or put back. Knows no place and no page. */

import type { BackedUpPermission, BackupContents } from '../../wire/backup';
import { backupRows, readBackupRow, type BackupAbout, type RowPorts } from './backup-rows';
import type { BackupKey } from './backup-key';
import { openBackup } from './open-backup';
import { permissionIn } from './permissions';
import type { Restore } from './restore-rows';
import { createSealer } from './seal-backup';

export interface BackupMade {
	readonly size: number;
	readonly sessions: number;
}

export async function makeBackup(
	rows: RowPorts,
	parts: {
		readonly key: BackupKey;
		readonly random: (length: number) => Uint8Array<ArrayBuffer>;
		readonly write: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>;
	}
): Promise<BackupMade> {
	const sealer = await createSealer(parts);
	let sessions = 0;
	for await (const record of backupRows(rows)) {
		const row = sessions === 0 ? readBackupRow(record) : undefined;
		if (row !== undefined && 'about' in row) ({ sessions } = row.about);
		await sealer.add(record);
	}
	return { size: await sealer.end(), sessions };
}

/** Reads all of it: what is damaged is known before anything is written. */
export async function lookInto(file: Blob, secret: string, ownKey?: BackupKey): Promise<BackupContents> {
	const opened = await openBackup(file, secret);
	let about: BackupAbout | undefined;
	const seen = { sessions: 0, files: 0, memories: 0, settings: 0, keys: 0 };
	const permissions: BackedUpPermission[] = [];
	for await (const record of opened.records()) {
		const row = readBackupRow(record);
		if (row === undefined) continue;
		if ('about' in row) ({ about } = row);
		else if ('secret' in row) seen.keys++;
		else {
			const permission = permissionIn(row.table, row.key, row.row);
			if (permission !== undefined) permissions.push(permission);
			if (row.table === 'settings') seen.settings++;
			if (row.table === 'sessions') seen.sessions++;
			if (row.table === 'blobs') seen.files++;
			if (row.table === 'plugins' && row.key.startsWith('memory/')) seen.memories++;
		}
	}
	return {
		...seen,
		permissions,
		isOwn: ownKey !== undefined && (await opened.isMadeWith(ownKey)),
		madeAt: about?.madeAt ?? 0,
		titles: about?.titles ?? [],
		size: opened.size,
		damaged: opened.damaged(),
		isCut: opened.isCut()
	};
}

/** What opens of it. */
export async function restoreFrom(
	file: Blob,
	secret: string,
	restore: Restore
): Promise<Awaited<ReturnType<Restore['finish']>>> {
	const opened = await openBackup(file, secret);
	for await (const record of opened.records()) {
		const row = readBackupRow(record);
		if (row !== undefined) await restore.take(row);
	}
	return restore.finish();
}
