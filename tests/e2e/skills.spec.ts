/** What the agent can do: the catalog, its switches, each built-in action by phrase and slash, undo. */

import type { Locator } from '@playwright/test';
import { expect, test } from './tap';
import type { WherryPage } from './wherry-page';

const actions = [
	'clock',
	'calculate',
	'memory_remember',
	'memory_recall',
	'memory_list',
	'memory_ingest',
	'memory_forget',
	'web_fetch',
	'sessions_list',
	'sessions_search',
	'sessions_read',
	'self_introspect',
	'self_health',
	'self_suggest_plugin',
	'self_explain'
];

/** Opens the n-th call of an action and says what came out. */
async function output(app: WherryPage, action: string, n = 0) {
	const call = app.article(`Call: ${action}`, n);
	await call.getByRole('button', { name: new RegExp(`^${action}`) }).click();
	return call;
}

test('the catalog lists every action with what it may do (OT-43, OT-05) @phone', async ({ app, page }) => {
	await app.open('/skills');
	const lines = page.getByRole('main').getByRole('listitem');
	for (const action of actions) {
		const line = lines.filter({ has: page.getByText(`/${action}`, { exact: true }) });
		await expect(line.getByRole('switch')).toBeChecked();
		await expect(line.locator('p')).not.toHaveCount(0);
	}
	const web = lines.filter({ has: page.getByText('/web_fetch', { exact: true }) });
	await expect(web).toContainText(/send data out/);
	await expect(web).toContainText(/read what others wrote/);
	await page.getByRole('searchbox', { name: 'Search skills' }).fill('remembered');
	await expect(lines.filter({ hasText: '/clock' })).toHaveCount(0);
	await expect(lines.filter({ hasText: '/memory_list' })).toHaveCount(1);
});

test('an action that is switched off is not offered to the model, not run, and Rehearsal says why (OT-05)', async ({
	app,
	page,
	upstream
}) => {
	upstream.answer('hello', 'good morning');
	await app.open('/skills');
	const clock = page.getByRole('switch', { name: 'Tell the time', exact: true });
	await clock.uncheck();
	await expect(clock).not.toBeChecked();
	await app.open('/');
	await app.ask('what time is it', /switched off/);
	await expect(app.call('clock')).toHaveCount(0);
	await app.ask('why is clock off', /switched off.*Skills/s);

	await app.connect();
	await app.ask('hello', 'good morning');
	const without = upstream.lastAsked('hello').tools;
	expect(without).not.toContain('clock');
	expect(without).toContain('calculate');
	// A model that asks for it all the same is told, and nothing runs.
	upstream.calls('the hour please', 'clock', {}, 'then not');
	await app.ask('the hour please', 'then not');
	expect(upstream.lastAsked('the hour please').lines.find((one) => one.startsWith('tool: '))).toMatch(
		/clock/i
	);
	await expect(app.call('clock')).toContainText(/failed|not run/);

	await app.open('/skills');
	await clock.check();
	await app.open('/');
	await app.ask('hello', 'good morning');
	expect(upstream.lastAsked('hello').tools).toContain('clock');
});

test('arguments that do not fit are data for the model, not a crash (OT-03, OT-04)', async ({
	app,
	upstream
}) => {
	await app.connect();
	upstream.calls('work it out', 'calculate', { formula: '6*7' }, 'I see');
	await app.ask('work it out', 'I see');
	const told = upstream.lastAsked('work it out').lines.find((one) => one.startsWith('tool: '));
	expect(told).toMatch(/skill\/bad-arguments|expression/);
	await expect(app.call('calculate')).toContainText('failed');
	upstream.calls('no such thing', 'teleport', { to: 'Porto' }, 'what a pity');
	await app.ask('no such thing', 'what a pity');
	expect(upstream.lastAsked('no such thing').lines.findLast((one) => one.startsWith('tool: '))).toMatch(
		/skill\/|no skill|unknown/i
	);
});

test('a slash runs an action with its arguments, and asks for what is missing (OT-43)', async ({ app }) => {
	await app.open();
	await app.ask('/clock zone=Asia/Tokyo', /\d/);
	await expect(await output(app, 'clock')).toContainText('Asia/Tokyo');
	await app.ask('/calculate 2+2', '4');
	await app.ask('/calculate', /needs.*expression/s);
	await expect(app.articles('Call: calculate')).toHaveCount(1);
});

test('memory by phrases: save, list, ingest, recall, forget, across sessions (OT-103)', async ({
	app,
	page
}) => {
	await app.open();
	await app.ask('remember that my boat is called Petrel', /Remembered: my boat is called Petrel/);
	await app.ask('remember these: the harbour is Porto\nthe cat is Miso', /2 new facts/);
	await page.getByRole('button', { name: 'New session' }).first().click();
	await expect(app.articles('You')).toHaveCount(0);
	await app.ask('what do you know about my boat', /Petrel/);
	await app.ask('what do you remember', /Petrel/);
	await expect(app.articles('Wherry').last()).toContainText('Miso');
	await app.reload();
	await app.ask('forget about Miso', /Forgotten: the cat is Miso/);
	await app.ask('what do you know about the cat', /Nothing is remembered/);
});

test('"Undo" takes one call back, "Undo turn" all of a turn, and both stay so (OT-103, OT-49)', async ({
	app,
	page
}) => {
	await app.open();
	await app.ask('remember that the tide is high', /Remembered/);
	await app.press(app.call('memory_remember'), 'Undo');
	await expect(app.call('memory_remember')).toContainText('undone');
	await app.ask('what do you remember', /Nothing is remembered/);
	await app.ask('remember that the fog is thick and also remember that the ferry is late', /fog[^]*ferry/);
	await expect(app.articles('Call: memory_remember')).toHaveCount(3);
	await app.articles('Wherry').last().getByRole('button', { name: 'Undo turn' }).click();
	await expect(page.getByRole('status', { name: 'Notification' })).toContainText('2 calls undone');
	await app.ask('what do you remember', /Nothing is remembered/);
	await app.reload();
	await expect(app.articles('Call: memory_remember').last()).toContainText('undone');
	await expect(page.getByRole('button', { name: /^Undo/ })).toHaveCount(0);
});

/** Opens a call's line. */
async function opened(app: WherryPage, at: number): Promise<Locator> {
	const call = app.article('Call: memory_remember', at);
	const line = call.locator('button[aria-expanded]').first();
	if ((await line.getAttribute('aria-expanded')) !== 'true') await line.click();
	return call;
}

test('a call says before and after of its undo, is undone, and done again (OT-103, OT-49) @phone', async ({
	app
}) => {
	await app.open();
	await app.ask('remember that the tide is high', /Remembered/);
	const call = await opened(app, 0);
	const change = call.getByRole('list', { name: 'Before and after' }).getByRole('listitem');
	await expect(call).toContainText('Undo would do this:');
	await expect(change).toHaveText([/Gone:\s*the tide is high/]);
	await app.press(call, 'Undo');
	await expect(call).toContainText('undone');
	await expect(call).toContainText('Redo would do this:');
	await expect(change).toHaveText([/New:\s*the tide is high/]);
	await app.reload();
	await app.press(await opened(app, 0), 'Redo');
	await expect(call).not.toContainText('undone');
	await app.ask('what do you remember', /the tide is high/);
});

test('"Undo turn" shows all it would undo; an undo that no longer applies says what has changed (OT-103, OT-49) @phone', async ({
	app,
	page
}) => {
	await app.open();
	await app.ask('remember that the fog is thick and also remember that the ferry is late', /fog[^]*ferry/);
	const end = app.articles('Wherry').last();
	await end.getByRole('button', { name: 'Before and after', exact: true }).click();
	const changes = end.getByRole('listitem');
	// Side by side they settle in any order.
	await expect(changes).toHaveText([/^− Gone: the f/, /^− Gone: the f/]);
	for (const fact of ['the fog is thick', 'the ferry is late'])
		await expect(changes.filter({ hasText: fact })).toHaveCount(1);
	await end.getByRole('button', { name: 'Undo turn', exact: true }).click();
	await expect(page.getByRole('status', { name: 'Notification' })).toContainText('2 calls undone');
	await expect(end.getByRole('button', { name: 'Before and after', exact: true })).toHaveCount(0);

	await app.ask('/demo_write_note text=first', /first/);
	await app.ask('/demo_write_note text=second', /second/);
	const note = app.call('demo_write_note').first();
	await note.locator('button[aria-expanded]').first().click();
	await expect(note).toContainText('changed since');
	await expect(note.getByRole('listitem')).toHaveText([/Gone:\s*first/, /New:\s*second/]);
	await app.press(note, 'Undo');
	await app.expectError('undo/changed-since');
	await expect(note.getByRole('button', { name: 'Undo', exact: true })).toBeVisible();
});

test('"A and also B" are two calls of one step (OT-43, CD-24)', async ({ app, page }) => {
	await app.open();
	await app.ask('what time is it and also calculate 6 * 7', /42/);
	expect((await app.transcript()).filter((name) => name.startsWith('Call'))).toEqual([
		'Call: clock',
		'Call: calculate'
	]);
	await app.articles('Wherry').last().getByRole('button', { name: 'Trace' }).click();
	const trace = page.getByRole('dialog', { name: 'Trace of this turn' }).getByRole('listitem');
	await expect(trace.filter({ hasText: /^Step 1/ })).toHaveCount(1);
	await expect(trace.filter({ hasText: /^(clock|calculate)/ })).toHaveCount(2);
});

test('a web page of a listed host needs no approval, any other is held with its destination (OT-01)', async ({
	app,
	page,
	watch
}) => {
	watch.allowErrors(/Failed to load resource|ERR_/);
	watch.allowOrigin('https://example.com');
	await app.open();
	// The machine that runs this test may have no way out: then the error says so plainly.
	await app.send('fetch https://example.com/');
	await expect(app.call('web_fetch')).toContainText(/done|failed/, { timeout: 40_000 });
	await app.waitIdle(40_000);
	await expect(page.getByRole('group', { name: /^Approval/ })).toHaveCount(0);
	await expect(app.feed).toContainText(/Example Domain|example\.com|not be (fetched|read|reached)/i);

	await app.send('fetch https://harbour-news.test/today');
	await app.expectTurn('held');
	const card = app.approval('web_fetch');
	await expect(card).toContainText('harbour-news.test');
	await expect(card).toContainText('https://harbour-news.test/today');
	await expect(card).toContainText('sends a request to another host');
});

test('it knows itself: what it can do, how it is, what would help, what is missing (OT-43)', async ({
	app
}) => {
	await app.open();
	await app.ask('what can you do', /Tell the time \(\/clock\)/);
	await app.ask('check your health', /skills: \d+ of \d+ can be used/);
	await app.ask('suggest a plugin for reading a web page', /web_fetch/);
	await app.ask('suggest a plugin for xylophone tuning', /plugin of your own|No skill/);
	await app.ask('explain the skill calculate', /can be used/);
});

test('past sessions can be listed, searched and read by the agent (SAM-57, SAM-58, SAM-56)', async ({
	app,
	page,
	upstream
}) => {
	await app.open();
	await app.ask('calculate 6 * 7', /42/);
	const id = /[0-9a-f-]{36}/.exec(page.url())?.[0] ?? '';
	await page.getByRole('button', { name: 'New session' }).first().click();
	await expect(app.articles('You')).toHaveCount(0);
	await app.ask('list my sessions', /calculate 6 \* 7/);
	await app.connect();
	upstream.calls('what did we do', 'sessions_read', { sessionId: id }, 'you multiplied');
	await app.ask('what did we do', 'you multiplied');
	expect(upstream.lastAsked('what did we do').lines.find((one) => one.startsWith('tool: '))).toContain(
		'6 * 7'
	);
});
