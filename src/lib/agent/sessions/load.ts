/**
 * Reads a session and what it continues from the store. Iterative along the lineage; total:
 * a bad row is counted, a missing or circular origin cuts the past off, nothing is thrown but
 * what the store throws.
 */

import type { Store } from '../storage/store';
import { createLoaded, type LoadedState } from './loaded';
import { readSegment, readSessionRecord } from './read-record';
import type { SessionRecord } from './records';

/** `ACP_SESSION_MAX_FORK_DEPTH` of the source documents (SAM-18). */
export const maximumForkDepth = 10;

/** Bounds the memory of one read; 50 segments are 5,000 entries. */
const segmentsPerRead = 50;

export async function readRecord(store: Store, sessionId: string): Promise<SessionRecord | null> {
	const record = readSessionRecord(await store.get('sessions', sessionId));
	return record !== null && record.id === sessionId ? record : null;
}

/**
 * @param cached a session that is in memory already, to spare reading an origin again.
 * @returns null where there is no such session.
 */
export async function loadSession(
	store: Store,
	sessionId: string,
	cached: (sessionId: string) => LoadedState | undefined
): Promise<LoadedState | null> {
	const record = await readRecord(store, sessionId);
	if (record === null) return null;
	const { chain, base, isCutOff } = await readLineage(store, record, cached);
	let older = base;
	// From the oldest to the session itself; each takes over one branch of the one before.
	for (let index = chain.length - 1; index >= 0; index--) {
		const current = chain[index];
		if (current === undefined) continue;
		const lineage = [
			...chain.slice(index + 1).map((one) => one.id),
			...(base === undefined ? [] : [base.record.id, ...base.lineage])
		];
		const loaded = createLoaded(current, lineage);
		if (older !== undefined && current.origin !== undefined)
			inheritBranch(loaded, older, current.origin.entryId);
		if (isCutOff || older?.isCutOff === true) loaded.markCutOff();
		await readOwn(store, loaded);
		older = loaded;
	}
	return older ?? null;
}

interface Lineage {
	/** The session first, then its origins that must be read. */
	readonly chain: readonly SessionRecord[];
	/** The first origin that is in memory already. */
	readonly base: LoadedState | undefined;
	readonly isCutOff: boolean;
}

async function readLineage(
	store: Store,
	record: SessionRecord,
	cached: (sessionId: string) => LoadedState | undefined
): Promise<Lineage> {
	const chain = [record];
	const visited = new Set([record.id]);
	let { origin } = record;
	while (origin !== undefined) {
		// A little past the limit for writing, so that a limit that was lowered cuts nothing off.
		if (visited.has(origin.sessionId) || chain.length > maximumForkDepth * 10) {
			return { chain, base: undefined, isCutOff: true };
		}
		visited.add(origin.sessionId);
		const base = cached(origin.sessionId);
		if (base !== undefined) return { chain, base, isCutOff: false };
		const next = await readRecord(store, origin.sessionId);
		if (next === null) return { chain, base: undefined, isCutOff: true };
		chain.push(next);
		({ origin } = next);
	}
	return { chain, base: undefined, isCutOff: false };
}

function inheritBranch(loaded: LoadedState, older: LoadedState, entryId: string): void {
	if (!older.tree.has(entryId)) loaded.markCutOff();
	for (const id of older.tree.branch(entryId)) {
		const entry = older.entry(id);
		if (entry !== undefined) loaded.inherit(entry, older.stored(id));
	}
}

async function readOwn(store: Store, loaded: LoadedState): Promise<void> {
	const prefix = `${loaded.record.id}/`;
	// The live tail first: what is packed meanwhile is then seen twice, never missed.
	const live = await store.range('entries', { prefix });
	let from = prefix;
	for (;;) {
		const rows = await store.range('segments', { prefix, from, limit: segmentsPerRead });
		for (const { key, row } of rows) readPacked(loaded, key, row);
		const last = rows.at(-1);
		if (last === undefined || rows.length < segmentsPerRead) break;
		from = `${last.key} `;
	}
	for (const { row } of live) loaded.addStored(row, 'live');
}

function readPacked(loaded: LoadedState, key: string, row: unknown): void {
	const segment = readSegment(row);
	// The key says where a segment begins even if the row is lost: no later one may land on it.
	const ord = Number(key.slice(key.lastIndexOf('/') + 1));
	if (segment === null) {
		loaded.countBad();
		loaded.setPacked((Number.isFinite(ord) ? ord : 0) + 1);
		return;
	}
	for (const element of segment.elements) loaded.addStored(element, 'packed');
	loaded.setPacked(Math.max(segment.firstOrd, Number.isFinite(ord) ? ord : 0) + segment.elements.length);
}
