/** Backups that outlive the browser's data: made, everything cleared, and put back. */

import { readFile } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { factsWith, readTable, writeRow } from './stored-rows';
import type { WherryPage } from './wherry-page';

const words = 'the ferry leaves at dawn';

/** A session with a file, and a memory. */
async function somethingToLose(app: WherryPage, page: Page): Promise<void> {
	await app.open();
	await app.ask('remember that I like oolong', /oolong/);
	const chooser = page.waitForEvent('filechooser');
	await page.getByRole('button', { name: 'Attach', exact: true }).click();
	await (await chooser).setFiles({ name: 'harbour.txt', mimeType: 'text/plain', buffer: Buffer.from(words) });
	await expect(page.getByRole('list', { name: 'Attached files' }).getByRole('listitem')).toHaveCount(1);
	await app.ask('calculate 6 * 7', /42/);
}

/** In Settings; answers with the recovery code. */
async function setUp(app: WherryPage, page: Page): Promise<string> {
	await app.open('/settings');
	const storage = page.getByRole('region', { name: 'Storage' });
	await expect(storage.getByRole('group', { name: 'How lasting this is' })).toContainText('only here');
	await storage.getByRole('button', { name: 'Set up backups' }).click();
	const dialog = page.getByRole('dialog', { name: 'Set up backups' });
	const code = dialog.getByRole('status', { name: 'Recovery code' });
	await expect(code).toHaveText(/^([0-9A-Z]{4}-){8}[0-9A-Z]{2}$/);
	const text = await code.innerText();
	const confirm = dialog.getByRole('textbox', { name: 'The last six' });
	await confirm.fill('000000');
	await dialog.getByRole('button', { name: 'Begin' }).click();
	await expect(dialog.getByRole('alert')).toContainText('not how the code ends');
	await confirm.fill(text.slice(-7));
	await dialog.getByRole('button', { name: 'Begin' }).click();
	await expect(dialog).toBeHidden();
	return text;
}

/** As "clear site data" does. */
async function clearEverything(page: Page): Promise<void> {
	// A document of ours without the app: nothing holds the databases open.
	await page.goto('/_app/version.json');
	await page.evaluate(async () => {
		localStorage.clear();
		for (const { name = '' } of await indexedDB.databases())
			await new Promise<void>((resolve, reject) => {
				const request = indexedDB.deleteDatabase(name);
				request.onsuccess = () => resolve();
				request.onerror = () => reject(request.error ?? new Error('cannot delete'));
			});
	});
	expect(await page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
}

async function expectAllBack(app: WherryPage, page: Page): Promise<void> {
	await page.getByRole('button', { name: 'Show me' }).click();
	await app.ready();
	if (app.isPhone)
		await page
			.getByRole('link', { name: 'Sessions' })
			.or(page.getByRole('button', { name: 'Sessions' }))
			.first()
			.click();
	await page
		.getByRole('link', { name: /oolong/ })
		.first()
		.click();
	await expect(app.articles('You')).toHaveCount(2);
	await expect(app.articles('Wherry').last()).toContainText('42');
	await expect(page.getByText('harbour.txt')).toBeVisible();
	expect(await factsWith(page, 'oolong')).toBe(1);
}

test('a session with a file and a memory is backed up to the relay, all data is cleared, and the code alone brings it back @phone', async ({
	app,
	page
}) => {
	await somethingToLose(app, page);
	const said = { action: 'web_read', destination: 'example.com', text: 'Trust me.', createdAt: 1 };
	await writeRow(page, 'rules', { key: 'r', row: { id: 'r', v: 1, verdict: 'allow', ...said } });
	const code = await setUp(app, page);
	const storage = page.getByRole('region', { name: 'Storage' });
	await storage.getByRole('checkbox', { name: 'Keep backups at the relay' }).check();
	await storage.getByRole('button', { name: 'Back up now' }).click();
	await expect(storage.getByRole('group', { name: 'How lasting this is' })).toContainText('Backed up');
	await expect(storage).toContainText('One session,');
	await storage.getByRole('button', { name: 'Back up now' }).click();
	await expect(storage.getByRole('button', { name: 'Back up now' })).toBeEnabled();
	await clearEverything(page);
	await app.open();
	await expect(app.articles('You')).toHaveCount(0);
	await page.getByRole('button', { name: 'I have a backup' }).click();
	const dialog = page.getByRole('dialog', { name: 'Restore a backup' });
	const expectAccessible = async () => {
		const { violations } = await new AxeBuilder({ page }).include('dialog[open]').analyze();
		expect(violations.map(({ id }) => id)).toEqual([]);
	};
	await expectAccessible();
	await dialog.getByRole('radio', { name: 'The relay' }).check();
	const secret = dialog.getByRole('textbox', { name: 'Recovery code' });
	await secret.fill(code.slice(0, 12));
	await dialog.getByRole('button', { name: 'Look inside' }).click();
	await expect(dialog.getByRole('alert')).toContainText('no whole recovery code');
	await secret.fill(code.toLowerCase().replaceAll('-', ' '));
	await dialog.getByRole('button', { name: 'Look inside' }).click();
	const inside = dialog.getByRole('region', { name: 'What is inside' });
	await expect(inside).toContainText('Sessions: 1. Files: 1.');
	// The first of the day is there too.
	const which = dialog.getByRole('combobox', { name: 'Which one' });
	await expect(which.getByRole('option')).toHaveCount(2);
	await which.selectOption({ index: 1 });
	await expect(inside).toContainText('Memories: 1.');
	await expect(inside).toContainText('Always allow web_read to example.com.');
	await expect(inside).not.toContainText('Trust me');
	const permissions = inside.getByRole('checkbox', { name: 'without asking you' });
	await expect(permissions).not.toBeChecked();
	await permissions.check();
	await expectAccessible();
	expect(await factsWith(page, 'oolong')).toBe(0);
	await inside.getByRole('button', { name: 'Restore', exact: true }).click();
	await expect(dialog.getByText('Restored. Sessions: 1.')).toBeVisible();
	expect((await readTable(page, 'rules')).map(({ key }) => key)).toEqual(['r']);
	await expectAllBack(app, page);
});

test('a folder gets backups, a download opens, and a damaged one says so and offers the rest', async ({
	app,
	page
}) => {
	// No browser without a screen has the picker; what it answers with is such a handle too.
	await page.addInitScript(() => {
		Object.assign(window, {
			showDirectoryPicker: async () =>
				(await navigator.storage.getDirectory()).getDirectoryHandle('chosen', { create: true })
		});
	});
	const filesOf = () =>
		page.evaluate(async () => {
			const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('chosen');
			const names = [];
			for await (const name of folder.keys()) names.push(name);
			return names;
		});
	await somethingToLose(app, page);
	const code = await setUp(app, page);
	const storage = page.getByRole('region', { name: 'Storage' });
	await storage.getByRole('button', { name: 'Choose a folder' }).click();
	await expect(storage.getByRole('group', { name: 'How lasting this is' })).toContainText('Backed up');
	await expect(storage).toContainText('The folder \u201cchosen\u201d');
	expect(await filesOf()).toEqual([expect.stringMatching(/^wherry-\w{8}-[\dT-]+Z\.wherry$/)]);
	const downloading = page.waitForEvent('download');
	await storage.getByRole('button', { name: 'Download a backup' }).click();
	const bytes = await readFile(await (await downloading).path());
	expect(bytes.includes(words)).toBe(false);
	await clearEverything(page);
	await app.open();
	await page.getByRole('button', { name: 'I have a backup' }).click();
	const dialog = page.getByRole('dialog', { name: 'Restore a backup' });
	const look = async (name: string, buffer: Buffer) => {
		await dialog
			.getByLabel('Backup file')
			.setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
		await dialog.getByRole('textbox', { name: 'Recovery code' }).fill(code);
		await dialog.getByRole('button', { name: 'Look inside' }).click();
	};
	await look('notes.json', Buffer.from('{}'));
	await expect(dialog.getByRole('alert')).toContainText('no backup of Wherry');
	const damaged = Buffer.from(bytes);
	damaged[bytes.length - 40] = (damaged[bytes.length - 40] ?? 0) ^ 1;
	await look('damaged.wherry', damaged);
	await expect(dialog.getByRole('alert')).toContainText('damaged');
	await look('whole.wherry', bytes);
	await expect(dialog.getByRole('region', { name: 'What is inside' })).toContainText('Sessions: 1.');
	// The folder is nobody's site data: what was written there is there.
	await dialog.getByRole('radio', { name: 'A folder' }).check();
	await dialog.getByRole('button', { name: 'Choose a folder' }).click();
	await expect(dialog.getByText(/^wherry-.+Z\.wherry$/)).toBeVisible();
	await dialog.getByRole('button', { name: 'Look inside' }).click();
	await expect(dialog.getByRole('region', { name: 'What is inside' })).toContainText('Sessions: 1.');
	await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
	await expect(dialog.getByText('Restored. Sessions: 1.')).toBeVisible();
	await expectAllBack(app, page);
});
