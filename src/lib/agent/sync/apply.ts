/**
 * What other devices did, into this store: one commit for all that came at once, with the place in the log
 * that it was read up to, so that neither is ever there without the other. Entries are hostile until the same
 * reader that reads stored ones has read them; what cannot be read is kept and stops nothing.
 */

import type { Entry } from '../../wire/entries';
import { isJsonObject, type Json } from '../../wire/json';
import type { TurnRecord } from '../journal/records';
import { mergeRegisters } from '../sessions/facts';
import type { LamClock } from '../sessions/lam';
import { purgeDeletes } from '../sessions/purge';
import { readEntry, readSegment, readSessionRecord } from '../sessions/read-record';
import { sessionVersion, type SessionRecord } from '../sessions/records';
import { isRecord } from '../sessions/upcast';
import type { Store, StoreDelete, StoreWrite } from '../storage/store';
import { ownFacts } from './commit-operations';
import { keepRest, keptWrite } from './kept';
import { addNode, applyOperation, precedes, type NodeRow, type RegisterRow, type SyncState } from './merge';
import { missingFiles, missingRow, readFiles } from './files';
import { endedTurnOf, isTurnNews } from './open-turns';
import { gatherParts } from './operation-parts';
import {
	bornKey,
	purgedKey,
	registersOf,
	registerWrite,
	rowOfRegister,
	sessionRegister,
	type SyncedTable
} from './registers';
import { stateText } from './state-text';

export interface ApplyParts {
	readonly dev: string;
	readonly epoch: () => number;
	readonly lamport: LamClock;
	/** What has no place in the store; changed in place. */
	readonly kept: SyncState;
	/** Goes into the same commit. */
	readonly place: () => StoreWrite;
}

export interface AppliedSession {
	readonly record: SessionRecord;
	/** New here. */
	readonly entries: readonly Entry[];
	readonly writes: readonly StoreWrite[];
}

export interface Applied {
	readonly sessions: readonly AppliedSession[];
	/** Gone for good on another device. */
	readonly purged: readonly { readonly sessionId: string; readonly deletes: readonly StoreDelete[] }[];
	readonly tables: ReadonlySet<SyncedTable>;
	/** Registers of turns and orders about them, by key. */
	readonly turns: ReadonlyMap<string, RegisterRow>;
	/** Turns that other devices have brought to their end. */
	readonly ended: readonly TurnRecord[];
	/** Something that only lists and names show. */
	readonly hasOther: boolean;
	/** Files of what is new, that are not here. */
	readonly missing: readonly string[];
	/** Files that another device asks for. */
	readonly wanted: readonly string[];
}

interface SessionNews {
	readonly nodes: Map<string, NodeRow>;
	readonly registers: Map<string, RegisterRow>;
}

/** @param store nobody else commits to meanwhile. */
export async function applyState(store: Store, state: SyncState, parts: ApplyParts): Promise<Applied> {
	const { dev, kept, lamport } = parts;
	const keptBefore = stateText(kept);
	const gathered = await gatherParts(store, state.opaque);
	for (const operation of gathered.whole) applyOperation(state, operation);
	const files = readFiles(state.opaque, dev);
	keepRest(kept, state);
	for (const row of [...state.nodes.values(), ...state.registers.values()]) lamport.observe(row.lam);

	const put: StoreWrite[] = [...gathered.put, ...files.put];
	const deletes: StoreDelete[] = [...gathered.delete, ...files.delete];
	const tables = new Set<SyncedTable>();
	const news = new Map<string, SessionNews>();
	const newsOf = (session: string): SessionNews => {
		let found = news.get(session);
		if (found === undefined) news.set(session, (found = { nodes: new Map(), registers: new Map() }));
		return found;
	};
	for (const [id, row] of state.nodes) newsOf(row.session).nodes.set(id, row);

	const plain = new Map<string, RegisterRow>();
	for (const [key, row] of state.registers) {
		const of = sessionRegister(key);
		if (of !== undefined && of.name !== 'born') newsOf(of.session).registers.set(of.name, row);
		else plain.set(key, row);
		if (of?.name === 'born') newsOf(of.session);
	}
	const held = await registersOf(store, [...plain.keys(), ...[...news.keys()].map(purgedKey)]);
	const goneHere: string[] = [];
	const turns = new Map<string, RegisterRow>();
	const ended: TurnRecord[] = [];
	let hasOther = false;
	for (const [key, row] of plain) {
		const mine = held.get(key);
		if (mine !== undefined && !precedes(mine, row, ({ value }) => value)) continue;
		put.push(registerWrite(key, row));
		if (key.startsWith('purged/')) goneHere.push(key.slice('purged/'.length));
		if (isTurnNews(key)) {
			turns.set(key, row);
			continue;
		}
		const turn = endedTurnOf(key, row.value);
		if (turn !== undefined) {
			put.push({ table: 'turns', key: turn.turnId, row: turn });
			ended.push(turn);
			continue;
		}
		const to = rowOfRegister(key);
		if (to === undefined) hasOther = true;
		else if (row.value === null) deletes.push(to);
		else if (isGoodRow(to.table, to.key, row.value)) put.push({ ...to, row: row.value });
		else continue;
		if (to !== undefined) tables.add(to.table);
	}

	const purged = [...(await purgeDeletes(store, goneHere))].map(([sessionId, rows]) => {
		deletes.push(...rows);
		return { sessionId, deletes: rows };
	});

	const sessions: AppliedSession[] = [];
	for (const [sessionId, one] of news) {
		if (held.has(purgedKey(sessionId)) || plain.has(purgedKey(sessionId))) continue;
		const born = plain.get(bornKey(sessionId))?.value;
		const applied = await applySession(store, sessionId, one, { ...parts, born });
		if (applied === undefined) continue;
		put.push(...applied.writes);
		sessions.push(applied);
	}
	const missing = await missingFiles(
		store,
		sessions.flatMap(({ entries }) => entries),
		files.stored
	);
	put.push(...missing.map((blob) => missingRow({ blob, isSearched: false })));
	if (stateText(kept) !== keptBefore) put.push(keptWrite(stateText(kept)));
	await store.commit({
		epoch: parts.epoch(),
		delete: deletes,
		put: [...put, lamport.write(), parts.place()]
	});
	return { sessions, purged, tables, turns, ended, hasOther, missing, wanted: files.wanted };
}

async function applySession(
	store: Store,
	sessionId: string,
	{ nodes, registers }: SessionNews,
	{ dev, kept, lamport, born }: ApplyParts & { readonly born: Json | undefined }
): Promise<AppliedSession | undefined> {
	const stored = readSessionRecord(await store.get('sessions', sessionId));
	const known = await knownEntries(store, sessionId, [...nodes.keys()]);
	const writes: StoreWrite[] = [];
	const entries: Entry[] = [];
	for (const [id, row] of nodes) {
		if (known.has(id)) continue;
		const { content } = row;
		const read = isJsonObject(content) ? readEntry(content) : { state: 'bad' as const };
		const isItself =
			read.state !== 'bad' &&
			read.entry.id === id &&
			read.entry.sessionId === sessionId &&
			read.entry.parentId === row.parent;
		if (!isItself || !isJsonObject(content)) {
			addNode(kept, id, row);
			continue;
		}
		kept.nodes.delete(id);
		writes.push({ table: 'entries', key: `${sessionId}/${id}`, row: content });
		entries.push(read.entry);
	}
	const earliest = Math.min(...entries.map(({ at }) => at));
	const base: SessionRecord = stored ?? {
		id: sessionId,
		v: sessionVersion,
		createdAt: Number.isFinite(earliest) ? earliest : 0,
		temporary: false,
		registers: {}
	};
	const theirs: Record<string, RegisterRow> = {};
	for (const [name, row] of registers) if (!ownFacts.has(name)) theirs[name] = row;
	const checked = readSessionRecord({ ...base, ...readBorn(born), registers: theirs }) ?? base;
	let merged = mergeRegisters(base.registers, checked.registers);
	if (entries.length > 0) {
		const count = (base.registers.entryCount?.value ?? 0) + entries.length;
		merged = mergeRegisters(merged, { entryCount: { value: count, lam: lamport.next(), dev } });
	}
	const record = { ...base, ...readBorn(born), registers: merged };
	const isSame = stored !== null && JSON.stringify(record) === JSON.stringify(stored);
	if (isSame && entries.length === 0) return undefined;
	if (!isSame) writes.push({ table: 'sessions', key: sessionId, row: record });
	return { record, entries, writes };
}

/** Which of these are here already, packed or not. */
async function knownEntries(
	store: Store,
	sessionId: string,
	ids: readonly string[]
): Promise<ReadonlySet<string>> {
	const found = new Set<string>();
	if (ids.length === 0) return found;
	const keys = ids.map((id) => `${sessionId}/${id}`);
	const rows = await store.getMany('entries', keys);
	for (const [at, id] of ids.entries()) if (rows[at] !== undefined) found.add(id);
	if (found.size === ids.length) return found;
	for (const { row } of await store.range('segments', { prefix: `${sessionId}/` })) {
		for (const element of readSegment(row)?.elements ?? [])
			if (isRecord(element) && typeof element.id === 'string') found.add(element.id);
	}
	return found;
}

function readBorn(born: Json | undefined): Pick<SessionRecord, 'createdAt' | 'origin'> | undefined {
	if (born === undefined || !isJsonObject(born) || typeof born.createdAt !== 'number') return undefined;
	const { createdAt, origin = null } = born;
	if (!isJsonObject(origin)) return { createdAt };
	const { sessionId, entryId } = origin;
	return typeof sessionId === 'string' && typeof entryId === 'string'
		? { createdAt, origin: { sessionId, entryId } }
		: { createdAt };
}

function isGoodRow(table: SyncedTable, key: string, row: Json): row is Json & object {
	if (!isJsonObject(row)) return false;
	return table === 'rules' ? row.id === key : row.value !== undefined;
}
