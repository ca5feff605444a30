/**
 * The names that assistive technology and tests find: every one, by exact role and name, at both widths.
 * They are a promise (OT-58): a change here breaks somebody's screen reader script.
 */

import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import type { WherryPage } from './wherry-page';

const inDocument = (page: Page, name: string): Promise<string | null> =>
	page.locator('html').getAttribute(name);

/** On a phone the list is behind a button, and covers the conversation. */
async function openList(app: WherryPage): Promise<void> {
	if (app.isPhone) await app.page.getByRole('button', { name: 'Sessions', exact: true }).click();
}
async function closeList(app: WherryPage): Promise<void> {
	if (app.isPhone) await app.page.keyboard.press('Escape');
}

test('the document says when it is ready and what the turn does (OT-58) @phone', async ({
	app,
	page,
	upstream
}) => {
	await app.connect();
	expect(await inDocument(page, 'data-turn')).toBe('idle');
	upstream.answer('slowly', 'wave '.repeat(60), { latency: 40, chunkSize: 10 });
	await app.send('slowly');
	await app.expectTurn('running');
	const wherry = app.articles('Wherry').last();
	await expect(wherry).toHaveAttribute('aria-busy', 'true');
	await page.getByRole('button', { name: 'Stop', exact: true }).click();
	await app.expectTurn('idle');
	await expect(wherry).not.toHaveAttribute('aria-busy');
	// A place without a session is idle, whatever the session does.
	await page.goto('/providers');
	await app.ready();
	expect(await inDocument(page, 'data-turn')).toBe('idle');
});

test('the composer has its names; on a phone model and mode are behind Turn options (OT-58) @phone', async ({
	app,
	page,
	upstream
}) => {
	await app.connect();
	await expect(page.getByRole('textbox', { name: 'Message', exact: true })).toBeVisible();
	for (const name of ['Send', 'Attach'])
		await expect(page.getByRole('button', { name, exact: true })).toBeVisible();
	const model = page.getByRole('combobox', { name: 'Model', exact: true });
	const options = page.getByRole('button', { name: 'Turn options', exact: true });
	if (app.isPhone) {
		await expect(model).toHaveCount(0);
		await options.click();
	} else await expect(options).toHaveCount(0);
	await expect(model).toBeVisible();
	const labels = await model.locator('option').allInnerTexts();
	expect(labels[0]).toMatch(/^Rehearsal/);
	expect(labels.some((label) => /^Anthropic/.test(label))).toBe(true);
	const modes = page.getByRole('radiogroup', { name: 'Mode', exact: true });
	for (const name of ['Propose', 'Selective', 'Auto'])
		await expect(modes.getByRole('radio', { name, exact: true })).toBeAttached();
	if (app.isPhone) await options.click();

	upstream.answer('slowly', 'wave '.repeat(80), { latency: 40, chunkSize: 10 });
	await app.send('slowly');
	for (const name of ['Send', 'Stop'])
		await expect(page.getByRole('button', { name, exact: true })).toBeVisible();
	await app.message.fill('meanwhile');
	for (const name of ['Steer', 'Queue'])
		await expect(page.getByRole('button', { name, exact: true })).toBeVisible();
	await page.getByRole('button', { name: 'Stop', exact: true }).click();
	await app.expectTurn('idle');
});

test('Message empties at the very moment at which the article stands there (OT-58) @phone', async ({
	app,
	page
}) => {
	await app.open();
	await app.message.fill('calculate 6 * 7');
	// Every change of the page is looked at, between tasks too.
	await page.evaluate(() => {
		const apart: string[] = [];
		const look = (): void => {
			const field = document.querySelector('textarea');
			const isThere = document.querySelector('article[aria-label="You"]') !== null;
			if (isThere !== (field?.value === '')) apart.push(`${isThere} ${field?.value}`);
		};
		new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
		const frame = (): void => {
			look();
			requestAnimationFrame(frame);
		};
		frame();
		Object.assign(window, { apart });
	});
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	await expect(app.articles('You')).toHaveCount(1);
	await app.waitIdle();
	expect(await page.evaluate(() => Reflect.get(window, 'apart'))).toEqual([]);
});

test('the transcript is a feed of numbered articles, none dropped below thirty (OT-58) @phone', async ({
	app,
	page
}) => {
	test.setTimeout(120_000);
	await app.open();
	for (let n = 1; n <= 9; n++) await app.ask(`calculate ${n} + ${n}`, String(2 * n));
	const articles = app.feed.getByRole('article');
	const total = await articles.count();
	expect(total).toBe(27);
	const places = await articles.evaluateAll((all) =>
		all.map((one) => [one.getAttribute('aria-posinset'), one.getAttribute('aria-setsize')])
	);
	expect(places).toEqual(places.map((_, index) => [String(index + 1), String(total)]));
	expect(await app.transcript()).toEqual(
		Array.from({ length: 9 }, () => ['You', 'Call: calculate', 'Wherry']).flat()
	);
	expect(await app.feed.getAttribute('aria-live')).toBeNull();
	await expect(page.getByRole('status', { name: 'Agent status', exact: true })).toBeAttached();
	await app.feed.evaluate((feed) => {
		for (let at: Element | null = feed; at; at = at.parentElement) at.scrollTop = 0;
	});
	await expect(page.getByRole('button', { name: 'Jump to latest', exact: true })).toBeVisible();
});

test('an article carries what can be done with it (OT-58) @phone', async ({ app, page, upstream }) => {
	await app.connect();
	upstream.answer({ userMessage: 'roll the dice', sequenceIndex: 0 }, 'a three');
	upstream.answer({ userMessage: 'roll the dice', sequenceIndex: 1 }, 'a five');
	upstream.calls('remember tea', 'memory_save', { text: 'likes tea' }, 'remembered');
	await app.ask('roll the dice', 'a three');
	const you = app.article('You');
	const wherry = app.article('Wherry');
	for (const name of ['Edit', 'Retry', 'Fork', 'Copy'])
		await expect(you.getByRole('button', { name, exact: true })).toBeAttached();
	for (const name of ['Retry', 'Fork', 'Copy'])
		await expect(wherry.getByRole('button', { name, exact: true })).toBeAttached();
	await app.press(wherry, 'Retry');
	await expect(app.articles('Wherry').last()).toContainText('a five');
	await app.waitIdle();
	const branches = page.getByRole('group', { name: 'Branches of this message', exact: true });
	for (const name of ['Previous branch', 'Next branch'])
		await expect(branches.getByRole('button', { name, exact: true })).toBeVisible();
});

test('what can be undone says so: Undo on its call, Undo turn on the last article (OT-58) @phone', async ({
	app
}) => {
	await app.open();
	await app.ask('remember that I like tea', /tea/);
	await expect(app.feed.getByRole('button', { name: 'Undo', exact: true }).first()).toBeAttached();
	await expect(
		app.feed.getByRole('article').last().getByRole('button', { name: 'Undo turn', exact: true })
	).toBeVisible();
});

test('a held call is a group with its three answers, and the turn says held (OT-58) @phone', async ({
	app,
	page,
	upstream
}) => {
	await app.connect();
	upstream.calls('read the news', 'web_fetch', { url: 'https://harbour-news.test/' }, 'read');
	await app.send('read the news');
	await app.expectTurn('held');
	const card = page.getByRole('group', { name: 'Approval: web_fetch', exact: true });
	for (const name of ['Approve once', 'Always allow this', 'Reject'])
		await expect(card.getByRole('button', { name, exact: true })).toBeVisible();
	await expect(app.articles('Call: web_fetch')).toHaveCount(1);
});

test('an error is an alert with its id, and the turn says failed (OT-58) @phone', async ({
	app,
	upstream,
	watch
}) => {
	watch.allowErrors(/Failed to load resource/);
	await app.connect();
	upstream.answer('hello', { error: { message: 'no', type: 'authentication_error' }, status: 401 });
	await app.send('hello');
	await app.expectError('model/wrong-key');
	await app.expectTurn('failed');
});

test('around the conversation: places, sessions and their menu, search, the tree (OT-58) @phone', async ({
	app,
	page
}) => {
	await app.open();
	await app.ask('calculate 6 * 7', /42/);
	await expect(page.getByRole('navigation', { name: 'Places', exact: true })).toBeVisible();
	await openList(app);
	const list = page.getByRole('list', { name: 'Sessions', exact: true });
	await expect(list.getByRole('link')).toHaveCount(1);
	await expect(page.getByRole('searchbox', { name: 'Search sessions', exact: true })).toBeVisible();
	await list.getByRole('listitem').first().hover();
	await list.getByRole('button', { name: 'Session options', exact: true }).click();
	for (const name of ['Rename', 'Pin', 'Archive', 'Delete', 'Export'])
		await expect(page.getByRole('menuitem', { name, exact: true })).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(page.getByRole('menuitem')).toHaveCount(0);
	await closeList(app);
	await expect(page.getByRole('button', { name: 'New session', exact: true }).first()).toBeVisible();
	await page
		.getByRole('button', { name: /tree|branches/i })
		.first()
		.click();
	await expect(page.getByRole('tree', { name: 'Branches', exact: true })).toBeVisible();
});

test('a provider is an article with its key, its buttons and what the probe said (OT-58, OT-67) @phone', async ({
	app
}) => {
	const card = await app.saveKey('Anthropic', 'sk-ant-test-0123456789abcdef');
	await expect(card.getByRole('textbox', { name: 'API key', exact: true })).toBeVisible();
	for (const name of ['Save', 'Probe', 'Remove'])
		await expect(card.getByRole('button', { name, exact: true })).toBeVisible();
	await expect(card.getByRole('status')).toContainText(/answered/i);
});

test('the root reopens the last session (CT-26) @phone', async ({ app, page }) => {
	await app.open();
	await app.ask('calculate 6 * 7', /42/);
	await expect(page).toHaveURL(/\/s\/[0-9a-f-]{36}$/);
	const session = page.url();
	await app.open('/');
	await expect(page).toHaveURL(session);
	await expect(app.articles('You')).toHaveText([/calculate/]);
});
