/** Many conversations: found, named, sorted, put away, taken out and brought back. */

import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { storedText } from './stored-text';

const list = (page: Page): Locator => page.getByRole('list', { name: 'Sessions', exact: true });
const line = (page: Page, name: string | RegExp): Locator =>
	list(page).getByRole('listitem').filter({ hasText: name });

async function choose(page: Page, session: string | RegExp, entry: string): Promise<void> {
	await line(page, session).hover();
	await line(page, session).getByRole('button', { name: 'Session options' }).click();
	await page.getByRole('menuitem', { name: entry, exact: true }).click();
}

const fresh = async (page: Page): Promise<void> => {
	await page.getByRole('button', { name: 'New session' }).first().click();
	await expect(page.getByRole('feed', { name: 'Transcript' }).getByRole('article')).toHaveCount(0);
};

test('messages of every session are searched, and a hit leads to the very message (OT-23, CT-29, SAM-57, CT-26)', async ({
	app,
	page
}) => {
	await app.open();
	await app.ask('remember that the lighthouse keeper is called Marisol', /Marisol/);
	await fresh(page);
	await app.ask('what time is it', /\d/);
	const search = page.getByRole('searchbox', { name: 'Search sessions' });
	await search.fill('lighthouse');
	const hits = page.getByRole('list', { name: 'Search results' });
	await expect(hits.locator('mark').first()).toHaveText(/lighthouse/i);
	await hits.getByRole('link').first().click();
	await expect(app.articles('You')).toContainText(['lighthouse keeper']);
	await expect(page).toHaveURL(/\/s\/[0-9a-f-]{36}$/);
	// After a reload too, from what is stored.
	await app.reload();
	await search.fill('maris');
	await expect(hits.getByRole('link').first()).toContainText(/Marisol/);
	await search.fill('zeppelin');
	await expect(hits).toHaveCount(0);
	// And by the agent itself.
	await search.fill('');
	await fresh(page);
	await app.ask('search my sessions for lighthouse', /lighthouse keeper/);
});

test('a hit on a branch that is not shown opens that branch, by ?at= (OT-23, CT-26, OT-20)', async ({
	app,
	page,
	upstream
}) => {
	upstream.answer({ userMessage: 'roll the dice', sequenceIndex: 0 }, 'it is a **threepenny** bit');
	upstream.answer({ userMessage: 'roll the dice', sequenceIndex: 1 }, 'it is a five');
	await app.connect();
	await app.ask('roll the dice', 'threepenny');
	const at = (await app.articles('Wherry').last().getAttribute('data-entry')) ?? '';
	await app.press(app.articles('Wherry').last(), 'Retry');
	await expect(app.articles('Wherry').last()).toContainText('a five');
	await app.waitIdle();
	await page.getByRole('searchbox', { name: 'Search sessions' }).fill('threepenny');
	await page.getByRole('list', { name: 'Search results' }).getByRole('link').first().click();
	await expect(app.articles('Wherry').last()).toContainText('threepenny');
	// What is said next goes on from what is shown.
	upstream.answer('what next', 'onward');
	await app.ask('what next', 'onward');
	expect(upstream.lastAsked('what next').lines).toEqual([
		'user: roll the dice',
		'assistant: it is a **threepenny** bit',
		'user: what next'
	]);
	// An early message of the branch that is shown: nothing after it is hidden, and it is in sight.
	upstream.answer('at length', 'wave '.repeat(900));
	await app.ask('at length', 'wave wave');
	await page.goto(`${new URL(page.url()).pathname}?at=${at}`);
	await app.ready();
	await expect(app.articles('You')).toHaveText([/roll/, /what next/, /at length/]);
	await expect(app.article('Wherry', 0)).toBeInViewport();
	await expect(app.article('Wherry', 0)).toBeFocused();
	await app.ask('what next', 'onward');
});

test('a long first message is named by the model, in few words (SAM-24)', async ({ app, page, upstream }) => {
	upstream.answer({ systemMessage: 'Write a title' }, '“Ferries of the north.”');
	upstream.answer('ferries', 'there are many');
	await app.connect();
	await app.ask(
		'Please tell me everything that is worth knowing about the ferries that cross the northern sea in winter',
		'there are many'
	);
	await expect(list(page).getByRole('listitem')).toHaveText([/^Ferries of the north\s/]);
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Ferries of the north');
});

test('a session is named by its first message, renamed, pinned, put in a folder and tagged (SAM-24, CT-29)', async ({
	app,
	page
}) => {
	await app.open();
	await app.ask('calculate 6 * 7', /42/);
	await expect(line(page, 'calculate 6 * 7')).toHaveCount(1);
	await fresh(page);
	await app.ask('what time is it', /\d/);
	await expect(list(page).getByRole('listitem')).toHaveText([/what time/i, /calculate/]);

	await choose(page, 'calculate', 'Rename');
	const dialog = page.getByRole('dialog', { name: 'Name, folder and tags' });
	await dialog.getByRole('textbox', { name: 'Title' }).fill('The answer');
	await dialog.getByRole('textbox', { name: 'Folder' }).fill('Sums');
	await dialog.getByRole('textbox', { name: 'Tags' }).fill('maths, #deep');
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(line(page, 'The answer')).toContainText(/Sums.*#maths #deep/);
	await choose(page, 'The answer', 'Pin');
	await expect(list(page).getByRole('listitem').first()).toContainText('The answer');
	await app.reload();
	await expect(list(page).getByRole('listitem').first()).toContainText('The answer');
	await page.getByRole('combobox', { name: 'Folder' }).selectOption('Sums');
	await expect(list(page).getByRole('listitem')).toHaveCount(1);
});

test('archive and delete have an undo; the archive can be looked into (CT-29)', async ({ app, page }) => {
	await app.open();
	await app.ask('calculate 6 * 7', /42/);
	await fresh(page);
	await app.ask('what time is it', /\d/);
	const undo = page.getByRole('status', { name: 'Notification' }).getByRole('button', { name: 'Undo' });

	await choose(page, 'calculate', 'Archive');
	await expect(line(page, 'calculate')).toHaveCount(0);
	await undo.click();
	await expect(line(page, 'calculate')).toHaveCount(1);
	await choose(page, 'calculate', 'Archive');
	await page.getByRole('button', { name: 'Show archived' }).click();
	await expect(line(page, 'calculate')).toHaveCount(1);
	await page.getByRole('button', { name: 'Hide archived' }).click();

	await choose(page, /what time/i, 'Delete');
	await expect(line(page, /what time/i)).toHaveCount(0);
	await undo.last().click();
	await expect(line(page, /what time/i)).toHaveCount(1);
	await line(page, /what time/i)
		.getByRole('link')
		.click();
	await expect(app.call('clock')).toHaveCount(1);
});

test('/new, /fork and /resume do what they say; a fork knows where it came from (CT-27, SAM-18, OT-21)', async ({
	app,
	page,
	upstream
}) => {
	upstream.answer('the first question', 'first answer');
	upstream.answer('what next', 'onward');
	await app.connect();
	await app.ask('the first question', 'first answer');
	const origin = page.url();
	await app.command('/fork');
	await expect(page).not.toHaveURL(origin);
	await app.ask('what next', 'onward');
	expect(upstream.lastAsked('what next').lines).toEqual([
		'user: the first question',
		'assistant: first answer',
		'user: what next'
	]);
	await app.command('/new');
	await expect(app.articles('You')).toHaveCount(0);
	await app.command('/resume');
	const palette = page.getByRole('dialog', { name: 'Palette' });
	await expect(palette.getByRole('option')).toHaveCount(2);
	await palette.getByRole('option').last().click();
	await expect(page).toHaveURL(origin);
	await expect(app.articles('You')).toHaveText([/first question/]);
});

test('a session goes out as JSONL and as a page, and both come back with every branch (CT-28)', async ({
	app,
	page,
	upstream
}) => {
	upstream.answer({ userMessage: 'roll the dice', sequenceIndex: 0 }, 'it is a three');
	upstream.answer({ userMessage: 'roll the dice', sequenceIndex: 1 }, 'it is a five');
	await app.connect();
	await app.ask('roll the dice', 'a three');
	await app.press(app.articles('Wherry').last(), 'Retry');
	await expect(app.articles('Wherry').last()).toContainText('a five');
	await app.waitIdle();
	const files: { name: string; buffer: Buffer; mimeType: string }[] = [];
	for (const button of ['JSON Lines', 'Readable page']) {
		await choose(page, 'roll the dice', 'Export');
		const download = page.waitForEvent('download');
		await page
			.getByRole('dialog', { name: 'Export this session' })
			.getByRole('button', { name: button })
			.click();
		const file = await download;
		const buffer = await readFile(await file.path());
		files.push({ name: file.suggestedFilename(), buffer, mimeType: 'text/plain' });
	}
	expect(files.map((file) => file.name.replace(/.*\./, ''))).toEqual(['jsonl', 'html']);
	expect(files[1]?.buffer.toString()).toContain('it is a five');
	for (const file of files) {
		await app.open('/settings');
		await page.getByLabel('Import a file').setInputFiles(file);
		const report = page.getByRole('region', { name: 'Export and import' }).getByRole('status');
		await expect(report).toContainText('1 session brought in');
		await report.getByRole('link').first().click();
		await expect(app.articles('You')).toHaveText([/roll the dice/]);
		await expect(app.articles('Wherry').last()).toContainText('a five');
		await app.articles('Wherry').last().getByRole('button', { name: 'Previous branch' }).click();
		await expect(app.articles('Wherry').last()).toContainText('a three');
	}
});

test('a ChatGPT export comes in as sessions that can be read, searched and gone on with (CT-28)', async ({
	app,
	page
}) => {
	const message = (id: string, parent: string | null, role: string, text: string, children: string[]) => ({
		id,
		parent,
		children,
		message: {
			id,
			author: { role },
			create_time: 1_700_000_000,
			content: { content_type: 'text', parts: [text] },
			metadata: {}
		}
	});
	const conversation = {
		title: 'Knots for sailors',
		create_time: 1_700_000_000,
		update_time: 1_700_000_100,
		current_node: 'b',
		mapping: {
			root: { id: 'root', parent: null, children: ['a'], message: null },
			a: message('a', 'root', 'user', 'how do I tie a bowline', ['b']),
			b: message('b', 'a', 'assistant', 'Make a **small loop**, then up through it.', [])
		}
	};
	await app.open('/settings');
	await page.getByLabel('Import a file').setInputFiles({
		name: 'conversations.json',
		mimeType: 'application/json',
		buffer: Buffer.from(JSON.stringify([conversation]))
	});
	const report = page.getByRole('region', { name: 'Export and import' }).getByRole('status');
	await expect(report).toContainText('1 session brought in');
	await report.getByRole('link', { name: 'Knots for sailors' }).click();
	await expect(app.articles('You')).toHaveText([/bowline/]);
	await expect(app.article('Wherry').locator('strong')).toHaveText('small loop');
	await page.getByRole('searchbox', { name: 'Search sessions' }).fill('bowline');
	await expect(page.getByRole('list', { name: 'Search results' }).getByRole('link')).toHaveCount(1);
	await app.ask('what time is it', /\d/);
	await app.reload();
	await expect(app.articles('You')).toHaveText([/bowline/, /what time/]);
});

test('a temporary session leaves no row behind and is gone after a reload', async ({ app, page }) => {
	await app.open();
	await page.keyboard.press('Control+k');
	await page.getByRole('combobox', { name: /^Search places/ }).fill('temporary');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('main')).toContainText('Temporary');
	await app.ask('what time is it in Reykjavik', /\d/);
	await app.message.fill('a thought about Ulaanbaatar');
	await page.waitForTimeout(600);
	const rows = await storedText(page);
	expect(rows).not.toContain('Reykjavik');
	expect(rows).not.toContain('Ulaanbaatar');
	await app.reload();
	await expect(app.articles('You')).toHaveCount(0);
	await expect(list(page).getByRole('listitem')).toHaveCount(0);
	// The look itself can see: what is not temporary is there.
	await app.ask('what time is it in Valparaiso', /./);
	expect(await storedText(page)).toContain('Valparaiso');
});

test('what was typed an instant before the page goes is there again (CT-50)', async ({ app }) => {
	await app.open();
	await app.ask('what time is it', /\d/);
	await app.message.fill('the last thought');
	await app.reload();
	await expect(app.message).toHaveValue('the last thought');
});

test('what is typed and sent in the instant of "New session" is the new session’s, and the old one keeps its own (CT-26)', async ({
	app,
	page
}) => {
	await app.open();
	await app.ask('calculate 6 * 7', /42/);
	await app.message.fill('half a thought');
	await page.evaluate(() => {
		// Twice, as an impatient person does: it is one new session.
		const button = document.querySelector<HTMLElement>('button[aria-label="New session"]');
		for (const _press of [1, 2]) button?.click();
		const message = document.querySelector<HTMLTextAreaElement>('textarea[data-composer]');
		if (message === null) throw new Error('no Message');
		message.value = 'what time is it';
		message.dispatchEvent(new InputEvent('input', { bubbles: true }));
	});
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	await expect(app.articles('You')).toHaveText([/what time is it/]);
	await expect(app.message).toHaveValue('');
	await app.waitIdle();
	await line(page, 'calculate').getByRole('link').click();
	await expect(app.articles('You')).toHaveText([/calculate/]);
	await expect(app.message).toHaveValue('half a thought');
});

test('each session keeps its own unsent text, and is resumed by its address (CT-26)', async ({
	app,
	page
}) => {
	await app.open();
	await app.ask('calculate 6 * 7', /42/);
	const first = page.url();
	await app.message.fill('half a thought');
	await fresh(page);
	await expect(app.message).toHaveValue('');
	await app.ask('what time is it', /\d/);
	await app.message.fill('another half');
	await line(page, 'calculate').getByRole('link').click();
	await expect(app.message).toHaveValue('half a thought');
	await line(page, /what time/i)
		.getByRole('link')
		.click();
	await expect(app.message).toHaveValue('another half');
	await page.waitForTimeout(500);
	await page.goto(first);
	await app.ready();
	await expect(app.articles('You')).toHaveText([/calculate/]);
	await expect(app.message).toHaveValue('half a thought');
	const entry = await app.articles('You').first().getAttribute('data-entry');
	await page.goto(`${first}?at=${entry ?? ''}`);
	await app.ready();
	await expect(app.articles('You')).toHaveText([/calculate/]);
});
