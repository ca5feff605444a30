import { expect, test } from './fixtures';

test('the page answers with no key, no account and nobody else on the network (OT-58) @phone', async ({
	app,
	page,
	watch
}) => {
	await app.open();
	await app.expectTurn('idle');
	await expect(app.message).toBeVisible();
	await app.ask('what time is it', /\d{1,2}[:.]\d{2}/);
	await expect(app.call('clock')).toHaveCount(1);
	await page.waitForLoadState('networkidle');
	expect(watch.foreign).toEqual([]);
});

test('"A, then B" runs two steps, and the transcript tells them in order (OT-43, OT-48, CD-24) @phone', async ({
	app
}) => {
	await app.open();
	await app.send('what time is it, then remember that I like tea');
	await expect(app.call('memory_remember')).toHaveCount(1);
	await app.waitIdle();
	const order = (await app.transcript()).filter((name) => name !== 'Wherry');
	expect(order).toEqual(['You', 'Call: clock', 'Call: memory_remember']);
	await app.ask('what do you know about tea', /tea/i);
});

test('a reload 150 ms after Send loses nothing (CT-01, CT-26) @phone', async ({ app, page }) => {
	await app.open();
	await app.message.fill('what time is it, then remember that I like tea');
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	await page.waitForTimeout(150);
	await app.reload();
	await app.waitIdle();
	await expect(app.articles('You')).toHaveCount(1);
	await expect(app.call('clock')).toHaveCount(1);
	await expect(app.call('memory_remember')).toHaveCount(1);
	await expect(app.articles('You')).toContainText('remember that I like tea');
});

test('what was typed and not sent is there after a reload', async ({ app, page }) => {
	await app.open();
	await app.ask('what time is it', /\d/);
	await app.message.fill('half a thought');
	await page.waitForTimeout(600);
	await app.reload();
	await expect(app.message).toHaveValue('half a thought');
});

test('Rehearsal says what it is, and what it cannot do it offers a model for', async ({ app, page }) => {
	await app.open();
	await app.send('write me a poem about harbours');
	const answer = app.articles('Wherry').last();
	await expect(answer).toContainText('Rehearsal · no model');
	await expect(answer.getByRole('button', { name: 'Connect a model' })).toBeVisible();
	await app.waitIdle();
	await expect(page.getByRole('alert')).toHaveCount(0);
});

test('a new session has an address of its own, and the list leads back (OT-20, OT-56)', async ({
	app,
	page
}) => {
	await app.open();
	await app.ask('what time is it', /\d/);
	await expect(page).toHaveURL(/\/s\/[0-9a-f-]{36}/);
	const first = page.url();
	await page.getByRole('button', { name: 'New session' }).first().click();
	await expect(app.articles('You')).toHaveCount(0);
	await app.ask('calculate 6 * 7', /42/);
	await expect(page).not.toHaveURL(first);
	await page.goto(first);
	await app.ready();
	await expect(app.call('clock')).toHaveCount(1);
	await expect(app.articles('You')).toHaveCount(1);
});
