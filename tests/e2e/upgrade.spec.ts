/** Storage of an older build, met by this one. */

import { tables } from '../../src/lib/agent/storage/store';
import { expect, test } from './fixtures';
import { readTable } from './stored-rows';

test('storage of an older build is copied, moved up and goes on; Settings says until when the copy is kept (SAM-90) @phone', async ({
	app,
	page
}) => {
	// A document of ours without the app.
	await page.goto('/_app/version.json');
	await page.evaluate(
		async (names) => {
			const database = await new Promise<IDBDatabase>((resolve, reject) => {
				const request = indexedDB.open('wherry', 5);
				request.onupgradeneeded = () => {
					for (const name of names) request.result.createObjectStore(name);
				};
				request.onsuccess = () => resolve(request.result);
				request.onerror = () => reject(request.error ?? new Error('cannot make'));
			});
			const transaction = database.transaction(['audit', 'blobs'], 'readwrite');
			transaction.objectStore('audit').put({ v: 1, note: 'from before' }, 'a');
			transaction.objectStore('blobs').put({ v: 1, bytes: new Uint8Array(5) }, 'b');
			await new Promise((resolve) => (transaction.oncomplete = resolve));
			database.close();
		},
		tables.filter((name) => name !== 'fibers')
	);
	await app.open();
	await app.ask('calculate 6 * 7', /42/);
	expect((await readTable(page, 'audit')).map(({ row }) => row)).toContainEqual({
		v: 1,
		note: 'from before'
	});
	expect(await readTable(page, 'fibers')).toEqual([]);
	const names = await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
	expect(names.filter((name) => name?.startsWith('wherry-before-5-'))).toHaveLength(1);
	await app.open('/settings');
	await expect(page.getByRole('region', { name: 'Storage' })).toContainText(
		/A copy from before, of .+ is kept until/
	);
	await app.open('/');
	await expect(app.articles('You')).toHaveText([/calculate/]);
});
