/** Reads entries straight from the store's tables, for the index only: it needs neither tree nor order. */

import { isJsonObject } from '../../../wire/json';
import type { Store } from '../../storage/store';
import { textOfEntry } from './entry-text';
import type { IndexedText } from './search-index';

const segmentPage = 20;
const entryPage = 500;

/** Every readable entry whose key starts with `prefix` (a session's, or all), packed ones first. */
export async function* storedTexts(store: Store, prefix: string): AsyncGenerator<IndexedText> {
	for (const [table, limit] of [
		['segments', segmentPage],
		['entries', entryPage]
	] as const) {
		// A prefix ends in "/"; "0" is the character after it.
		const to = prefix === '' ? undefined : `${prefix.slice(0, -1)}0`;
		let from = prefix;
		for (;;) {
			const rows = await store.range(table, { from, limit, ...(to === undefined ? {} : { to }) });
			for (const { row } of rows) {
				const entries = isJsonObject(row) && Array.isArray(row['entries']) ? row['entries'] : [row];
				for (const entry of entries) {
					const text = textOfEntry(entry);
					if (text !== undefined) yield text;
				}
			}
			const last = rows.at(-1);
			if (last === undefined || rows.length < limit) break;
			// A blank sorts before everything a key may hold.
			from = `${last.key} `;
		}
	}
}

/** The texts of some entries; undefined where one is gone. */
export async function textsOf(
	store: Store,
	wanted: readonly { readonly id: string; readonly sessionId: string }[]
): Promise<(string | undefined)[]> {
	const single = await store.getMany(
		'entries',
		wanted.map(({ id, sessionId }) => `${sessionId}/${id}`)
	);
	const texts = single.map((row) => textOfEntry(row)?.text);
	const missing = new Map<string, Set<string>>();
	for (const [i, { id, sessionId }] of wanted.entries()) {
		if (texts[i] !== undefined) continue;
		const ids = missing.get(sessionId);
		if (ids === undefined) missing.set(sessionId, new Set([id]));
		else ids.add(id);
	}
	const found = new Map<string, string>();
	for (const [sessionId, ids] of missing) {
		for await (const { id, text } of storedTexts(store, `${sessionId}/`)) {
			if (!ids.delete(id)) continue;
			found.set(id, text);
			if (ids.size === 0) break;
		}
	}
	return wanted.map(({ id }, i) => texts[i] ?? found.get(id));
}
