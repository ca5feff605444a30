/**
 * Stored records of any age, as records of today: a chain of pure upcasters per kind, run on
 * read, record by record. What this build does not know (another kind, a newer version) stays
 * opaque and is written back as it came. Also: who may write, by `meta/schema`.
 */

import { AppError } from '../../wire/errors';
import type { Commit, Store, StoreWrite } from '../storage/store';

/** One step of a chain: a record of version n as one of version n + 1. Pure; must not change its input. */
export type Upcaster = (row: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/** `steps[0]` makes version 2 of version 1, and so on; the current version is `steps.length + 1`. */
export type UpcastChains = { readonly [kind: string]: readonly Upcaster[] };

export type Upcast =
	| { readonly ok: true; readonly record: Record<string, unknown> }
	| { readonly ok: false; readonly opaque: unknown; readonly why: 'unknown-kind' | 'newer' | 'unreadable' };

/** Every kind of record that is stored. A first change of a kind adds its first step here. */
export const chains = {
	meta: [],
	session: [],
	entry: [],
	segment: [],
	turn: [],
	step: [],
	effect: [],
	stream: [],
	approval: [],
	undo: [],
	blob: [],
	draft: [],
	queue: [],
	plugin: [],
	secret: [],
	setting: [],
	rule: [],
	audit: [],
	search: [],
	fiber: []
} as const satisfies UpcastChains;
export type RecordKind = keyof typeof chains;

export function createUpcast(known: UpcastChains): (kind: string, row: unknown) => Upcast {
	return (kind, row) => {
		const steps = Object.hasOwn(known, kind) ? known[kind] : undefined;
		if (steps === undefined) return { ok: false, opaque: row, why: 'unknown-kind' };
		if (!isRecord(row)) return { ok: false, opaque: row, why: 'unreadable' };
		const { v } = row;
		if (typeof v !== 'number' || !Number.isInteger(v) || v < 1)
			return { ok: false, opaque: row, why: 'unreadable' };
		if (v > steps.length + 1) return { ok: false, opaque: row, why: 'newer' };
		let record: Record<string, unknown> = row;
		try {
			for (let version = v; version <= steps.length; version++) {
				record = { ...steps[version - 1]?.(record), v: version + 1 };
			}
		} catch {
			return { ok: false, opaque: row, why: 'unreadable' };
		}
		return { ok: true, record };
	};
}

export const upcast: (kind: RecordKind | (string & {}), row: unknown) => Upcast = createUpcast(chains);

export function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What this build writes, and the oldest build that can still read it. */
export const schema = { write: 1, readMin: 1 } as const;

/** `read-only`: a newer build wrote here, in a way that we can still read. `unreadable`: not even that. */
export type SchemaState = 'ok' | 'read-only' | 'unreadable';

export function schemaState(row: unknown, ours: { readonly write: number } = schema): SchemaState {
	if (!isRecord(row)) return 'ok';
	const { write, readMin } = row;
	if (typeof readMin === 'number' && readMin > ours.write) return 'unreadable';
	if (typeof write === 'number' && write > ours.write) return 'read-only';
	return 'ok';
}

/** Put into the leader's first commit. */
export function schemaWrite(): StoreWrite {
	return { table: 'meta', key: 'schema', row: { v: 1, ...schema } };
}

export async function readSchema(store: Store): Promise<SchemaState> {
	return schemaState(await store.get('meta', 'schema'));
}

/** The store of a build that is too old to write: everything can be read, nothing changes. */
export function createReadOnlyStore(store: Store): Store {
	return {
		get: (table, key) => store.get(table, key),
		getMany: (table, keys) => store.getMany(table, keys),
		range: (table, query) => store.range(table, query),
		commit: (commit: Commit) =>
			Promise.reject(new AppError('storage/newer-schema', { data: { epoch: commit.epoch } })),
		close: () => store.close()
	};
}
