/** The folder that a person picks, where the browser can ask for one; and the newest backup in it. */

import type { BackupFolderHandle } from '../../wire/backup';

type WithPicker = Window & {
	showDirectoryPicker?(options: { mode: 'read' | 'readwrite'; id: string }): Promise<BackupFolderHandle>;
};

export function canPickFolder(): boolean {
	const page: WithPicker = window;
	return page.showDirectoryPicker !== undefined;
}

/** Undefined where it was closed without a choice. */
export async function pickFolder(mode: 'read' | 'readwrite'): Promise<BackupFolderHandle | undefined> {
	const page: WithPicker = window;
	try {
		return await page.showDirectoryPicker?.({ mode, id: 'wherry-backups' });
	} catch {
		return undefined;
	}
}

export interface BackupFile {
	readonly name: string;
	readonly blob: Blob;
}

/** By the time in its name: whichever browser made it. */
export async function newestBackup(folder: BackupFolderHandle): Promise<BackupFile | undefined> {
	let newest: { name: string; time: string } | undefined;
	for await (const name of folder.keys()) {
		const time = /-(\d{4}-\d\d-\d\dT[\d-]{8})Z\.wherry$/.exec(name)?.[1];
		if (time !== undefined && (newest === undefined || time > newest.time)) newest = { name, time };
	}
	if (newest === undefined) return undefined;
	const handle = await folder.getFileHandle(newest.name);
	return { name: newest.name, blob: await handle.getFile() };
}
