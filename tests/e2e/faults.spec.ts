/** The browser killed, the worker terminated, the page reloaded, the disk full: nothing is lost and nothing happens twice. */

import type { Page } from '@playwright/test';
import { seeded } from '../contract/random';
import { expect, test } from './fixtures';
import { createProfile, type Profile } from './killable-browser';
import { effectsOf, factsWith, openTurns, readTable, storedMessages, writeRow } from './stored-rows';
import type { Upstream } from './upstream';
import { WherryPage } from './wherry-page';

const isDeep = process.env.WHERRY_DEEP === '1';
const repeats = (everyday: number, deep: number): number => (isDeep ? deep : everyday);
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** Fewer entries than the page may ever drop from the transcript. */
const turnsPerSession = 4;

let profile: Profile;
test.beforeEach(() => {
	profile = createProfile();
});
test.afterEach(() => profile.remove());

/** Send as a person presses it; says whether the article was seen before `until`. */
async function sendAndWatch(
	app: WherryPage,
	text: string,
	ms: number,
	clickWithin?: number
): Promise<boolean> {
	await app.message.fill(text);
	let isShown = false;
	const article = app.articles('You').filter({ hasText: text });
	void article.waitFor({ timeout: ms + 1_000 }).then(
		() => (isShown = true),
		() => undefined
	);
	// Not awaited: the moment may come before the page has even noticed.
	void app.page
		.getByRole('button', { name: 'Send', exact: true })
		.click({ noWaitAfter: true, ...(clickWithin === undefined ? {} : { timeout: clickWithin }) })
		.catch(() => undefined);
	await wait(ms);
	return isShown;
}

async function settled(app: WherryPage): Promise<void> {
	await expect(app.page.locator('html')).toHaveAttribute('data-turn', /^(idle|held|failed)$/, {
		timeout: 30_000
	});
}

/** Every message that was shown is there, none is there twice; all turns are over. */
async function expectWhole(page: Page, said: readonly { text: string; isShown: boolean }[]): Promise<void> {
	await expect.poll(() => openTurns(page), { timeout: 20_000 }).toEqual([]);
	const stored = await storedMessages(page);
	const count = (text: string): number => stored.filter((message) => message.text === text).length;
	const lost = said.filter(({ text, isShown }) => isShown && count(text) === 0).map(({ text }) => text);
	const doubled = said.filter(({ text }) => count(text) > 1).map(({ text }) => text);
	expect({ lost, doubled }).toEqual({ lost: [], doubled: [] });
}

/** Goes to the session that holds the message, as a person does who reopens its tab. */
async function openSessionOf(app: WherryPage, origin: string, text: string): Promise<boolean> {
	await app.open(origin);
	const message = (await storedMessages(app.page)).find((one) => one.text === text);
	if (message === undefined) return false;
	if (!app.page.url().includes(message.sessionId)) await app.open(`${origin}/s/${message.sessionId}`);
	return true;
}

async function newSession(app: WherryPage): Promise<void> {
	await app.page.getByRole('button', { name: 'New session' }).first().click();
	await expect(app.articles('You')).toHaveCount(0);
}

/** Kills the browser at a random moment after each Send, and looks at everything after each restart. */
async function killings(
	options: { name: string; origin: string; message: (n: number) => string; fact: (n: number) => string },
	prepare: (app: WherryPage) => Promise<void>
): Promise<void> {
	const random = seeded(options.name);
	const said: { text: string; isShown: boolean }[] = [];
	const resumed: number[] = [];
	let committed = 0;
	let browser = await profile.start();
	let app = new WherryPage(browser.page);
	await prepare(app);
	for (let n = 0; n < repeats(10, 100); n++) {
		if (n % turnsPerSession === 0) await newSession(app);
		const text = options.message(n);
		const isShown = await sendAndWatch(app, text, random.int(600));
		await browser.kill();
		said.push({ text, isShown });

		browser = await profile.start();
		app = new WherryPage(browser.page);
		const isThere = await openSessionOf(app, options.origin, text);
		const startedAt = Date.now();
		await settled(app);
		resumed.push(Date.now() - startedAt);
		await expectWhole(browser.page, said);
		if (isThere) {
			committed++;
			await expect(app.articles('You').filter({ hasText: text })).toHaveCount(1);
			await app.expectTurn('idle');
		}
		expect(await factsWith(browser.page, options.fact(n)), text).toBe(isThere ? 1 : 0);
		expect(await effectsOf(browser.page, 'memory_remember')).toEqual(Array(committed).fill('settled'));
		await expect(browser.page.getByRole('alert')).toHaveCount(0);
	}
	// The page works on.
	await newSession(app);
	await app.send('calculate 6 * 7');
	await settled(app);
	const shown = said.filter(({ isShown }) => isShown).length;
	console.log(
		`${options.name}: ${said.length} kills, ${shown} shown before, ${committed} committed; slowest recovery ${Math.max(...resumed)} ms`
	);
}

test('SIGKILL of the browser in a turn of two steps: no message lost or doubled, what was remembered is there once (A1, A4, CT-01, CT-26)', async ({
	worker
}) => {
	test.setTimeout(repeats(120_000, 900_000));
	await killings(
		{
			name: 'kills of a rehearsal',
			origin: worker.origin,
			message: (n) => `what time is it, then remember that I like tea ${n}.`,
			fact: (n) => `tea ${n}"`
		},
		(app) => app.open(worker.origin)
	);
});

test('SIGKILL of the browser while a model streams and calls: the model is asked again, its call is made once (A1, CT-01, OT-27)', async ({
	worker,
	upstream
}) => {
	test.setTimeout(repeats(120_000, 900_000));
	for (let n = 0; n < repeats(10, 100); n++) streamsAndCalls(upstream, `note ${n}.`, `fact number ${n}.`);
	await killings(
		{
			name: 'kills of a model',
			origin: worker.origin,
			message: (n) => `please note ${n}.`,
			fact: (n) => `fact number ${n}.`
		},
		(app) => connect(app, worker.origin)
	);
});

async function connect(app: WherryPage, origin: string): Promise<void> {
	await app.open(`${origin}/providers`);
	await app.saveKeyHere('Anthropic', 'sk-ant-test-0123456789abcdef');
	await app.open(origin);
	await app.chooseModel(/^Anthropic/);
}

function streamsAndCalls(upstream: Upstream, message: string, fact: string): void {
	upstream.answer(
		{ userMessage: message, hasToolResult: true },
		`I have noted it as ${fact} And that is all there is to say.`,
		{
			latency: 25,
			chunkSize: 6
		}
	);
	upstream.answer(
		message,
		{ toolCalls: [{ name: 'memory_remember', arguments: JSON.stringify({ text: fact }), id: 'call_1' }] },
		{ latency: 25, chunkSize: 6 }
	);
}

test('terminations of the worker: the page notices, starts it again, and shows everything once (A1, CT-26)', async ({
	app,
	page
}) => {
	test.setTimeout(repeats(120_000, 900_000));
	const random = seeded('terminations');
	const said: { text: string; isShown: boolean }[] = [];
	const times: number[] = [];
	await app.open();
	for (let n = 0; n < repeats(20, 200); n++) {
		if (n % turnsPerSession === 0) await newSession(app);
		const text = `what time is it, then remember that I like milk ${n}.`;
		await sendAndWatch(app, text, random.int(400));
		await terminateWorker(page);
		const terminatedAt = Date.now();
		// A command that was not answered is sent again: the message always arrives.
		await expect(app.articles('You').filter({ hasText: text })).toHaveCount(1);
		await expect(app.articles('Call: memory_remember')).toHaveCount((n % turnsPerSession) + 1);
		await app.waitIdle();
		await expect(app.message).toHaveValue('');
		times.push(Date.now() - terminatedAt);
		said.push({ text, isShown: true });
		await expectWhole(page, said);
		expect(await factsWith(page, `milk ${n}"`)).toBe(1);
		expect(await effectsOf(page, 'memory_remember')).toEqual(Array(n + 1).fill('settled'));
		await expect(page.getByRole('alert')).toHaveCount(0);
		// Five crashes within a minute of one page are too many; each of these is a page's first.
		await app.reload();
	}
	times.sort((a, b) => a - b);
	console.log(
		`${said.length} terminations: back and done in ${times[times.length >> 1]} ms (median), ${times.at(-1)} ms (slowest)`
	);
});

async function terminateWorker(page: Page): Promise<void> {
	const agent = page.workers().at(-1);
	if (agent === undefined) throw new Error('the page has no worker');
	const closed = new Promise((resolve) => agent.once('close', resolve));
	void agent.evaluate(() => self.close()).catch(() => undefined);
	await closed;
}

test('a reload at any moment after Send loses nothing and doubles nothing (CT-01, CT-26)', async ({
	app,
	page
}) => {
	test.setTimeout(repeats(60_000, 600_000));
	const random = seeded('reloads');
	const said: { text: string; isShown: boolean }[] = [];
	await app.open();
	for (let n = 0; n < repeats(10, 100); n++) {
		if (n % turnsPerSession === 0) await newSession(app);
		const text = `what time is it, then remember that I like cake ${n}.`;
		const ms = 1 + random.int(400);
		// A click that has waited that long must not land on the page that comes next.
		const isShown = await sendAndWatch(app, text, ms, ms);
		await app.reload();
		said.push({ text, isShown });
		await settled(app);
		await expectWhole(page, said);
		const isThere = (await storedMessages(page)).some((message) => message.text === text);
		await expect(app.articles('You').filter({ hasText: text })).toHaveCount(isThere ? 1 : 0);
		expect(await factsWith(page, `cake ${n}"`)).toBe(isThere ? 1 : 0);
	}
});

test('a held call waits through a kill with the same exhibit, and Approve once runs it once (A1, CT-03, OT-85)', async ({
	worker,
	upstream
}) => {
	let browser = await profile.start();
	let app = new WherryPage(browser.page);
	await connect(app, worker.origin);
	await app.chooseMode('Propose');
	upstream.calls('keep this', 'memory_remember', { text: 'the harbour opens at six' }, 'it is kept');
	await app.send('keep this');
	await app.expectTurn('held');
	const exhibit = await app.approval('memory_remember').innerText();
	const address = browser.page.url();

	await browser.kill();
	browser = await profile.start();
	app = new WherryPage(browser.page);
	await app.open(address);
	await app.expectTurn('held');
	expect(await app.approval('memory_remember').innerText()).toBe(exhibit);
	expect(await factsWith(browser.page, 'the harbour')).toBe(0);
	await app.reload();
	await app.approval('memory_remember').getByRole('button', { name: 'Approve once', exact: true }).click();
	await expect(app.articles('Wherry').last()).toContainText('it is kept');
	await app.waitIdle();
	expect(await factsWith(browser.page, 'the harbour')).toBe(1);
	expect(upstream.asked('keep this')).toHaveLength(2);
});

test('what was typed a second ago is there after a kill, and after a reload (CT-26)', async ({ worker }) => {
	let browser = await profile.start();
	let app = new WherryPage(browser.page);
	await app.open(worker.origin);
	await app.ask('calculate 1 + 1', '2');
	await app.message.fill('half a thought');
	const address = browser.page.url();
	await wait(1_000);
	await browser.kill();
	browser = await profile.start();
	app = new WherryPage(browser.page);
	await app.open(address);
	await expect(app.message).toHaveValue('half a thought');
	await app.message.fill('half a thought, and its end');
	await wait(1_000);
	await app.reload();
	await expect(app.message).toHaveValue('half a thought, and its end');
});

test('a message that waits in the queue is not in Message as well after a reload (CT-45)', async ({
	app,
	upstream
}) => {
	await app.connect();
	upstream.answer('a long one', 'word '.repeat(100), { latency: 60, chunkSize: 10 });
	await app.send('a long one');
	await app.expectTurn('running');
	await app.message.fill('and then this');
	await wait(500);
	await app.page.getByRole('button', { name: 'Queue', exact: true }).click();
	await expect(app.message).toHaveValue('');
	await app.reload();
	await expect(app.message).toHaveValue('');
	await expect(app.articles('You').filter({ hasText: 'and then this' })).toHaveCount(1, { timeout: 30_000 });
	await app.waitIdle(30_000);
});

/**
 * The browser's own quota override is not asked by IndexedDB (Chromium 14x), so its `put` is made to
 * fail as a full disk makes it fail, in the worker and nowhere else.
 */
async function setDiskFull(page: Page, isFull: boolean): Promise<void> {
	await page
		.workers()
		.at(-1)
		?.evaluate((full) => {
			const marked = Object.assign(self, { put: Reflect.get(self, 'put') ?? IDBObjectStore.prototype.put });
			IDBObjectStore.prototype.put = full
				? () => {
						throw new DOMException('no room', 'QuotaExceededError');
					}
				: Reflect.get(marked, 'put');
		}, isFull);
}

test('a full disk ends the turn with its own error, keeps the text, and Retry works once there is room (A4, CT-51)', async ({
	app,
	page,
	upstream
}) => {
	await app.connect();
	await app.ask('calculate 1 + 1', 'ok');
	// Before the message is stored: it stays in Message.
	await setDiskFull(page, true);
	await app.message.fill('is there room');
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	const unsent = await app.expectError('storage/quota-exceeded');
	await expect(app.message).toHaveValue('is there room');
	await expect(app.articles('You')).toHaveCount(1);
	await setDiskFull(page, false);
	await unsent.getByRole('button', { name: 'Retry', exact: true }).click();
	await expect(app.articles('You')).toHaveCount(2);
	await app.waitIdle();

	// While the model answers: the turn ends, what was said is on the page.
	upstream.answer('tell me a story', 'Once upon a time there was a ferry. '.repeat(8), {
		latency: 60,
		chunkSize: 12
	});
	await app.send('tell me a story');
	await expect(app.articles('Wherry').last()).toContainText('Once upon a time');
	await setDiskFull(page, true);
	const broken = await app.expectError('storage/quota-exceeded');
	await app.expectTurn('failed');
	await expect(app.articles('You')).toHaveCount(3);
	await setDiskFull(page, false);
	await expect(app.articles('Wherry').last()).toContainText('Once upon a time');
	await broken.getByRole('button', { name: 'Retry', exact: true }).click();
	await expect(broken).toHaveCount(0);
	await app.waitIdle();
	await expect(app.articles('Wherry').last()).toContainText('ferry');
	await app.reload();
	await app.waitIdle();
	await expect(app.articles('You')).toHaveCount(3);
	await expectWhole(page, [{ text: 'tell me a story', isShown: true }]);
});

test('what a newer Wherry has written can be read, and is not written to (A3, CT-26)', async ({
	app,
	page
}) => {
	await app.open();
	await app.ask('calculate 6 * 7', '42');
	await wait(500);
	await writeRow(page, 'meta', { key: 'schema', row: { v: 1, write: 99, readMin: 1 } });
	await app.reload();
	await app.expectError('storage/newer-schema');
	await expect(app.articles('You')).toHaveText([/calculate 6 \* 7/]);
	await expect(app.articles('Wherry').last()).toContainText('42');
	await expect(app.message).toHaveCount(0);
	const before = await Promise.all(
		['meta', 'sessions', 'entries', 'turns', 'steps', 'drafts', 'settings'].map((name) =>
			readTable(page, name)
		)
	);
	await page.getByRole('button', { name: 'New session' }).first().click();
	await wait(1_000);
	const after = await Promise.all(
		['meta', 'sessions', 'entries', 'turns', 'steps', 'drafts', 'settings'].map((name) =>
			readTable(page, name)
		)
	);
	expect(after).toEqual(before);
});
