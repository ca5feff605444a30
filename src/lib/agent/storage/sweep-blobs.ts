/**
 * Files that nothing speaks of any more go: first noted, then, when they are still spoken of nowhere
 * some days later, deleted. Cautious on purpose: any hash anywhere in a row keeps its blob, whatever
 * the row is; the days between cover what is attached and not written down yet; and whoever stores
 * a blob takes its note away, so that the deletion of one that just came back is refused.
 */

import { toAppError } from '../../wire/errors';
import { orphanKey } from './keep-blobs';
import { pagesOf } from './pages';
import type { Store, Table } from './store';

export interface SweepPorts {
	readonly store: Store;
	readonly epoch: () => number;
	readonly now: number;
	readonly pause: () => Promise<void>;
}

/**
 * In the order in which content moves on: a draft becomes a queued message, that an entry, that a part of
 * a segment. What moves during the walk is met again further on.
 */
const speaking: readonly Table[] = [
	'drafts',
	'queue',
	'entries',
	'segments',
	'effects',
	'approvals',
	'undo',
	'plugins',
	'fibers',
	'settings'
];
const rowsAtOnce = 20;
const sha256 = /[0-9a-f]{64}/g;

/** @returns how many were deleted. Throws what the store throws. */
export async function sweepBlobs(ports: SweepPorts, keepMs: number): Promise<number> {
	const { store, epoch, now, pause } = ports;
	const spoken = await spokenOf(ports);
	let swept = 0;
	// One by one: each row holds all of a file's bytes.
	for await (const rows of pagesOf(store, 'blobs', { limit: 1, pause })) {
		for (const { key: blob } of rows) {
			const key = orphanKey(blob);
			const note = await store.get('meta', key);
			const at = typeof note === 'object' && note !== null && 'at' in note ? note.at : undefined;
			if (spoken.has(blob)) {
				if (note !== undefined) await store.commit({ epoch: epoch(), delete: [{ table: 'meta', key }] });
			} else if (typeof at !== 'number') {
				await store.commit({ epoch: epoch(), put: [{ table: 'meta', key, row: { v: 1, at: now } }] });
			} else if (at <= now - keepMs) {
				swept += (await remove(ports, blob, at)) ? 1 : 0;
			}
		}
	}
	return swept;
}

async function remove({ store, epoch }: SweepPorts, blob: string, at: number): Promise<boolean> {
	const key = orphanKey(blob);
	try {
		await store.commit({
			epoch: epoch(),
			expect: [{ table: 'meta', key, field: 'at', is: at }],
			delete: [
				{ table: 'blobs', key: blob },
				{ table: 'meta', key }
			]
		});
		return true;
	} catch (thrown) {
		// It has just been stored again.
		if (toAppError(thrown).id === 'storage/conflict') return false;
		throw thrown;
	}
}

async function spokenOf({ store, pause }: SweepPorts): Promise<ReadonlySet<string>> {
	const found = new Set<string>();
	for (const table of speaking) {
		for await (const rows of pagesOf(store, table, { limit: rowsAtOnce, pause })) {
			for (const { key, row } of rows) {
				collect(key, found);
				collectAll(row, found);
			}
		}
	}
	return found;
}

/** Every string of a row, members' names too; iterative, as a row may be nested as deep as somebody likes. */
function collectAll(row: unknown, found: Set<string>): void {
	const open: unknown[] = [row];
	while (open.length > 0) {
		const value = open.pop();
		if (typeof value === 'string') collect(value, found);
		else if (Array.isArray(value)) for (const element of value) open.push(element);
		else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
			for (const [name, member] of Object.entries(value)) open.push(name, member);
		}
	}
}

function collect(text: string, found: Set<string>): void {
	if (text.length < 64) return;
	for (const [hash] of text.matchAll(sha256)) found.add(hash);
}
