/**
 * Backups as files of a folder that the person chose. A file has its name only once all of it is written; the
 * newest five stay, of each week of the last two months the newest, and one that holds more than those after it. Files of others are not touched.
 */

import type { BackupFolderHandle } from '../../wire/backup';

const extension = '.wherry';
const kept = 5;
const weekMs = 7 * 24 * 60 * 60 * 1000;
const weeksMs = 62 * 24 * 60 * 60 * 1000;
const copyBytes = 1_048_576;

/** @param tag tells the browsers apart that use one folder. */
export function backupName(tag: string, at: number): string {
	const time = new Date(at).toISOString().slice(0, 19).replaceAll(':', '-');
	return `wherry-${tag}-${time}Z${extension}`;
}

/** Runs `make`, and names the file when that is done; when it fails there is none. */
export async function writeToFolder<T>(
	folder: BackupFolderHandle,
	name: string,
	make: (write: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>) => Promise<T>
): Promise<T> {
	const unfinished = `${name}.unfinished`;
	const handle = await folder.getFileHandle(unfinished, { create: true });
	try {
		const made = await writeAll(handle, make);
		if (handle.move === undefined) {
			const file = await handle.getFile();
			// Takes its content only when it is closed: no half of it can be met under this name either.
			await writeAll(await folder.getFileHandle(name, { create: true }), async (write) => {
				for (let at = 0; at < file.size; at += copyBytes)
					await write(new Uint8Array(await file.slice(at, at + copyBytes).arrayBuffer()));
			});
			await folder.removeEntry(unfinished);
		} else await handle.move(name);
		return made;
	} catch (thrown) {
		await folder.removeEntry(unfinished).catch(() => undefined);
		throw thrown;
	}
}

async function writeAll<T>(
	handle: Awaited<ReturnType<BackupFolderHandle['getFileHandle']>>,
	make: (write: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>) => Promise<T>
): Promise<T> {
	const stream = await handle.createWritable();
	try {
		const made = await make((bytes) => stream.write(bytes));
		await stream.close();
		return made;
	} catch (thrown) {
		await stream.abort().catch(() => undefined);
		throw thrown;
	}
}

export interface TidyTimes {
	readonly now: number;
	/** The newest that is no newer than this stays. */
	readonly keepAt?: number | undefined;
}

/** What is over its time goes, also what was left unfinished. */
export async function tidyFolder(folder: BackupFolderHandle, tag: string, when: TidyTimes): Promise<void> {
	const names: string[] = [];
	for await (const name of folder.keys()) names.push(name);
	for (const name of outdated(names, tag, when)) await folder.removeEntry(name);
}

/** Pure. */
export function outdated(
	names: readonly string[],
	tag: string,
	{ now, keepAt = -Infinity }: TidyTimes
): readonly string[] {
	const own = names.filter((name) => name.startsWith(`wherry-${tag}-`));
	const unfinished = own.filter((name) => name.endsWith('.unfinished'));
	const finished = own.filter((name) => timeOf(name, tag) !== undefined).sort();
	const keep = new Set(finished.slice(-kept));
	const weeks = new Map<number, string>();
	for (const name of finished) {
		const at = timeOf(name, tag) ?? 0;
		if (at > now - weeksMs) weeks.set(Math.floor(at / weekMs), name);
	}
	for (const name of weeks.values()) keep.add(name);
	const asked = finished.findLast((name) => (timeOf(name, tag) ?? Infinity) <= keepAt);
	if (asked !== undefined) keep.add(asked);
	return [...unfinished, ...finished.filter((name) => !keep.has(name))];
}

function timeOf(name: string, tag: string): number | undefined {
	if (!name.endsWith(`Z${extension}`)) return undefined;
	const text = name.slice(`wherry-${tag}-`.length, -extension.length);
	const at = Date.parse(text.replace(/T(\d\d)-(\d\d)-(\d\d)Z$/, 'T$1:$2:$3Z'));
	return Number.isNaN(at) ? undefined : at;
}
