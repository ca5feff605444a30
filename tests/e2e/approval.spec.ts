import { expect, test } from './fixtures';
import type { Upstream } from './upstream';
import type { WherryPage } from './wherry-page';

// `web` reaches any host only when a person says so.
const action = 'web_fetch';
const where = 'https://harbour-news.test/today';

async function heldCall(app: WherryPage, upstream: Upstream): Promise<void> {
	await app.connect();
	upstream.calls('read the news', action, { url: where }, 'that was the news');
	await app.send('read the news');
	await app.expectTurn('held');
	await expect(app.approval(action)).toBeVisible();
}

test('a dangerous call waits and says what it would do and to whom (OT-45, OT-85, CT-03) @phone', async ({
	app,
	upstream
}) => {
	await heldCall(app, upstream);
	await expect(app.approval(action)).toContainText('harbour-news.test');
	for (const name of ['Approve once', 'Reject'])
		await expect(app.approval(action).getByRole('button', { name, exact: true })).toBeVisible();
	expect(upstream.asked('read the news')).toHaveLength(1);
});

test('a held call waits through a reload, and runs when approved (OT-85, CT-03)', async ({
	app,
	upstream,
	watch
}) => {
	watch.allowErrors(/Failed to load resource/);
	watch.allowOrigin('https://harbour-news.test');
	await heldCall(app, upstream);
	await app.reload();
	await app.expectTurn('held');
	await app.approval(action).getByRole('button', { name: 'Approve once', exact: true }).click();
	await expect(app.articles('Wherry').last()).toContainText('that was the news', { timeout: 40_000 });
	await app.waitIdle();
	await expect(app.approval(action)).toHaveCount(0);
	expect(upstream.asked('read the news')).toHaveLength(2);
});

test('a rejected call never runs, and the model is told so (OT-85)', async ({ app, upstream }) => {
	await heldCall(app, upstream);
	await app.approval(action).getByRole('button', { name: 'Reject', exact: true }).click();
	await expect(app.articles('Wherry').last()).toContainText('that was the news');
	await app.waitIdle();
	const result = upstream.lastAsked('read the news').lines.find((line) => line.startsWith('tool: '));
	expect(result).toMatch(/reject|declin|not (run|allowed)/i);
});

test('"Always allow this" is remembered for that call, not for another host (CT-03)', async ({
	app,
	upstream,
	watch
}) => {
	watch.allowErrors(/Failed to load resource/);
	watch.allowOrigin('https://harbour-news.test');
	await heldCall(app, upstream);
	await app.approval(action).getByRole('button', { name: 'Always allow this', exact: true }).click();
	await expect(app.articles('Wherry').last()).toContainText('that was the news', { timeout: 40_000 });
	await app.waitIdle();

	upstream.calls('once more please', action, { url: where }, 'still the news');
	await app.send('once more please');
	await expect(app.articles('Wherry').last()).toContainText('still the news', { timeout: 40_000 });
	await expect(app.approval(action)).toHaveCount(0);

	upstream.calls('and elsewhere', action, { url: 'https://another-harbour.test/' }, 'elsewhere');
	await app.send('and elsewhere');
	await app.expectTurn('held');
});

test('in Propose nothing runs by itself, not even the clock (OT-44, OT-51) @phone', async ({
	app,
	upstream
}) => {
	await app.connect();
	await app.chooseMode('Propose');
	upstream.calls('tell me the time', 'clock', {}, 'there it is');
	await app.send('tell me the time');
	await app.expectTurn('held');
	await app.approval('clock').getByRole('button', { name: 'Approve once', exact: true }).click();
	await expect(app.articles('Wherry').last()).toContainText('there it is');
	await app.waitIdle();
});

test('a held call shows what it would change, line by line, and changes it only when approved (OT-45, OT-103, CT-03) @phone', async ({
	app
}) => {
	await app.open();
	await app.ask('remember that the tide is high', /Remembered/);
	await app.chooseMode('Propose');
	await app.send('forget the tide');
	await app.expectTurn('held');
	const card = app.approval('memory_forget');
	const change = card.getByRole('list', { name: 'Before and after' }).getByRole('listitem');
	await expect(change).toHaveText([/Gone:\s*the tide is high/]);
	await card.getByRole('button', { name: 'Reject', exact: true }).click();
	await app.waitIdle();
	await app.send('remember that the ferry is late');
	await app.expectTurn('held');
	await expect(app.approval('memory_remember').getByRole('listitem')).toHaveText([
		/New:\s*the ferry is late/
	]);
	await app.approval('memory_remember').getByRole('button', { name: 'Approve once', exact: true }).click();
	await app.waitIdle();
	await app.chooseMode('Selective');
	await app.ask('what do you remember', /ferry is late[^]*tide is high/);
});

test('a call with a long gist leaves its card and the transcript within the screen @phone', async ({
	app,
	page
}) => {
	await app.open();
	await app.chooseMode('Propose');
	await app.send('remember that the harbour opens at six and closes long after the last ferry has come home');
	await app.expectTurn('held');
	const box = await app.approval('memory_remember').boundingBox();
	expect((box?.x ?? 0) + (box?.width ?? Infinity)).toBeLessThanOrEqual(page.viewportSize()?.width ?? 0);
});

test('a new message settles a held call as not run (OT-85)', async ({ app, upstream }) => {
	await heldCall(app, upstream);
	upstream.answer('never mind', 'all right');
	await app.ask('never mind', 'all right');
	await expect(app.approval(action)).toHaveCount(0);
	// A provider may want the result and the message in one; their order there is its own affair.
	const { lines } = upstream.lastAsked('never mind');
	expect(lines).toContain('user: never mind');
	expect(lines.find((line) => line.startsWith('tool: '))).toMatch(/not run/);
});
