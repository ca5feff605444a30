/** Everything that the page's origin has stored, as one text to look for something in. */

import type { Page } from '@playwright/test';

export function storedText(page: Page): Promise<string> {
	return page.evaluate(async () => {
		const latin = new TextDecoder('latin1');
		const all = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
		for (const { name } of await indexedDB.databases()) {
			if (name === undefined) continue;
			const db = await new Promise<IDBDatabase>((resolve, reject) => {
				const open = indexedDB.open(name);
				open.onsuccess = () => resolve(open.result);
				open.onerror = () => reject(new Error(String(open.error)));
			});
			for (const table of db.objectStoreNames) {
				const rows = await new Promise<unknown[]>((resolve, reject) => {
					const ask = db.transaction(table).objectStore(table).getAll();
					ask.onsuccess = () => resolve(ask.result);
					ask.onerror = () => reject(new Error(String(ask.error)));
				});
				all.push(
					JSON.stringify(rows, (_name, value: unknown) =>
						value instanceof Uint8Array || value instanceof ArrayBuffer ? latin.decode(value) : value
					)
				);
			}
			db.close();
		}
		return all.join('\n');
	});
}
