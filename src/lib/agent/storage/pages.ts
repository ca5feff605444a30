/** Walks a whole table a few rows at a time, with a pause after each page: for work that nobody waits for. */

import type { Store, StoredRow, Table } from './store';

export async function* pagesOf(
	store: Pick<Store, 'range'>,
	table: Table,
	{ limit, prefix = '', pause }: { limit: number; prefix?: string; pause: () => Promise<void> }
): AsyncGenerator<readonly StoredRow[]> {
	let from: string | undefined;
	for (;;) {
		const rows = await store.range(table, { prefix, limit, ...(from === undefined ? {} : { from }) });
		if (rows.length > 0) yield rows;
		const last = rows.at(-1);
		if (last === undefined || rows.length < limit) return;
		// A space is the lowest character of a key, so that this is the next key there can be.
		from = `${last.key} `;
		await pause();
	}
}
