/**
 * The list of sessions: registers only, never an entry. Pinned first, then the last touched.
 * A row that cannot be read is counted and left out.
 */

import type { SessionRow, TurnDisplay } from '../../wire/view';
import type { Store } from '../storage/store';
import { facts, rowOf } from './facts';
import { readSessionRecord } from './read-record';
import type { SessionRecord } from './records';

export interface ListQuery {
	/** True: only the archived ones. Default false: only the others. */
	readonly archived?: boolean;
	/** In title, preview, folder or a tag; case does not matter. */
	readonly text?: string;
	readonly folder?: string;
	readonly limit?: number;
	/** `next` of the page before. */
	readonly before?: string;
}

export interface SessionList {
	readonly rows: readonly SessionRow[];
	readonly next: string | null;
	readonly badRows: number;
}

const defaultLimit = 100;

export async function listSessions(
	store: Store,
	query: ListQuery,
	turnOf: (sessionId: string) => TurnDisplay
): Promise<SessionList> {
	const { records, badRows } = await readRecords(store);
	const wanted = query.text?.trim().toLowerCase() ?? '';
	const ranked: { readonly rank: string; readonly record: SessionRecord }[] = [];
	for (const record of records) {
		const known = facts(record);
		if (known.hidden || known.archived !== (query.archived ?? false)) continue;
		if (query.folder !== undefined && known.folder !== query.folder) continue;
		if (wanted !== '' && !textOf(record).includes(wanted)) continue;
		ranked.push({ rank: rankOf(rowOf(record)), record });
	}
	ranked.sort((a, b) => (a.rank < b.rank ? 1 : -1));
	const { before } = query;
	const rest = before === undefined ? ranked : ranked.filter(({ rank }) => rank < before);
	const page = rest.slice(0, Math.max(0, query.limit ?? defaultLimit));
	return {
		rows: page.map(({ record }) => rowOf(record, turnOf(record.id))),
		next: page.length < rest.length ? (page.at(-1)?.rank ?? null) : null,
		badRows
	};
}

export async function readRecords(
	store: Store
): Promise<{ readonly records: readonly SessionRecord[]; readonly badRows: number }> {
	const records: SessionRecord[] = [];
	let badRows = 0;
	for (const { key, row } of await store.range('sessions', {})) {
		const record = readSessionRecord(row);
		if (record !== null && record.id === key) records.push(record);
		else badRows++;
	}
	return { records, badRows };
}

/** Descending by this text is the order of the list; also the cursor of a page. */
function rankOf(row: SessionRow): string {
	const touched = Math.min(Math.max(0, Math.floor(row.touchedAt)), 999_999_999_999_999);
	return `${row.pinned ? 1 : 0}/${String(touched).padStart(15, '0')}/${row.id}`;
}

function textOf(record: SessionRecord): string {
	const { title, preview, folder, tags } = facts(record);
	return [title, preview, folder, ...tags].join('\n').toLowerCase();
}
