/**
 * Temporary sessions: a store whose rows of temporary sessions live in memory only and leave no
 * trace in the base. Every row is routed by the session it belongs to; what belongs to none
 * (settings, rules, a plugin's storage) stays in the base, even when a temporary turn writes it.
 */

import { AppError, toAppError } from '../../wire/errors';
import { conflict, epochOf, holds, staleEpoch } from './rules';
import {
	tables,
	type Commit,
	type RangeQuery,
	type Row,
	type Store,
	type StoredRow,
	type Table
} from './store';

/** How a row of this table says which session it belongs to. */
type Owner = 'key' | 'turn' | 'row' | 'follows' | 'base';

const owners: Record<Table, Owner> = {
	sessions: 'key',
	entries: 'key',
	segments: 'key',
	drafts: 'key',
	queue: 'key',
	turns: 'turn',
	steps: 'turn',
	streams: 'turn',
	effects: 'row',
	approvals: 'row',
	undo: 'row',
	// Go where the rest of their commit goes: an attachment and an audit line would be traces.
	blobs: 'follows',
	audit: 'follows',
	search: 'follows',
	meta: 'follows',
	plugins: 'base',
	vault: 'base',
	settings: 'base',
	rules: 'base',
	fibers: 'base',
	ops: 'base'
};

export interface OverlayStore extends Store {
	/** Forgets a temporary session: everything of it in memory. */
	drop(sessionId: string): Promise<void>;
}

/**
 * @param memory an empty store; nothing else may write to it.
 * @param isTemporary asked for session ids. Sessions whose stored record says `temporary` are known anyhow.
 */
export function createOverlayStore(
	base: Store,
	memory: Store,
	isTemporary: (sessionId: string) => boolean
): OverlayStore {
	const sessions = new Set<string>();
	/** Turn id → session id, for rows that name only their turn. */
	const turns = new Map<string, string>();
	/** Rows in memory whose key says nothing of their session. */
	const named = new Set<string>();
	let last: Promise<void> = Promise.resolve();

	const isTemporarySession = (id: string): boolean => sessions.has(id) || isTemporary(id);

	/** True: memory · false: base · null: wherever the commit goes. */
	function isInMemory(table: Table, key: string, row?: Row): boolean | null {
		const first = key.split('/', 1)[0] ?? '';
		const sessionId = textField(row, 'sessionId');
		switch (owners[table]) {
			case 'key':
				return isTemporarySession(first);
			case 'turn':
				return turns.has(first) || (sessionId !== undefined && isTemporarySession(sessionId));
			case 'row':
				return sessionId === undefined ? named.has(`${table} ${key}`) : isTemporarySession(sessionId);
			case 'follows':
				return null;
			case 'base':
				return false;
		}
	}

	function learn(commit: Commit): void {
		for (const { table, key, row } of commit.put ?? []) {
			if (table === 'sessions' && 'temporary' in row && row.temporary === true) sessions.add(key);
		}
		for (const { table, key, row } of commit.put ?? []) {
			const sessionId = textField(row, 'sessionId');
			if (sessionId === undefined || !isTemporarySession(sessionId)) continue;
			if (table === 'turns') turns.set(key, sessionId);
			else if (owners[table] === 'row') named.add(`${table} ${key}`);
		}
	}

	/** Decided in the caller's tick, so that commits reach the base in the order they were asked for. */
	function commit(whole: Commit): Promise<void> {
		try {
			learn(whole);
		} catch (thrown) {
			return Promise.reject(toAppError(thrown, 'input/invalid'));
		}
		const places = [
			...(whole.put ?? []).map(({ table, key, row }) => isInMemory(table, key, row)),
			...(whole.delete ?? []).map(({ table, key }) => isInMemory(table, key)),
			...(whole.expect ?? []).map(({ table, key }) => isInMemory(table, key))
		];
		if (!places.includes(true)) return base.commit(whole);
		const next = last.then(
			() => commitTemporary(whole),
			() => commitTemporary(whole)
		);
		last = next;
		return next;
	}

	async function commitTemporary(whole: Commit): Promise<void> {
		const puts = split(whole.put ?? [], ({ table, key, row }) => isInMemory(table, key, row) ?? true);
		const deletes = split(whole.delete ?? [], ({ table, key }) => isInMemory(table, key) ?? true);
		const expects = split(
			whole.expect ?? [],
			({ table, key }) => table !== 'meta' && (isInMemory(table, key) ?? true)
		);
		for (const { table, key } of [...puts.inBase, ...deletes.inBase]) {
			if (owners[table] === 'base') continue;
			throw new AppError('internal/unexpected', {
				message: 'One commit may not write a temporary session and another one.',
				data: { table, key }
			});
		}
		for (const expectation of expects.inMemory) {
			const row = await memory.get(expectation.table, expectation.key);
			if (!holds(expectation, row)) throw conflict(expectation);
		}
		// The durable half goes first. A crash between the two loses only what a crash loses anyway.
		if (puts.inBase.length + deletes.inBase.length + expects.inBase.length > 0) {
			await base.commit({
				epoch: whole.epoch,
				expect: expects.inBase,
				put: puts.inBase,
				delete: deletes.inBase
			});
		} else {
			const stored = epochOf(await base.get('meta', 'epoch'));
			if (stored !== whole.epoch) throw staleEpoch(whole.epoch, stored);
		}
		await memory.commit({ epoch: 0, expect: expects.inMemory, put: puts.inMemory, delete: deletes.inMemory });
	}

	return {
		async get(table, key) {
			if (table === 'meta' || owners[table] === 'base') return base.get(table, key);
			return (await memory.get(table, key)) ?? base.get(table, key);
		},
		async getMany(table, keys) {
			if (table === 'meta' || owners[table] === 'base') return base.getMany(table, keys);
			const [own, others] = await Promise.all([memory.getMany(table, keys), base.getMany(table, keys)]);
			return keys.map((_, index) => own[index] ?? others[index]);
		},
		async range(table, query) {
			if (table === 'meta' || owners[table] === 'base') return base.range(table, query);
			const [own, others] = await Promise.all([memory.range(table, query), base.range(table, query)]);
			return own.length === 0 ? others : mergeRows(own, others, query);
		},
		commit,
		async drop(sessionId) {
			const deletes: { table: Table; key: string }[] = [];
			for (const table of tables) {
				for (const { key, row } of await memory.range(table, {})) {
					const first = key.split('/', 1)[0] ?? '';
					const owner = owners[table] === 'key' ? first : (textField(row, 'sessionId') ?? turns.get(first));
					if (owner === sessionId) deletes.push({ table, key });
				}
			}
			await memory.commit({ epoch: 0, delete: deletes });
			for (const { table, key } of deletes) named.delete(`${table} ${key}`);
			for (const [turnId, owner] of turns) if (owner === sessionId) turns.delete(turnId);
			sessions.delete(sessionId);
		},
		close() {
			memory.close();
			base.close();
		}
	};
}

function split<T>(
	all: readonly T[],
	isMemory: (one: T) => boolean
): { readonly inMemory: T[]; readonly inBase: T[] } {
	const inMemory: T[] = [];
	const inBase: T[] = [];
	for (const one of all) (isMemory(one) ? inMemory : inBase).push(one);
	return { inMemory, inBase };
}

function mergeRows(a: readonly StoredRow[], b: readonly StoredRow[], query: RangeQuery): StoredRow[] {
	const seen = new Set(a.map(({ key }) => key));
	const all = [...a, ...b.filter(({ key }) => !seen.has(key))];
	const direction = query.reverse === true ? -1 : 1;
	all.sort((x, y) => (x.key < y.key ? -direction : direction));
	return all.slice(0, query.limit ?? all.length);
}

function textField(row: unknown, field: string): string | undefined {
	if (typeof row !== 'object' || row === null) return undefined;
	const value: unknown = Reflect.get(row, field);
	return typeof value === 'string' ? value : undefined;
}
