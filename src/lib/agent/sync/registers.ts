/**
 * Registers of the home, and which of them are rows of a table here. Each is kept with its stamp as a row
 * `r/{key}` of `ops`, but for a session's own: their stamps are in its record.
 */

import * as z from 'zod/mini';
import type { Json } from '../../wire/json';
import type { Store, StoreWrite, Table } from '../storage/store';
import type { RegisterRow } from './merge';

const json = z.custom<Json>((value) => value !== undefined);
const stored = z.object({ key: z.string(), value: json, lam: z.number(), dev: z.string() });

const prefix = 'r/';
const rowKey = (key: string): string => prefix + encodeURIComponent(key);

export const bornKey = (session: string): string => `session/${session}/born`;
export const purgedKey = (session: string): string => `purged/${session}`;

/** Tables whose rows are registers, each by its key. */
export const syncedTables = ['plugins', 'settings', 'rules'] as const satisfies readonly Table[];
export type SyncedTable = (typeof syncedTables)[number];

/**
 * Settings that go with the person. All others stay with the device: `providers/` (which keys and which local
 * servers are at hand), `skills/` (what may run here), when this device was last exported, and the page's look,
 * which is not even here. Keys are in `vault`, which no operation is ever made of.
 */
const syncedSettings = ['models/', 'turns/', 'share/'] as const;

export function isSynced(table: Table, key: string): table is SyncedTable {
	switch (table) {
		case 'plugins':
		case 'rules':
			return true;
		case 'settings':
			return syncedSettings.some((start) => key.startsWith(start));
		default:
			return false;
	}
}

export const tableKey = (table: SyncedTable, key: string): string => `${table}/${key}`;

/** The row that a register stands for; undefined where it is none, or none that this build keeps in step. */
export function rowOfRegister(
	key: string
): { readonly table: SyncedTable; readonly key: string } | undefined {
	const table = syncedTables.find((one) => key.startsWith(`${one}/`));
	const own = table === undefined ? '' : key.slice(table.length + 1);
	if (table === undefined || !/^[\x21-\x7e]{1,400}$/.test(own)) return undefined;
	return isSynced(table, own) ? { table, key: own } : undefined;
}

export function sessionRegister(
	key: string
): { readonly session: string; readonly name: string } | undefined {
	const [, session, name] = /^session\/([A-Za-z0-9_.:-]{1,64})\/([A-Za-z0-9_]{1,64})$/.exec(key) ?? [];
	return session === undefined || name === undefined ? undefined : { session, name };
}

export function registerWrite(key: string, row: RegisterRow): StoreWrite {
	return { table: 'ops', key: rowKey(key), row: { v: 1, key, ...row } };
}

function read(row: unknown): readonly [string, RegisterRow] | undefined {
	const found = stored.safeParse(row);
	if (!found.success) return undefined;
	const { key, ...register } = found.data;
	return [key, register];
}

export async function registerOf(store: Store, key: string): Promise<RegisterRow | undefined> {
	return read(await store.get('ops', rowKey(key)))?.[1];
}

export async function registersOf(
	store: Store,
	keys: readonly string[]
): Promise<ReadonlyMap<string, RegisterRow>> {
	return readAll(keys.length === 0 ? [] : await store.getMany('ops', keys.map(rowKey)));
}

/** All whose key begins like this. */
export async function registersAt(store: Store, start = ''): Promise<ReadonlyMap<string, RegisterRow>> {
	return readAll((await store.range('ops', { prefix: rowKey(start) })).map(({ row }) => row));
}

function readAll(rows: readonly unknown[]): ReadonlyMap<string, RegisterRow> {
	const found = new Map<string, RegisterRow>();
	for (const row of rows) {
		const [key, register] = read(row) ?? [];
		if (key !== undefined && register !== undefined) found.set(key, register);
	}
	return found;
}
