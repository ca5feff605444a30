/** What the browser has stored of Wherry, read (and once written) through the page's own IndexedDB. */

import type { Page } from '@playwright/test';

export interface StoredRow {
	readonly key: string;
	readonly row: Readonly<Record<string, unknown>>;
}

export async function readTable(page: Page, table: string): Promise<readonly StoredRow[]> {
	return page.evaluate(async (name) => {
		const settled = <T>(request: IDBRequest<T>): Promise<T> =>
			new Promise((resolve, reject) => {
				request.onsuccess = () => resolve(request.result);
				request.onerror = () => reject(request.error ?? new Error('cannot read'));
			});
		const database = await settled(indexedDB.open('wherry'));
		const store = database.transaction(name).objectStore(name);
		const [keys, rows] = await Promise.all([settled(store.getAllKeys()), settled(store.getAll())]);
		database.close();
		return rows.map((row: StoredRow['row'], index) => ({ key: String(keys[index]), row }));
	}, table);
}

export async function writeRow(page: Page, table: string, { key, row }: StoredRow): Promise<void> {
	await page.evaluate(
		async ([name, id, value]) => {
			const database = await new Promise<IDBDatabase>((resolve, reject) => {
				const request = indexedDB.open('wherry');
				request.onsuccess = () => resolve(request.result);
				request.onerror = () => reject(request.error ?? new Error('cannot open'));
			});
			await new Promise<void>((resolve, reject) => {
				const transaction = database.transaction(name, 'readwrite');
				transaction.oncomplete = () => resolve();
				transaction.onabort = () => reject(transaction.error ?? new Error('cannot write'));
				transaction.objectStore(name).put(value, id);
			});
			database.close();
		},
		[table, key, row] as const
	);
}

/** Texts of stored user messages, in the order they were sent. */
export async function storedMessages(
	page: Page
): Promise<readonly { sessionId: string; parentId: string | null; text: string }[]> {
	const rows = (await readTable(page, 'entries')).map(({ row }) => row);
	const packed = (await readTable(page, 'segments')).flatMap(({ row }) =>
		Array.isArray(row['entries']) ? row['entries'] : []
	);
	return [...rows, ...packed]
		.filter((entry) => entry.kind === 'user')
		.sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1))
		.map((entry) => ({
			sessionId: String(entry.sessionId),
			parentId: entry.parentId as string | null,
			text: textOf(entry.parts)
		}));
}

function textOf(parts: unknown): string {
	if (!Array.isArray(parts)) return '';
	return parts.map((part: { text?: unknown }) => (typeof part.text === 'string' ? part.text : '')).join('');
}

/** How many facts in memory hold this text. */
export async function factsWith(page: Page, text: string): Promise<number> {
	const rows = await readTable(page, 'plugins');
	return rows.filter(
		({ key, row }) => key.startsWith('memory/fact/') && JSON.stringify(row['value']).includes(text)
	).length;
}

/** States of everything that this action was ever asked to do: one row a call, however often it was tried. */
export async function effectsOf(page: Page, action: string): Promise<readonly unknown[]> {
	return (await readTable(page, 'effects'))
		.filter(({ row }) => row['action'] === action)
		.map(({ row }) => row['state']);
}

/** Turns that neither ended nor wait visibly. */
export async function openTurns(page: Page): Promise<readonly StoredRow[]> {
	return (await readTable(page, 'turns')).filter(
		({ row }) => row['state'] !== 'ended' && row['state'] !== 'parked'
	);
}
