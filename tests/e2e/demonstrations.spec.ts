/** Demonstrations: each does what it says, in a session that says what it is. */

import { expect, test } from './fixtures';

test('approval: a call waits, and runs only when it is approved @phone', async ({ app, page }) => {
	await app.open();
	await page.getByRole('button', { name: 'demo approval' }).click();
	await app.expectTurn('held');
	await expect(page.getByRole('heading', { level: 1 })).toContainText('Demonstration: approval');
	await expect(app.approval('demo_send_postcard')).toContainText('Demonstration');
	await app.reload();
	await app.expectTurn('held');
	await app.approval('demo_send_postcard').getByRole('button', { name: 'Approve once' }).click();
	await app.waitIdle();
	await expect(app.articles('Wherry').last()).toContainText('Demonstration: nothing was sent');
	await expect(app.articles('Wherry').last()).toContainText('This was a demonstration of approval');
});

test('undo: what was written is taken back', async ({ app }) => {
	await app.open();
	await app.ask('demo undo', /This was a demonstration of undo/);
	const call = app.call('demo_write_note');
	await app.press(call, 'Undo');
	await expect(call).toContainText('undone');
});

test('branching: a conversation that holds something is left alone, and a throwaway one forks for real', async ({
	app,
	page
}) => {
	await app.open();
	await app.ask('what time is it', /\d/);
	const own = page.url();
	await app.message.fill('Demo branching.');
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	await expect(page).not.toHaveURL(own);
	const switcher = page.getByRole('group', { name: 'Branches of this message' });
	await expect(switcher).toContainText('2 / 2', { timeout: 20_000 });
	await app.waitIdle();
	await expect(app.articles('Wherry').last()).toContainText('This was a demonstration of branching');
	await switcher.getByRole('button', { name: 'Previous branch' }).click();
	await expect(app.articles('You')).toContainText('Demo branching.');
	await expect(app.articles('Wherry').last()).toContainText('the first version of your message');
	await page.goto(own);
	await app.ready();
	await expect(app.articles('You')).toHaveCount(1);
	await expect(app.message).toHaveValue('');
	await expect(
		page.getByRole('list', { name: 'Sessions' }).getByRole('link', { name: /Demonstration: branching/ })
	).toHaveCount(1);
});

test('resuming: a reload in the middle of a turn, and it ends once', async ({ app, page }) => {
	await app.open();
	await app.message.fill('demo resume');
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	await expect(app.call('demo_count')).toContainText(/of 10/, { timeout: 15_000 });
	await app.reload();
	await expect(app.articles('Wherry').last()).toContainText('Demonstration: counted to 10.', {
		timeout: 30_000
	});
	await app.waitIdle();
	await expect(app.call('demo_count')).toHaveCount(1);
	await expect(page.getByRole('heading', { level: 1 })).toContainText('Demonstration: resuming');
});
