/**
 * Rows of a backup into a store that may hold something already, with nothing that is here lost: a session's
 * facts merge by (lam, dev), entries are a union, of any other row the one that is here stays. So doing it
 * twice changes nothing, and one that was interrupted is finished by doing it again. Nothing that comes back
 * acts by itself: what waited to be sent may have been sent since, and is a draft again.
 */

import type { BackupRestored } from '../../wire/backup';
import type { Entry } from '../../wire/entries';
import { mergeRegisters } from '../sessions/facts';
import type { LamClock } from '../sessions/lam';
import { readEntry, readSegment, readSessionRecord } from '../sessions/read-record';
import type { SessionRecord } from '../sessions/records';
import { entryKey } from '../sessions/segments';
import { isRecord } from '../sessions/upcast';
import { keepBlobs } from '../storage/keep-blobs';
import type { Store, StoreDelete, StoreWrite } from '../storage/store';
import { isOpenTurn, sessionOf, type BackedUpSecret, type BackupRow } from './backup-rows';
import { permissionIn, readPlainRow } from './permissions';
import { joinUnsent, readUnsent, type Unsent } from './unsent';

export interface RestorePorts {
	readonly store: Store;
	readonly epoch: () => number;
	readonly lamport: LamClock;
	/** After each commit: what was written, for what is in memory. */
	readonly written: (
		commit: {
			readonly put: readonly StoreWrite[];
			readonly delete: readonly StoreDelete[];
		},
		entries: readonly Entry[]
	) => Promise<void>;
	/** A key of a provider, where the backup brings any. */
	readonly secret: (secret: BackedUpSecret) => Promise<void>;
	/** Also what is done without asking; else it is left out. */
	readonly withPermissions: boolean;
	/** A session that was here already has changed. */
	readonly merged: (record: SessionRecord, entries: readonly Entry[]) => void;
}

export interface Restore {
	/** In the order of the backup. Throws what the store throws. */
	take(row: BackupRow): Promise<void>;
	finish(): Promise<BackupRestored>;
}

const rowsPerCommit = 200;
const bytesPerCommit = 8_000_000;

/** A session as it is here, and what has come to it. */
interface Known {
	/** There was nothing of it here. */
	readonly isNew: boolean;
	readonly hasRecord: boolean;
	/** Entries that are here. */
	readonly ids: Set<string>;
	readonly added: Entry[];
	/** What was written and not sent, in its order; put with the record, so that it comes once. */
	readonly unsent: Unsent[];
}

export function createRestore(ports: RestorePorts): Restore {
	const { store } = ports;
	const sessions = new Map<string, Known>();
	const counts = { sessions: 0, messages: 0, files: 0, others: 0, unsent: 0, withheld: 0, already: 0 };
	let put: StoreWrite[] = [];
	let deletes: StoreDelete[] = [];
	let entries: Entry[] = [];
	let bytes = 0;

	async function known(sessionId: string): Promise<Known> {
		const before = sessions.get(sessionId);
		if (before !== undefined) return before;
		const hasRecord = (await store.get('sessions', sessionId)) !== undefined;
		const ids = new Set<string>();
		const prefix = `${sessionId}/`;
		for (const { key } of await store.range('entries', { prefix })) ids.add(key.slice(prefix.length));
		for (const { row } of await store.range('segments', { prefix })) for (const id of idsIn(row)) ids.add(id);
		const found = { isNew: !hasRecord && ids.size === 0, hasRecord, ids, added: [], unsent: [] };
		sessions.set(sessionId, found);
		return found;
	}

	async function flush(): Promise<void> {
		if (put.length === 0) return;
		const commit = { put: [...put, ports.lamport.write()], delete: deletes };
		const written = entries;
		put = [];
		deletes = [];
		entries = [];
		bytes = 0;
		await store.commit({ epoch: ports.epoch(), ...commit });
		await ports.written(commit, written);
	}

	/** All of these in one commit. */
	async function write(size: number, ...writes: readonly StoreWrite[]): Promise<void> {
		put.push(...writes);
		bytes += size;
		if (put.length >= rowsPerCommit || bytes >= bytesPerCommit) await flush();
	}

	/** True where the entry was not here. */
	function note(session: Known, row: unknown): boolean {
		const read = readEntry(row);
		if (read.state === 'bad' || session.ids.has(read.entry.id)) return false;
		session.ids.add(read.entry.id);
		entries.push(read.entry);
		if (session.hasRecord) session.added.push(read.entry);
		ports.lamport.observe(read.entry.lam);
		counts.messages++;
		return true;
	}

	async function takeEntry(sessionId: string, row: object): Promise<void> {
		const read = readEntry(row);
		if (read.state === 'bad') return;
		if (!note(await known(sessionId), row)) return void counts.already++;
		await write(2000, { table: 'entries', key: entryKey(sessionId, read.entry.id), row });
	}

	async function takeSegment(sessionId: string, key: string, row: object): Promise<void> {
		const session = await known(sessionId);
		const elements = readSegment(row)?.elements ?? [];
		if (!session.isNew) {
			for (const element of elements) if (isRecord(element)) await takeEntry(sessionId, element);
			return;
		}
		for (const element of elements) {
			// It came as a single row too, from while it was being packed.
			if (!note(session, element))
				for (const id of idsIn({ v: 1, firstOrd: 0, entries: [element] }))
					deletes.push({ table: 'entries', key: entryKey(sessionId, id) });
		}
		if (deletes.length > 0) await flushFirst();
		await write(200_000, { table: 'segments', key, row });
	}

	/** Deletes of a commit happen before its puts: a row that is still to be put is put first. */
	async function flushFirst(): Promise<void> {
		const late = deletes;
		deletes = [];
		await flush();
		deletes = late;
	}

	async function takeSession(key: string, row: Record<string, unknown>): Promise<void> {
		const session = await known(key);
		const theirs = readSessionRecord(row);
		if (theirs?.temporary === true) return;
		for (const { lam } of Object.values(theirs?.registers ?? {})) ports.lamport.observe(lam);
		if (!session.hasRecord) {
			counts.sessions++;
			return write(2000, ...(await draftWrites(key, session)), { table: 'sessions', key, row });
		}
		const mine = readSessionRecord(await store.get('sessions', key));
		if (mine === null || theirs === null) return void counts.already++;
		const registers = mergeRegisters(mine.registers, theirs.registers);
		const isSame = JSON.stringify(registers) === JSON.stringify(mine.registers);
		if (isSame && session.added.length === 0) return void counts.already++;
		const record = { ...mine, registers };
		counts.sessions++;
		await flush();
		await write(2000, { table: 'sessions', key, row: record });
		await flush();
		ports.merged(record, session.added);
	}

	/** What waited to be sent, or was not finished, is not put in front of what was said here since. */
	async function takeUnsent(table: 'drafts' | 'queue', key: string, row: unknown): Promise<void> {
		const session = await known(sessionOf(key));
		const isHere = (await store.get(table, key)) !== undefined;
		const unsent = readUnsent(row);
		if (session.hasRecord || isHere) counts.already++;
		else if (unsent !== undefined) {
			session.unsent.push(unsent);
			counts[table === 'queue' ? 'unsent' : 'others']++;
		}
	}

	async function draftWrites(key: string, { unsent }: Known): Promise<StoreWrite[]> {
		if (unsent.length === 0) return [];
		const here = readUnsent(await store.get('drafts', key));
		const draft = joinUnsent(here === undefined ? unsent : [here, ...unsent]);
		return [{ table: 'drafts', key, row: { v: 1, ...draft } }];
	}

	return {
		async take(one) {
			if ('secret' in one) return ports.secret(one.secret);
			if (!('table' in one)) return;
			const { table, key, row } = one;
			const sessionId = sessionOf(key);
			if (table === 'sessions') return takeSession(key, row);
			if (table === 'entries') return takeEntry(sessionId, row);
			if (table === 'segments') return takeSegment(sessionId, key, row);
			if (table === 'drafts' || table === 'queue') return takeUnsent(table, key, row);
			const plain = readPlainRow(table, key, row);
			if (plain === undefined || isOpenTurn(table, row)) return;
			if ((await store.get(table, key)) !== undefined) return void counts.already++;
			if (!ports.withPermissions && permissionIn(table, key, row) !== undefined)
				return void counts.withheld++;
			if (table === 'blobs') deletes.push(...keepBlobs([key]));
			counts[table === 'blobs' ? 'files' : 'others']++;
			await write(row.bytes instanceof Uint8Array ? row.bytes.length : 2000, { table, key, row: plain });
		},
		async finish() {
			await flush();
			return counts;
		}
	};
}

function idsIn(segment: unknown): string[] {
	return (readSegment(segment)?.elements ?? []).flatMap((element) =>
		isRecord(element) && typeof element.id === 'string' ? [element.id] : []
	);
}
