/** Skills run by hand: a form from the schema, in the place of skills and where a command lacks something. */

import { expect, test } from './fixtures';

test('a skill runs by hand with a form made from its schema, as a message that can be undone (OT-43, OT-04) @phone', async ({
	app,
	page
}) => {
	await app.open('/skills');
	const opener = page.getByRole('button', { name: 'Run by hand: Remember', exact: true });
	await opener.click();
	await expect(opener).toHaveAttribute('aria-expanded', 'true');
	const form = page.getByRole('form', { name: 'Run: Remember' });
	const text = form.getByRole('textbox', { name: 'Text' });
	await expect(text).toHaveAttribute('aria-required', 'true');
	// What is missing is said by the check that the call itself would meet.
	await form.getByRole('button', { name: 'Run', exact: true }).click();
	await expect(form).toContainText('Text is required.');
	await expect(text).toBeFocused();
	await text.fill('my boat is called Petrel');
	await expect(form).not.toContainText('is required.');
	await form.getByRole('textbox', { name: 'Tags' }).fill('boat\nharbour');
	await form.getByRole('button', { name: 'Run', exact: true }).click();

	await expect(page).toHaveURL(/\/s\/[0-9a-f-]{36}/);
	await app.ready();
	await app.waitIdle();
	await expect(app.articles('You')).toContainText('/memory_remember {"text":"my boat is called Petrel"');
	const call = app.call('memory_remember');
	await expect(call).toContainText('done');
	await app.press(call, 'Undo');
	await expect(call).toContainText('undone');
	await app.ask('what do you know about my boat', /Nothing|nothing/);
});

test('a number, a choice of none and a skill without arguments: the form says so and runs', async ({
	app,
	page
}) => {
	await app.open('/skills');
	await page.getByRole('button', { name: 'Run by hand: List sessions', exact: true }).click();
	const list = page.getByRole('form', { name: 'Run: List sessions' });
	await list.getByRole('textbox', { name: 'Limit' }).fill('many');
	await list.getByRole('button', { name: 'Run', exact: true }).click();
	await expect(list).toContainText(/Limit must be an? (integer|number)/);
	await page.getByRole('button', { name: 'Run by hand: Check its health', exact: true }).click();
	const health = page.getByRole('form', { name: 'Run: Check its health' });
	await expect(health).toContainText('It needs nothing.');
	await health.getByRole('button', { name: 'Run', exact: true }).click();
	await app.ready();
	await expect(app.articles('Wherry').last()).toContainText('storage:');
	await expect(app.articles('Wherry').last()).toContainText('providers: Rehearsal');
});

test('what a skill run by hand would send is held like any other call (CD-24)', async ({ app, page }) => {
	await app.open('/skills');
	await page.getByRole('button', { name: 'Run by hand: Read a web page', exact: true }).click();
	const form = page.getByRole('form', { name: 'Run: Read a web page' });
	await form.getByRole('textbox', { name: 'Url' }).fill('https://harbour-news.test/today');
	await form.getByRole('button', { name: 'Run', exact: true }).click();
	await app.ready();
	await app.expectTurn('held');
	await app.approval('web_fetch').getByRole('button', { name: 'Reject' }).click();
	await app.waitIdle();
	await expect(app.call('web_fetch')).toContainText('rejected');
});

test('a command without its argument shows the form, and submitting it runs (OT-43) @phone', async ({
	app,
	page
}) => {
	await app.open();
	await app.ask('/memory_remember', /needs.*text/s);
	const form = page.getByRole('form', { name: 'Run: Remember' });
	await expect(app.articles('Wherry').last()).toContainText('required');
	await form.getByRole('textbox', { name: 'Text' }).fill('I like tea');
	await form.getByRole('button', { name: 'Run', exact: true }).click();
	await expect(app.call('memory_remember')).toContainText('done');
	await app.waitIdle();
	// The question has been answered: its form is gone.
	await expect(form).toHaveCount(0);
	await app.ask('what do you know about tea', /I like tea/);
});

test('a slash runs its action whatever model the conversation has, and its words stay out of the model’s context', async ({
	app,
	upstream
}) => {
	await app.connect();
	await app.ask('/calculate 6 * 7', /42/);
	await expect(app.articles('Wherry').last()).toContainText('Rehearsal · no model');
	upstream.answer('and now', 'good morning');
	await app.ask('and now', 'good morning');
	const { lines } = upstream.lastAsked('and now');
	expect(lines.some((line) => line.startsWith('tool: ') && line.includes('42'))).toBe(true);
	expect(lines.some((line) => line.includes('6 * 7 = 42'))).toBe(false);
});
