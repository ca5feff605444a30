import { describe, expect, it } from 'vitest';
import type { BackupFileHandle, BackupFolderHandle } from '../../wire/backup';
import { backupName, outdated, tidyFolder, writeToFolder } from './folder-place';

const day = 24 * 60 * 60_000;
const start = Date.parse('2026-11-27T12:00:00Z');

/** A folder in memory, with what browsers promise: a file has its content once its stream is closed. */
function createFolder(options: { canMove: boolean; failAfter?: number }) {
	const files = new Map<string, Blob>();
	/** Every name that a file with content was ever met under. */
	const seen = new Set<string>();
	const handleOf = (name: string): BackupFileHandle => ({
		name,
		getFile: () => Promise.resolve(files.get(name) ?? new Blob()),
		createWritable() {
			const pieces: Uint8Array<ArrayBuffer>[] = [];
			return Promise.resolve({
				write(bytes) {
					if (pieces.length === options.failAfter)
						return Promise.reject(new DOMException('', 'QuotaExceededError'));
					pieces.push(bytes.slice());
					return Promise.resolve();
				},
				close() {
					files.set(name, new Blob(pieces));
					seen.add(name);
					return Promise.resolve();
				},
				abort: () => Promise.resolve()
			});
		},
		...(options.canMove
			? {
					move(to: string) {
						files.set(to, files.get(name) ?? new Blob());
						files.delete(name);
						return Promise.resolve();
					}
				}
			: {})
	});
	const folder: BackupFolderHandle = {
		name: 'chosen',
		getFileHandle(name) {
			if (!files.has(name)) files.set(name, new Blob());
			return Promise.resolve(handleOf(name));
		},
		removeEntry(name) {
			files.delete(name);
			return Promise.resolve();
		},
		async *keys() {
			yield* await Promise.resolve([...files.keys()]);
		}
	};
	return { folder, files, seen };
}

describe('a folder of backups', () => {
	for (const canMove of [true, false]) {
		it(`holds a backup under its name only when all of it is written (${canMove ? 'moved' : 'copied'})`, async () => {
			const { folder, files } = createFolder({ canMove });
			const made = await writeToFolder(folder, 'a.wherry', async (write) => {
				await write(new Uint8Array(3));
				expect([...files.keys()]).toEqual(['a.wherry.unfinished']);
				await write(new Uint8Array(4));
				return 'made';
			});
			expect(made).toBe('made');
			expect([...files].map(([name, { size }]) => [name, size])).toEqual([['a.wherry', 7]]);
		});

		it(`keeps what it had when the next one fails (${canMove ? 'moved' : 'copied'})`, async () => {
			const { folder, files } = createFolder({ canMove, failAfter: 1 });
			files.set('old.wherry', new Blob(['old']));
			const writing = writeToFolder(folder, 'a.wherry', async (write) => {
				await write(new Uint8Array(3));
				await write(new Uint8Array(3));
			});
			await expect(writing).rejects.toMatchObject({ name: 'QuotaExceededError' });
			expect([...files.keys()]).toEqual(['old.wherry']);
		});
	}

	it('keeps the newest five and one a week for two months, and touches nothing that is not its own', async () => {
		const { folder, files } = createFolder({ canMove: true });
		const others = ['holiday.jpg', backupName('other', start - 300 * day), 'wherry-mine-notes.txt'];
		for (const name of others) files.set(name, new Blob());
		for (let at = start - 200 * day; at <= start; at += day / 2) {
			files.set(backupName('mine', at), new Blob());
			await tidyFolder(folder, 'mine', { now: at });
		}
		files.set(`${backupName('mine', start)}.unfinished`, new Blob());
		await tidyFolder(folder, 'mine', { now: start });
		expect(others.every((name) => files.has(name))).toBe(true);
		const own = [...files.keys()].filter((name) => !others.includes(name)).sort();
		const newest = Array.from({ length: 5 }, (_, back) => backupName('mine', start - (back * day) / 2));
		expect(newest.every((name) => own.includes(name))).toBe(true);
		expect(own.length).toBeGreaterThanOrEqual(5 + 8);
		expect(own.length).toBeLessThanOrEqual(5 + 10);
		expect(outdated(own, 'mine', { now: start })).toEqual([]);
	});

	it('keeps the one that holds more than those after it for as long as it is asked to', () => {
		const made = Array.from({ length: 400 }, (_, back) => backupName('mine', start - (back * day) / 4));
		const keepAt = start - 80 * day + 1500;
		const kept = backupName('mine', start - 80 * day);
		expect(made).toContain(kept);
		expect(outdated(made, 'mine', { now: start })).toContain(kept);
		const gone = outdated(made, 'mine', { now: start, keepAt });
		expect(gone).toEqual(outdated(made, 'mine', { now: start }).filter((name) => name !== kept));
	});
});
