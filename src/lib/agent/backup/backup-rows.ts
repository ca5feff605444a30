/**
 * What goes into a backup: everything that a person would miss, as rows of the store. Never: keys of this
 * device, journals of turns that are under way, sessions that leave no trace, what is made again from the rest.
 */

import * as z from 'zod/mini';
import { parseJson } from '../../wire/json';
import { facts } from '../sessions/facts';
import { readRecords } from '../sessions/list';
import type { SessionRecord } from '../sessions/records';
import { isRecord } from '../sessions/upcast';
import { pagesOf } from '../storage/pages';
import type { Store, StoredRow, Table } from '../storage/store';
import type { BackupRecord } from './seal-backup';

/** Whole tables. What only this device is about has a name that begins with `backup.` */
const anywhere = ['plugins', 'settings', 'rules'] as const;
/** Rows of sessions, by the beginning of their key; live entries first: what is packed meanwhile comes twice, never not at all. */
const bySession = ['entries', 'segments', 'drafts', 'queue'] as const;
/** Rows that name their session. */
const naming = ['turns', 'undo'] as const;
export const backedUpTables = [...anywhere, ...bySession, ...naming, 'blobs', 'sessions'] as const;
export type BackedUpTable = (typeof backedUpTables)[number];

const aboutSchema = z.object({
	v: z.literal(1),
	madeAt: z.number(),
	sessions: z.number(),
	titles: z.array(z.string())
});
export type BackupAbout = z.infer<typeof aboutSchema>;

const rowSchema = z.object({
	t: z.enum(backedUpTables),
	k: z.string().check(z.regex(/^[\x20-\x7e]+$/)),
	r: z.record(z.string(), z.unknown())
});
const secretSchema = z.object({
	secret: z.object({ id: z.string(), origin: z.string(), kind: z.string(), key: z.string() })
});
export type BackedUpSecret = z.infer<typeof secretSchema>['secret'];

export type BackupRow =
	| { readonly about: BackupAbout }
	| { readonly secret: BackedUpSecret }
	| { readonly table: BackedUpTable; readonly key: string; readonly row: Record<string, unknown> };

const rowsAtOnce = 50;
const titlesShown = 5;
const sha256 = /[0-9a-f]{64}/g;

export function isOwnSetting(table: Table, key: string): boolean {
	return table === 'settings' && key.startsWith('backup.');
}

export interface RowPorts {
	readonly store: Store;
	readonly now: number;
	readonly pause: () => Promise<void>;
	/** Keys of providers, where the person wants them to go along. */
	readonly secrets: () => Promise<readonly BackedUpSecret[]>;
}

/** Session records come last: with one, all of its session is there. */
export async function* backupRows({ store, now, pause, secrets }: RowPorts): AsyncGenerator<BackupRecord> {
	// Read first: no record speaks of an entry that was read too early.
	const records = (await readRecords(store)).records.filter(({ temporary }) => !temporary);
	const ids = new Set(records.map(({ id }) => id));
	const newest = records.filter((record) => !facts(record).hidden).sort((a, b) => touched(b) - touched(a));
	const titles = newest.slice(0, titlesShown).map((record) => facts(record).title);
	yield { json: JSON.stringify({ about: { v: 1, madeAt: now, sessions: newest.length, titles } }) };
	for (const secret of await secrets()) yield { json: JSON.stringify({ secret }) };
	const spoken = new Set<string>();
	const told = (table: BackedUpTable, row: StoredRow): BackupRecord => {
		const record = rowRecord(table, row);
		for (const [hash] of record.json.matchAll(sha256)) spoken.add(hash);
		return record;
	};
	for (const table of anywhere) {
		for await (const rows of pagesOf(store, table, { limit: rowsAtOnce, pause }))
			for (const one of rows) if (!isOwnSetting(table, one.key)) yield told(table, one);
	}
	for (const table of bySession) {
		for await (const rows of pagesOf(store, table, { limit: rowsAtOnce, pause }))
			for (const one of rows) if (ids.has(sessionOf(one.key))) yield told(table, one);
	}
	for (const table of naming) {
		for await (const rows of pagesOf(store, table, { limit: rowsAtOnce, pause }))
			for (const { key, row } of rows) {
				const lasting = lastingRow(row, ids);
				if (lasting !== undefined && !isOpenTurn(table, lasting)) yield told(table, { key, row: lasting });
			}
	}
	// One by one: each row holds all of a file's bytes.
	for await (const rows of pagesOf(store, 'blobs', { limit: 1, pause })) {
		for (const { key, row } of rows) {
			if (!isRecord(row) || !(row.bytes instanceof Uint8Array)) continue;
			// What nothing speaks of is nobody's, or a temporary session's.
			if (!spoken.has(key)) continue;
			const { bytes, ...rest } = row;
			yield { ...rowRecord('blobs', { key, row: rest }), bytes };
		}
	}
	for (const record of records) yield rowRecord('sessions', { key: record.id, row: record });
}

const touched = (record: SessionRecord): number => Math.max(facts(record).touchedAt, record.createdAt);

/** How many sessions were written to after this time. */
export async function sessionsSince(store: Store, at: number): Promise<number> {
	const { records } = await readRecords(store);
	return records.filter((record) => !record.temporary && touched(record) > at).length;
}

export const sessionOf = (key: string): string => key.split('/', 1)[0] ?? '';

/** It would be run twice. */
export function isOpenTurn(table: BackedUpTable, row: Readonly<Record<string, unknown>>): boolean {
	return table === 'turns' && row.state !== 'ended';
}

/** Of a turn that is over, nothing is at the relay any more. */
function lastingRow(row: unknown, ids: ReadonlySet<string>): Record<string, unknown> | undefined {
	if (!isRecord(row) || typeof row.sessionId !== 'string' || !ids.has(row.sessionId)) return undefined;
	const { streamSecret, ...rest } = row;
	void streamSecret;
	return rest;
}

function rowRecord(table: BackedUpTable, { key, row }: StoredRow): BackupRecord {
	return { json: JSON.stringify({ t: table, k: key, r: row }) };
}

/** Undefined for what this build does not know. */
export function readBackupRow({ json, bytes }: BackupRecord): BackupRow | undefined {
	const value = parseJson(json);
	const row = rowSchema.safeParse(value);
	if (row.success) {
		const { t, k, r } = row.data;
		if (isOwnSetting(t, k)) return undefined;
		return { table: t, key: k, row: t === 'blobs' ? { ...r, bytes: new Uint8Array(bytes ?? []) } : r };
	}
	const about = z.object({ about: aboutSchema }).safeParse(value);
	if (about.success) return { about: about.data.about };
	const secret = secretSchema.safeParse(value);
	return secret.success ? { secret: secret.data.secret } : undefined;
}
