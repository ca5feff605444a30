/** One backup, to each place that is set up. A place that fails keeps no other from getting its own. */

import type { BackupFolderHandle } from '../../wire/backup';
import { backupLimits } from '../../wire/backup-api';
import { AppError, toAppError } from '../../wire/errors';
import type { Device, AgentPorts } from '../ports';
import type { Store } from '../storage/store';
import type { BackedUpSecret } from './backup-rows';
import { failed } from './backup-errors';
import type { BackupKey } from './backup-key';
import {
	fullerThan,
	isPermitted,
	readFolder,
	readKey,
	readState,
	stateWrite,
	type BackupState
} from './backup-state';
import { backupName, tidyFolder, writeToFolder } from './folder-place';
import { makeBackup, type BackupMade } from './make-backup';
import { sendToRelay } from './relay-place';

export interface BackupPorts {
	readonly store: Store;
	readonly epoch: () => number;
	readonly device: Device;
	readonly ports: AgentPorts;
	readonly relayOrigin: string | undefined;
	/** Keys of providers, asked for only where they go along. */
	readonly secrets: () => Promise<readonly BackedUpSecret[]>;
	/** Between pages of rows: where a turn goes first. */
	readonly pause: () => Promise<void>;
}

const heldBytes = 16_000_000;
const tooLarge = (): AppError =>
	failed('This is more than the relay keeps (64 MB): back up to a folder, or download it.');

/** Of the backup that is being made in this worker, 0–1. */
let progress: number | null = null;
export const backupProgress = (): number | null => progress;

type Write = (bytes: Uint8Array<ArrayBuffer>) => Promise<void>;

async function make(
	from: BackupPorts,
	key: BackupKey,
	state: BackupState,
	write: Write
): Promise<BackupMade> {
	let written = 0;
	progress = 0;
	try {
		return await makeBackup(
			{
				store: from.store,
				now: from.ports.clock.now(),
				pause: from.pause,
				secrets: () => (state.withKeys ? from.secrets() : Promise.resolve([]))
			},
			{
				key,
				random: (length) => from.ports.random.bytes(length),
				async write(bytes) {
					await write(bytes);
					written += bytes.length;
					// Measured by the last one: how much there is, nobody knows before.
					progress = state.size === 0 ? 0.5 : Math.min(0.99, written / state.size);
				}
			}
		);
	} finally {
		progress = null;
	}
}

/** For the person to keep. */
export async function makeFile(from: BackupPorts): Promise<{ readonly name: string; readonly blob: Blob }> {
	const [key, state] = await Promise.all([readKey(from.store), readState(from.store)]);
	if (key === undefined) throw failed('Backups are not set up yet.');
	const { blob, made } = await collect(from, key, state);
	const at = from.ports.clock.now();
	await note(from, { ...made, at, fuller: fullerThan(state, made.sessions) });
	return { name: backupName(tagOf(from.device), at), blob };
}

/** @param limit bytes that it may have at most. */
async function collect(from: BackupPorts, key: BackupKey, state: BackupState, limit = Infinity) {
	const blobs: Blob[] = [];
	let pieces: Uint8Array<ArrayBuffer>[] = [];
	let held = 0;
	let size = 0;
	const made = await make(from, key, state, (bytes) => {
		size += bytes.length;
		if (size > limit) return Promise.reject(tooLarge());
		pieces.push(bytes);
		held += bytes.length;
		if (held > heldBytes) {
			// A browser keeps what is a Blob where it has room: on the disk.
			blobs.push(new Blob(pieces));
			pieces = [];
			held = 0;
		}
		return Promise.resolve();
	});
	return { blob: new Blob([...blobs, ...pieces], { type: 'application/octet-stream' }), made };
}

/** Throws what the first place that failed said, after all have had their turn. */
export async function backUp(from: BackupPorts): Promise<void> {
	const { store, ports } = from;
	const [key, state, folder] = await Promise.all([readKey(store), readState(store), readFolder(store)]);
	if (key === undefined) throw failed('Backups are not set up yet.');
	const places = [
		...(folder === undefined
			? []
			: [{ name: 'folder' as const, run: (at: number) => toFolder(from, key, state, { folder, at }) }]),
		...(state.isRelayOn ? [{ name: 'relay' as const, run: () => toRelay(from, key, state) }] : [])
	];
	if (places.length === 0) throw failed('No place for backups is chosen yet.');
	let first: AppError | undefined;
	await note(from, { triedAt: ports.clock.now() });
	for (const { name, run } of places) {
		// What is written to while it is made belongs to the next one.
		const at = ports.clock.now();
		try {
			const made = await run(at);
			// Judged by what was known before the first place: both get the same.
			await note(from, {
				...made,
				at,
				[name]: { at, problem: '' },
				fuller: fullerThan(state, made.sessions)
			});
		} catch (thrown) {
			const error = thrown instanceof AppError ? thrown : folderError(thrown);
			first ??= error;
			const { [name]: before } = await readState(store);
			await note(from, { [name]: { at: before.at, problem: error.message } });
		}
	}
	if (first !== undefined) throw first;
}

async function toFolder(
	from: BackupPorts,
	key: BackupKey,
	state: BackupState,
	{ folder, at }: { readonly folder: BackupFolderHandle; readonly at: number }
): Promise<BackupMade> {
	if (!(await isPermitted(folder)))
		throw failed('The browser asks again whether Wherry may write to the folder.');
	const tag = tagOf(from.device);
	const made = await writeToFolder(folder, backupName(tag, at), (write) => make(from, key, state, write));
	const keepAt = fullerThan(state, made.sessions)?.at;
	// One file too many is no reason to call a backup failed.
	await tidyFolder(folder, tag, { now: at, keepAt }).catch(() => undefined);
	return made;
}

async function toRelay(
	from: BackupPorts,
	key: BackupKey,
	state: BackupState
): Promise<BackupMade & Pick<BackupState, 'relayName'>> {
	// What a passphrase guards could be guessed at there.
	if (key.kdf.kind !== 'code') throw failed('Backups go to the relay only with a recovery code.');
	const { blob, made } = await collect(from, key, state, backupLimits.bytes);
	const keep = fullerThan(state, made.sessions)?.relayName;
	const kept = await sendToRelay({ origin: from.relayOrigin, fetch: from.ports.fetch }, key, blob, keep);
	return { ...made, relayName: kept[0]?.at };
}

async function note({ store, epoch }: BackupPorts, change: Partial<BackupState>): Promise<void> {
	const state = await readState(store);
	await store.commit({ epoch: epoch(), put: [stateWrite({ ...state, ...change })] });
}

const tagOf = ({ id }: Device): string => id.replaceAll(/[^\w]/g, '').slice(-8);

function folderError(thrown: unknown): AppError {
	const { id, data, message } = toAppError(thrown, 'backup/failed');
	if (thrown instanceof DOMException) {
		if (thrown.name === 'NotFoundError') return failed('The folder is not there any more.');
		if (thrown.name === 'QuotaExceededError') return failed('The folder has no room left.');
		if (thrown.name === 'NotAllowedError')
			return failed('The browser asks again whether Wherry may write to the folder.');
	}
	return new AppError(id, { cause: thrown, message, ...(data === undefined ? {} : { data }) });
}
