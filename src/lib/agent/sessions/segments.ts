/**
 * Packing settled entries, 100 to a record: a local read format, never synced. Only full
 * segments are written at the end of a turn, so that no entry is ever packed twice; up to
 * 99 settled ones stay as single records. Journal rows are never packed.
 */

import { ordKey, type StoreDelete, type StoreWrite } from '../storage/store';
import { segmentVersion } from './records';

export const entriesPerSegment = 100;
/** A Durable Object's row holds 2 MB, key included; this leaves room for what JSON escapes. */
const charactersPerSegment = 1_000_000;

/** An entry as it is stored: what this build cannot read is packed as it came. */
export interface StoredEntry {
	readonly id: string;
	readonly row: object;
}

export interface Packed {
	readonly put: readonly StoreWrite[];
	readonly delete: readonly StoreDelete[];
	/** `firstOrd` of the segment after these. */
	readonly nextOrd: number;
}

export function entryKey(sessionId: string, entryId: string): string {
	return `${sessionId}/${entryId}`;
}

export function segmentKey(sessionId: string, firstOrd: number): string {
	return `${sessionId}/${ordKey(firstOrd, 10)}`;
}

/** @param options.all also writes a last, partly filled segment (an import; never after a turn). */
export function packEntries(options: {
	readonly sessionId: string;
	readonly firstOrd: number;
	readonly entries: readonly StoredEntry[];
	readonly all?: boolean;
}): Packed {
	const { sessionId, entries } = options;
	const put: StoreWrite[] = [];
	const deletes: StoreDelete[] = [];
	let firstOrd = options.firstOrd;
	let chunk: StoredEntry[] = [];
	let characters = 0;

	function close(): void {
		const row = { v: segmentVersion, sessionId, firstOrd, entries: chunk.map((entry) => entry.row) };
		put.push({ table: 'segments', key: segmentKey(sessionId, firstOrd), row });
		for (const { id } of chunk) deletes.push({ table: 'entries', key: entryKey(sessionId, id) });
		firstOrd += chunk.length;
		chunk = [];
		characters = 0;
	}

	for (const entry of entries) {
		const size = sizeOf(entry.row);
		if (chunk.length > 0 && characters + size > charactersPerSegment) close();
		chunk.push(entry);
		characters += size;
		if (chunk.length === entriesPerSegment) close();
	}
	if (options.all === true && chunk.length > 0) close();
	return { put, delete: deletes, nextOrd: firstOrd };
}

function sizeOf(row: object): number {
	try {
		return JSON.stringify(row).length;
	} catch {
		return charactersPerSegment;
	}
}
