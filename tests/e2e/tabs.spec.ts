/** Several tabs of one Wherry: one leads, the others follow, and whoever is lost is followed by another. */

import type { BrowserContext, Page } from '@playwright/test';
import { seeded } from '../contract/random';
import { expect, test } from './fixtures';
import { factsWith, openTurns, readTable, storedMessages } from './stored-rows';
import { WherryPage } from './wherry-page';

const isDeep = process.env.WHERRY_DEEP === '1';

async function openTab(context: BrowserContext, address: string): Promise<WherryPage> {
	const tab = new WherryPage(await context.newPage());
	await tab.open(address);
	return tab;
}

/** Long enough that a turn is surely still running when the lead changes hands. */
const story = 'word '.repeat(100);

const takeOver = (tab: WherryPage) => tab.page.getByRole('button', { name: 'Take over here' });

async function expectLeader(tab: WherryPage, isLeader: boolean): Promise<void> {
	await expect(takeOver(tab)).toHaveCount(isLeader ? 0 : 1);
}

/** One chain of messages, each once: two writers would have made siblings or copies. */
async function expectOneStory(page: Page, texts: readonly string[]): Promise<void> {
	await expect.poll(() => openTurns(page), { timeout: 20_000 }).toEqual([]);
	const stored = await storedMessages(page);
	expect(stored.map(({ text }) => text).sort()).toEqual([...texts].sort());
	expect(new Set(stored.map(({ parentId }) => parentId)).size).toBe(stored.length);
}

/** In the journal of a turn the epoch never goes back: whoever has lost the lead wrote nothing after it. */
async function expectFenced(page: Page): Promise<number> {
	const epochs = new Map<string, number>();
	let turnsOfTwo = 0;
	for (const { key, row } of await readTable(page, 'steps')) {
		const turnId = key.split('/', 1)[0] ?? '';
		const epoch = Number(row['epoch']);
		const last = epochs.get(turnId) ?? epoch;
		expect(epoch, key).toBeGreaterThanOrEqual(last);
		if (epoch > last) turnsOfTwo++;
		epochs.set(turnId, epoch);
	}
	return turnsOfTwo;
}

test('one tab leads, the other follows: what is sent in either is shown live in both (A5)', async ({
	app,
	context,
	page,
	upstream
}) => {
	await app.connect();
	await app.ask('hello there', 'ok');
	const follower = await openTab(context, page.url());
	await expectLeader(app, true);
	await expectLeader(follower, false);
	await expect(follower.articles('You')).toHaveText([/hello there/]);

	upstream.answer('tell me a story', 'word '.repeat(60), { latency: 40, chunkSize: 10 });
	await follower.send('tell me a story');
	for (const tab of [app, follower]) {
		await tab.expectTurn('running');
		await expect(tab.feed.locator('[aria-busy="true"]')).toContainText('word word');
	}
	await Promise.all([app.waitIdle(), follower.waitIdle()]);
	expect(await follower.transcript()).toEqual(await app.transcript());
	await expectOneStory(page, ['hello there', 'tell me a story']);
	expect(upstream.asked('tell me a story')).toHaveLength(1);
});

test('a session that was begun in a follower is one for both (A5)', async ({ app, context, page }) => {
	await app.open();
	await app.ask('calculate 1 + 1', '2');
	const follower = await openTab(context, '/');
	await follower.page.getByRole('button', { name: 'New session' }).first().click();
	await expect(follower.articles('You')).toHaveCount(0);
	await follower.ask('calculate 6 * 7', '42');
	await page.goto(follower.page.url());
	await app.ready();
	await expect(app.articles('You')).toHaveText([/6 \* 7/]);
});

test('Stop in a follower stops the turn of the leader (A5, CT-45)', async ({
	app,
	context,
	page,
	upstream
}) => {
	await app.connect();
	upstream.answer('tell me a story', 'word '.repeat(400), { latency: 50, chunkSize: 10 });
	await app.send('tell me a story');
	// It opens in the middle of the turn, and knows that it runs.
	const follower = await openTab(context, page.url());
	await follower.expectTurn('running');
	await follower.page.getByRole('button', { name: 'Stop', exact: true }).click();
	for (const tab of [app, follower]) await tab.expectTurn('idle', 5_000);
	await expect(follower.articles('Wherry').last()).toContainText('word word');
});

test('a tab that is opened in the middle of an answer shows it from its first word, and goes on with it (A5)', async ({
	app,
	context,
	page,
	upstream
}) => {
	await app.connect();
	await app.ask('hello there', 'ok');
	const numbers = Array.from({ length: 150 }, (_, n) => `n${n}`).join(' ');
	upstream.answer('count for me', numbers, { latency: 60, chunkSize: 6 });
	await app.send('count for me');
	await expect(app.articles('Wherry').last()).toContainText('n20 n21');
	const follower = await openTab(context, page.url());
	const answer = follower.articles('Wherry').last();
	await expect(answer).toContainText('n0 n1 n2');
	await follower.expectTurn('running');
	const soFar = await answer.textContent();
	await expect.poll(() => answer.textContent()).not.toBe(soFar);

	// The same for one who looked at another session in between.
	await app.page.getByRole('button', { name: 'New session' }).first().click();
	await expect(app.articles('You')).toHaveCount(0);
	await app.page.goBack();
	await expect(app.articles('Wherry').last()).toContainText('n0 n1 n2');
	await app.expectTurn('running');

	await Promise.all([app.waitIdle(), follower.waitIdle()]);
	for (const tab of [app, follower]) await expect(tab.articles('Wherry').last()).toContainText(numbers);
	expect(await follower.transcript()).toEqual(await app.transcript());
	expect(upstream.asked('count for me')).toHaveLength(1);
});

test('a temporary session in a tab that follows: the page says where it can be had, and has it after taking over (A5)', async ({
	app,
	context,
	page
}) => {
	await app.open();
	await app.ask('calculate 1 + 1', '2');
	const follower = await openTab(context, page.url());
	await expectLeader(follower, false);
	await beginTemporary(follower);
	const alert = follower.page.getByRole('alert');
	await expect(alert).toHaveAttribute('data-error-id', 'worker/no-leader');
	await expect(alert).toContainText('A temporary session lives in the tab that runs the agent.');
	// What was shown stays, and nothing was begun.
	await expect(follower.articles('You')).toHaveText([/1 \+ 1/]);

	await takeOver(follower).click();
	await expectLeader(follower, true);
	await beginTemporary(follower);
	await expect(follower.articles('You')).toHaveCount(0);
	await follower.ask('calculate 6 * 7', '42');
	expect((await storedMessages(page)).map(({ text }) => text)).toEqual(['calculate 1 + 1']);
});

async function beginTemporary(tab: WherryPage): Promise<void> {
	await tab.page.keyboard.press('ControlOrMeta+k');
	await tab.page.getByRole('combobox', { name: /^Search places/ }).fill('temporary');
	await tab.page.keyboard.press('Enter');
}

test('a call that is held in the leader is approved in a follower, and made once (A5, CT-03)', async ({
	app,
	context,
	page,
	upstream
}) => {
	await app.connect();
	await app.chooseMode('Propose');
	upstream.calls('keep this', 'memory_remember', { text: 'the harbour opens at six' }, 'it is kept');
	await app.send('keep this');
	await app.expectTurn('held');
	const follower = await openTab(context, page.url());
	await follower.expectTurn('held');
	await follower
		.approval('memory_remember')
		.getByRole('button', { name: 'Approve once', exact: true })
		.click();
	for (const tab of [app, follower]) {
		await expect(tab.articles('Wherry').last()).toContainText('it is kept');
		await tab.waitIdle();
	}
	expect(await factsWith(page, 'the harbour')).toBe(1);
});

test('when the leader closes, another tab leads and goes on with its turn: one answer (A1, A5)', async ({
	app,
	context,
	page,
	upstream
}) => {
	await app.connect();
	await app.ask('hello there', 'ok');
	const second = await openTab(context, page.url());
	const third = await openTab(context, page.url());
	upstream.answer('tell me a story', story, { latency: 60, chunkSize: 10 });
	await app.send('tell me a story');
	await expect(app.articles('Wherry').last()).toContainText('word word');
	const closedAt = Date.now();
	await page.close();
	await expect(async () => {
		expect((await takeOver(second).count()) + (await takeOver(third).count())).toBe(1);
	}).toPass({ timeout: 5_000 });
	console.log(`led again ${Date.now() - closedAt} ms after the leader closed`);
	for (const tab of [second, third]) {
		await tab.waitIdle(30_000);
		await expect(tab.articles('You')).toHaveCount(2);
		await expect(tab.articles('Wherry')).toHaveCount(2);
		await expect(tab.articles('Wherry').last()).toContainText('word word');
	}
	// The edge kept the answer: nobody had to ask again.
	expect(upstream.asked('tell me a story')).toHaveLength(1);
	await third.ask('thank you', 'ok');
	await expect(second.articles('You')).toHaveCount(3);
	await expectOneStory(second.page, ['hello there', 'tell me a story', 'thank you']);
	expect(await expectFenced(second.page)).toBe(1);
});

test('"Take over here" makes this tab the leader, in the middle of a turn too (A5)', async ({
	app,
	context,
	page,
	upstream
}) => {
	await app.connect();
	await app.ask('hello there', 'ok');
	const follower = await openTab(context, page.url());
	upstream.answer('tell me a story', story, { latency: 60, chunkSize: 10 });
	await app.send('tell me a story');
	await expect(app.articles('Wherry').last()).toContainText('word word');
	await takeOver(follower).click();
	await expectLeader(follower, true);
	await expectLeader(app, false);
	for (const tab of [app, follower]) {
		await tab.waitIdle(30_000);
		await expect(tab.articles('Wherry')).toHaveCount(2);
		await expect(tab.page.getByRole('alert')).toHaveCount(0);
	}
	await expectOneStory(page, ['hello there', 'tell me a story']);
	expect(await expectFenced(page)).toBe(1);
	await app.ask('thank you', 'ok');
});

test('a leader that is put to sleep lets another tab lead (A5)', async ({ app, context, page }) => {
	await app.open();
	await app.ask('calculate 1 + 1', '2');
	const follower = await openTab(context, page.url());
	await expectLeader(follower, false);
	// What the browser says before it freezes a page. (Its own control for it does nothing in a headless one.)
	await page.evaluate(() => document.dispatchEvent(new Event('freeze')));
	await expectLeader(follower, true);
	await expectLeader(app, false);
	await app.ask('calculate 6 * 7', '42');
	await expect(follower.articles('You')).toHaveCount(2);
});

test('a leader that hangs is followed by another tab after ten seconds of silence, and its late writes are refused (A5)', async ({
	app,
	context,
	page,
	upstream
}) => {
	await app.connect();
	await app.ask('hello there', 'ok');
	const follower = await openTab(context, page.url());
	upstream.answer('tell me a story', story, { latency: 60, chunkSize: 10 });
	await app.send('tell me a story');
	await expect(app.articles('Wherry').last()).toContainText('word word');
	const wake = await hang(context, page);
	const hungAt = Date.now();
	// A command that waits is what makes the follower act.
	await follower.message.fill('are you there');
	await follower.page.getByRole('button', { name: 'Queue', exact: true }).click();
	await expect(takeOver(follower)).toHaveCount(0, { timeout: 18_000 });
	const led = Date.now() - hungAt;
	await expect(follower.articles('You')).toHaveCount(3, { timeout: 30_000 });
	await follower.waitIdle();
	console.log(`led again ${led} ms after the leader hung`);
	// Ten seconds of silence, a look a second, and what a busy machine adds.
	expect(led).toBeLessThan(15_000);

	await wake();
	await expectLeader(app, false);
	await app.waitIdle();
	for (const tab of [app, follower]) {
		await expect(tab.articles('You')).toHaveCount(3);
		await expect(tab.articles('Wherry')).toHaveCount(3);
		await expect(tab.page.getByRole('alert')).toHaveCount(0);
	}
	await expectOneStory(follower.page, ['hello there', 'tell me a story', 'are you there']);
	expect(await expectFenced(follower.page)).toBe(1);
	await app.ask('thank you', 'ok');
});

/** Stops the agent's thread in the middle of whatever it does: it waits for an answer that is held back. */
async function hang(context: BrowserContext, page: Page): Promise<() => Promise<void>> {
	const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
	const { promise: isHanging, resolve: hangs } = Promise.withResolvers<undefined>();
	await context.route('**/hangs', async (route) => {
		hangs(undefined);
		await held;
		await route.fulfill({ status: 204 });
	});
	const awake = page
		.workers()
		.at(-1)
		?.evaluate(() => {
			const request = new XMLHttpRequest();
			request.open('GET', '/hangs', false);
			request.send();
		});
	await isHanging;
	return async () => {
		release(undefined);
		await awake;
	};
}

test('two tabs that send in the same moment: both messages are there, one after the other (A5)', async ({
	app,
	context,
	page
}) => {
	await app.open();
	await app.ask('calculate 1 + 1', '2');
	const follower = await openTab(context, page.url());
	await app.message.fill('calculate 2 + 2');
	await follower.message.fill('calculate 3 + 3');
	await Promise.all(
		[app, follower].map((tab) => tab.page.getByRole('button', { name: 'Send', exact: true }).click())
	);
	for (const tab of [app, follower]) {
		await expect(tab.articles('You')).toHaveCount(3);
		await tab.waitIdle();
		await expect(tab.message).toHaveValue('');
		await expect(tab.page.getByRole('alert')).toHaveCount(0);
	}
	await expectOneStory(page, ['calculate 1 + 1', 'calculate 2 + 2', 'calculate 3 + 3']);
});

test('random events in up to five tabs: every message is there once, in one line, written by one leader at a time (A5)', async ({
	app,
	context,
	page
}) => {
	const events = isDeep ? 600 : 40;
	test.setTimeout(isDeep ? 900_000 : 180_000);
	const random = seeded('tabs');
	await app.open();
	await app.ask('remember that tab event 0.', /./);
	const address = page.url();
	const said = ['remember that tab event 0.'];
	const tabs = [app];
	const count = { open: 0, close: 0, send: 0, takeOver: 0 };
	for (let n = 1; n <= events; n++) {
		const tab = random.pick(tabs);
		const event = random.pick(['open', 'close', 'send', 'send', 'send', 'takeOver'] as const);
		if (event === 'open' && tabs.length < 5) {
			const opened = new WherryPage(await context.newPage());
			await opened.open(address);
			tabs.push(opened);
		} else if (event === 'close' && tabs.length > 1) {
			tabs.splice(tabs.indexOf(tab), 1);
			await tab.page.close();
		} else if (event === 'takeOver' && (await takeOver(tab).isVisible())) {
			// The lead may come to this tab by itself in between: then there is nothing left to take over.
			const took = await takeOver(tab)
				.click({ timeout: 2_000 })
				.then(
					() => true,
					() => false
				);
			if (!took) continue;
		} else if (event === 'send') {
			const text = `remember that tab event ${n}.`;
			await tab.message.fill(text);
			await tab.page.keyboard.press('Enter');
			// Message empties at its commit, whoever made it.
			await expect(tab.message, `event ${n}`).toHaveValue('', { timeout: 15_000 });
			said.push(text);
		} else continue;
		count[event]++;
	}
	for (const tab of tabs) {
		await tab.waitIdle(30_000);
		await expect(tab.articles('You').last()).toContainText(said.at(-1) ?? '');
		await expect(tab.page.getByRole('alert')).toHaveCount(0);
	}
	const last = tabs[0]?.page ?? page;
	await expectOneStory(last, said);
	const handed = await expectFenced(last);
	for (let n = 0; n < said.length; n++)
		expect(await factsWith(last, said[n]?.slice(14, -1) + '"'), said[n]).toBe(1);
	console.log(`${JSON.stringify(count)}; turns that changed hands: ${handed}`);
});
