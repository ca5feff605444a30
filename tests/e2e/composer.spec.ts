/** The composer and the keys: what a person types, where it goes, and what must not go anywhere. */

import type { Page } from '@playwright/test';
import { storedText } from './stored-text';
import { expect, test } from './tap';

const pasted = 'sk-ant-api03-' + 'Ab3dEf6h'.repeat(11) + 'AA';

const places = [
	['s', /\/(s\/|\?|$)/, 'Message'],
	['p', /\/providers$/, 'Providers'],
	['k', /\/skills$/, 'Skills'],
	['t', /\/settings$/, 'Settings']
] as const;

async function leaveFields(page: Page): Promise<void> {
	await page.evaluate(() =>
		document.activeElement instanceof HTMLElement ? document.activeElement.blur() : null
	);
}

test('a pasted key is stored nowhere and sent nowhere, and becomes a provider key from the dialog (OT-67)', async ({
	app,
	page,
	tap
}) => {
	const sent: string[] = [];
	page.context().on('request', (request) => {
		const what = `${request.url()} ${request.postData() ?? ''}`;
		if (what.includes(pasted)) sent.push(what);
	});
	await app.open();
	await app.message.fill(`use ${pasted} please`);
	// Long enough for a draft to be written.
	await page.waitForTimeout(800);
	expect(await storedText(page)).not.toContain(pasted);
	await page.getByRole('button', { name: 'Send', exact: true }).click();
	const dialog = page.getByRole('dialog', { name: 'This looks like a key' });
	await expect(dialog).not.toContainText(pasted);
	await expect(dialog.getByRole('combobox')).toHaveValue('anthropic');
	expect(await storedText(page)).not.toContain(pasted);
	expect(sent).toEqual([]);
	expect(tap.seen()).toHaveLength(0);

	await dialog.getByRole('button', { name: 'Save as a provider key' }).click();
	await expect(dialog).toHaveCount(0);
	await expect(app.message).toHaveValue(/^use\s+please$/);
	await expect(app.articles('You')).toHaveCount(0);
	// It is used, in its provider's own header, and is kept in no readable form.
	expect(tap.seen().every((one) => one.headers['x-api-key'] === pasted && !one.text.includes(pasted))).toBe(
		true
	);
	expect(tap.seen().length).toBeGreaterThan(0);
	await page.waitForTimeout(800);
	expect(await storedText(page)).not.toContain(pasted);
	await app.open('/providers');
	await expect(app.provider('Anthropic').getByRole('button', { name: 'Remove', exact: true })).toBeVisible();
});

test('Enter sends on a desktop, Shift Enter is a new line', async ({ app, page }) => {
	await app.open();
	await app.message.fill('calculate');
	await app.message.press('Shift+Enter');
	await page.keyboard.type('6 * 7');
	await expect(app.message).toHaveValue('calculate\n6 * 7');
	await app.message.press('Enter');
	await expect(app.articles('You')).toHaveCount(1);
	await expect(app.message).toBeFocused();
});

test.describe('on a phone', () => {
	test.use({ viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true });

	test('Enter is a new line, the button sends; model and mode wait behind "Turn options" (OT-51)', async ({
		app,
		page
	}) => {
		await app.open();
		await app.message.fill('calculate');
		await app.message.press('Enter');
		await page.keyboard.type('6 * 7');
		await expect(app.message).toHaveValue('calculate\n6 * 7');
		await expect(app.articles('You')).toHaveCount(0);
		await expect(page.getByRole('combobox', { name: 'Model', exact: true })).toBeHidden();
		await page.getByRole('button', { name: 'Turn options' }).click();
		await expect(page.getByRole('combobox', { name: 'Model', exact: true })).toBeVisible();
		await page.getByRole('radio', { name: 'Auto' }).check();
		await expect(page.getByRole('radio', { name: 'Auto' })).toBeChecked();
		await page.getByRole('button', { name: 'Turn options' }).click();
		await page.getByRole('button', { name: 'Send', exact: true }).click();
		await expect(app.articles('You')).toHaveCount(1);
	});
});

test('every place is two keys away, and none of them works while one types (OT-58)', async ({
	app,
	page
}) => {
	await app.open();
	for (const [key, address, name] of [...places.slice(1), ...places.slice(0, 1)]) {
		await leaveFields(page);
		await page.keyboard.press('g');
		await page.keyboard.press(key);
		await expect(page).toHaveURL(address);
		await expect(
			name === 'Message' ? app.message : page.getByRole('heading', { name, level: 1, exact: true })
		).toBeVisible();
	}
	await app.message.focus();
	await page.keyboard.type('gp?');
	await expect(app.message).toHaveValue('gp?');
	await leaveFields(page);
	await page.keyboard.press('?');
	await expect(page.getByRole('dialog', { name: 'Keyboard' })).toContainText('g p');
	await page.keyboard.press('Escape');
	await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('the palette reaches places, sessions, skills and commands (OT-58, CT-26)', async ({ app, page }) => {
	await app.open();
	await app.ask('what time is it', /\d/);
	const session = page.url();
	const field = page.getByRole('combobox', { name: /^Search places/ });
	const go = async (text: string) => {
		await page.keyboard.press('Control+k');
		await field.fill(text);
		await expect(
			page.getByRole('dialog', { name: 'Palette' }).getByRole('option', { selected: true })
		).toContainText(new RegExp(text, 'i'));
		await page.keyboard.press('Enter');
	};
	await go('settings');
	await expect(page).toHaveURL(/\/settings$/);
	await go('what time');
	await expect(page).toHaveURL(session);
	await go('calculate');
	await expect(app.message).toHaveValue('/calculate ');
	await expect(app.message).toBeFocused();
	await go('new session');
	await expect(app.articles('You')).toHaveCount(0);
});

test('slash commands complete, by keyboard', async ({ app, page }) => {
	await app.open();
	await app.message.focus();
	await page.keyboard.type('/calc');
	const offered = page.getByRole('listbox', { name: 'Commands' });
	await expect(offered.getByRole('option', { selected: true })).toContainText('/calculate');
	await page.keyboard.press('Tab');
	await expect(app.message).toHaveValue('/calculate ');
	await page.keyboard.type('6*7');
	await page.keyboard.press('Enter');
	await expect(app.call('calculate')).toContainText('done');
	await app.waitIdle();
	await expect(app.articles('Wherry').last()).toContainText('42');
});

test('what Rehearsal cannot answer is sent again, that very message, once a model is connected (OT-67, OT-62)', async ({
	app,
	page,
	upstream
}) => {
	upstream.answer('poem about harbours', 'Masts, and the smell of tar');
	await app.open();
	await app.send('write me a poem about harbours');
	await app.articles('Wherry').last().getByRole('button', { name: 'Connect a model' }).click();
	const dialog = page.getByRole('dialog', { name: 'Connect a model' });
	const card = dialog.getByRole('article', { name: 'Anthropic', exact: true });
	await card.getByRole('textbox', { name: 'API key' }).fill('sk-ant-test-0123456789abcdef');
	await card.getByRole('button', { name: 'Save', exact: true }).click();
	await card.getByRole('button', { name: /^Use / }).click();
	await expect(app.articles('Wherry').last()).toContainText('Masts, and the smell of tar');
	await app.waitIdle();
	await expect(app.articles('You')).toHaveCount(1);
	// Its own prose never reaches a model: the message stands as if nothing had been said.
	const { lines } = upstream.lastAsked('poem about harbours');
	expect(lines).toEqual(['user: write me a poem about harbours']);
	await app.reload();
	await expect(app.articles('You')).toHaveCount(1);
	await expect(app.articles('Wherry').last()).toContainText('Masts');
});
