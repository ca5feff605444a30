/**
 * What a commit means for the other devices: an entry is a node, everything that changes a register. Asked for
 * every commit of a home's device, whoever makes it, so that nothing is ever written without being told.
 */

import type { Json } from '../../wire/json';
import type { AnyOperation } from '../../wire/operations';
import type { Clock, Ids } from '../ports';
import { mergeRegisters } from '../sessions/facts';
import type { LamClock } from '../sessions/lam';
import { readSegment, readSessionRecord } from '../sessions/read-record';
import type { SessionRecord } from '../sessions/records';
import { isRecord } from '../sessions/upcast';
import type { Commit, Store, StoreWrite } from '../storage/store';
import { asJson } from './as-json';
import { fileContent, filesOf, fileType, fileWantedType, untoldFiles } from './files';
import { queueEntry, queueFile, queueWrite } from './outbox';
import { turnRegisters } from './open-turns';
import { bornKey, isSynced, purgedKey, registerOf, registerWrite, tableKey } from './registers';

export interface OperationPorts {
	/** `kid` of this device. */
	readonly dev: string;
	readonly clock: Clock;
	readonly ids: Ids;
	readonly lamport: LamClock;
}

export interface Told {
	/** Rows for the commit that makes the change. */
	readonly put: readonly StoreWrite[];
	/** The same with their content, to be sent. */
	readonly operations: readonly AnyOperation[];
}

/** Counted by each device for itself, from the entries it has. */
export const ownFacts: ReadonlySet<string> = new Set(['entryCount']);

export interface Telling {
	node(row: unknown): void;
	/** Files of the nodes so far. */
	files(): ReadonlySet<string>;
	/** The bytes of a file: the row names it, `content` is what is sent now. */
	file(blob: string, content: Json, note?: StoreWrite): void;
	/** Asks the others for a file. */
	want(blob: string): void;
	register(key: string, value: Json, lam: number): void;
	/** A session's registers that `before` does not have, or has otherwise. */
	session(record: SessionRecord, before: SessionRecord | null): void;
	told(): Told;
}

export function createTelling({ dev, clock, ids, lamport }: OperationPorts): Telling {
	const put: StoreWrite[] = [];
	const operations: AnyOperation[] = [];
	const files = new Set<string>();
	const operation = (type: string, lam: number, body: Json): AnyOperation => ({
		v: 1,
		opId: ids.next(),
		dev,
		lam,
		hlc: [clock.now(), 0],
		deps: [],
		type,
		body
	});

	function set(key: string, value: Json, lam: number): void {
		const op = operation('reg.set', lam, { key, value });
		put.push(queueWrite(op));
		operations.push(op);
	}

	return {
		node(row) {
			if (!isRecord(row)) return;
			const { id, sessionId, parentId, lam } = row;
			if (typeof id !== 'string' || typeof sessionId !== 'string') return;
			const parent = typeof parentId === 'string' ? parentId : null;
			const op = operation('node.add', typeof lam === 'number' ? lam : 0, {
				node: id,
				parent,
				session: sessionId,
				content: null
			});
			for (const blob of filesOf(row)) files.add(blob);
			put.push(queueEntry(op, { id, sessionId }));
			const content = asJson(row);
			operations.push({ ...op, body: { node: id, parent, session: sessionId, content } });
		},
		files: () => files,
		file(blob, content, note) {
			// Before any entry: who reads of it has it.
			const op = operation(fileType, 0, null);
			put.push(queueFile(op, blob), ...(note === undefined ? [] : [note]));
			operations.unshift({ ...op, body: content });
		},
		want(blob) {
			const op = operation(fileWantedType, 0, { hash: blob });
			put.push(queueWrite(op));
			operations.push(op);
		},
		register(key, value, lam) {
			set(key, value, lam);
			put.push(registerWrite(key, { value, lam, dev }));
		},
		session(record, before) {
			if (before === null) {
				const { createdAt, origin } = record;
				const value = { createdAt, origin: origin === undefined ? null : { ...origin } };
				const lam = lamport.next();
				set(bornKey(record.id), value, lam);
				put.push(registerWrite(bornKey(record.id), { value, lam, dev }));
			}
			const known = before?.registers ?? {};
			for (const [name, register] of Object.entries(record.registers)) {
				if (ownFacts.has(name) || register.dev !== dev) continue;
				const old: unknown = Reflect.get(known, name);
				if (isRecord(old) && old.lam === register.lam && old.dev === dev) continue;
				set(`session/${record.id}/${name}`, asJson(register.value), register.lam);
			}
		},
		told: () => ({ put, operations })
	};
}

/** The files of what is told, where the others do not have them from here. */
export async function tellFiles(telling: Telling, store: Store): Promise<void> {
	for (const { blob, note } of await untoldFiles(store, telling.files())) {
		const content = await fileContent(store, blob);
		if (content !== undefined) telling.file(blob, content, note);
	}
}

/** The commit with what the others are told of it; and with what they have said of the same session meanwhile. */
export async function tellCommit(
	commit: Commit,
	store: Store,
	ports: OperationPorts
): Promise<{ readonly commit: Commit; readonly operations: readonly AnyOperation[] }> {
	const { lamport } = ports;
	const telling = createTelling(ports);
	const packed = new Set(
		(commit.delete ?? []).flatMap(({ table, key }) => (table === 'entries' ? [key] : []))
	);
	const writes: StoreWrite[] = [];
	/** Its rows are kept in memory, far from here; should one come by all the same, it is told to nobody. */
	const temporary = new Set(
		(commit.put ?? []).flatMap(({ table, key, row }) =>
			table === 'sessions' && readSessionRecord(row)?.temporary === true ? [key] : []
		)
	);
	for (const write of commit.put ?? []) {
		const { table, key, row } = write;
		if (temporary.has(key.split('/', 1)[0] ?? '')) {
			writes.push(write);
			continue;
		}
		let written = write;
		if (table === 'entries') telling.node(row);
		if (table === 'segments') {
			for (const element of readSegment(row)?.elements ?? [])
				if (isRecord(element) && !packed.has(`${key.split('/', 1)[0] ?? ''}/${String(element.id)}`))
					telling.node(element);
		}
		if (table === 'sessions') {
			const record = readSessionRecord(row);
			const before = readSessionRecord(await store.get('sessions', key));
			if (record !== null) {
				const registers = mergeRegisters(before?.registers ?? {}, record.registers);
				const merged = { ...record, registers };
				telling.session(merged, before);
				written = { table, key, row: merged };
			}
		}
		if (isSynced(table, key)) telling.register(tableKey(table, key), asJson(row), lamport.next());
		writes.push(written);
	}
	for (const { table, key } of commit.delete ?? []) {
		if (table === 'sessions') telling.register(purgedKey(key), true, lamport.next());
		if (isSynced(table, key) && (await registerOf(store, tableKey(table, key))) !== undefined)
			telling.register(tableKey(table, key), null, lamport.next());
	}
	for (const [key, value] of await turnRegisters(commit, store, ports.dev))
		telling.register(key, value, lamport.next());
	await tellFiles(telling, store);
	const { put, operations } = telling.told();
	const all = [...writes, ...put, ...(put.length === 0 ? [] : [lamport.write()])];
	return { commit: { ...commit, put: all }, operations };
}
