/** Two devices of one person: two browser profiles, one relay, twelve words between them. */

import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from './fixtures';
import { another, branches, devices, list, offline, pairUp, type Profile } from './two-devices';

test('two devices pair by twelve words, are both written on without a network, meet, and have the same', async ({
	app,
	page,
	context,
	browser,
	watch
}) => {
	watch.allowErrors(/WebSocket|ERR_INTERNET_DISCONNECTED/);
	const desk: Profile = { app, page, context };
	const phone = await another(browser, page);
	await app.open();
	await app.ask('remember that the ferry leaves at nine', /Remembered/);
	const address = page.url();
	await pairUp(desk, phone);
	const path = new URL(address).pathname;
	await app.open(path);
	await phone.app.open(path);
	await expect(phone.app.articles('You')).toHaveText([/the ferry leaves at nine/]);

	// What one writes, the other shows while it is written on.
	await phone.app.ask('remember that the buoy is red', /Remembered/);
	await expect(app.articles('You').last()).toHaveText(/the buoy is red/, { timeout: 20_000 });
	await app.ask('remember that the lamp is green', /Remembered/);
	await expect(phone.app.articles('Wherry').last()).toContainText('the lamp is green', { timeout: 20_000 });
	await expect(phone.app.articles('You').last()).toHaveText(/the lamp is green/);

	await offline([desk, phone], true);
	await app.ask('remember that the tide is high', /Remembered/);
	await phone.app.ask('remember that the harbour is closed', /Remembered/);
	await offline([desk, phone], false);

	// Both answers hang on the same message: one is shown, the other one beside it, on both.
	for (const one of [desk, phone]) await expect(branches(one)).toHaveText(/[12] \/ 2/, { timeout: 20_000 });
	const shown = await app.transcript();
	await expect.poll(() => phone.app.transcript()).toEqual(shown);
	for (const one of [desk, phone]) {
		await one.app.reload();
		expect(await one.app.transcript()).toEqual(shown);
	}
	expect(await branches(phone).innerText()).toBe(await branches(desk).innerText());
	await phone.app.ask('what do you remember', /ferry/);
	await expect(phone.app.articles('Wherry').last()).toContainText('tide is high');
	await expect(phone.app.articles('Wherry').last()).toContainText('harbour is closed');
	await expect(app.articles('You').last()).toHaveText(/what do you remember/, { timeout: 20_000 });
	await phone.context.close();
});

test('a code that is wrong, cut or used says so; a device that is revoked is out and says so @phone', async ({
	app,
	page,
	context,
	browser,
	watch
}) => {
	watch.allowErrors(/WebSocket|status of 409/);
	const desk: Profile = { app, page, context };
	const phone = await another(browser, page);
	await phone.app.open('/settings');
	const code = devices(phone.page).getByRole('textbox', { name: 'Pairing code' });
	for (const [typed, says] of [
		['zebra zebra', 'A part of the pairing code is missing'],
		['boat '.repeat(11) + 'quark', 'This is no pairing code']
	] as const) {
		await code.fill(typed);
		await devices(phone.page).getByRole('button', { name: 'Pair', exact: true }).click();
		await expect(devices(phone.page)).toContainText(says);
	}
	await pairUp(desk, phone, 'picture');
	expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);

	const line = list(page).getByRole('listitem').filter({ hasText: 'Phone' });
	await line.getByRole('button', { name: 'Rename' }).click();
	await devices(page).getByRole('textbox', { name: 'New name of Phone' }).fill('Old phone');
	await page.keyboard.press('Enter');
	await expect(list(phone.page)).toContainText('Old phone', { timeout: 20_000 });

	await list(page)
		.getByRole('listitem')
		.filter({ hasText: 'Old phone' })
		.getByRole('button', { name: 'Revoke' })
		.click();
	const question = page.getByRole('dialog', { name: 'Revoke Old phone?' });
	await question.getByRole('button', { name: 'Revoke this device' }).click();
	await expect(list(page).getByRole('listitem').filter({ hasText: 'Old phone' })).toContainText('Revoked', {
		timeout: 20_000
	});
	await expect(devices(page)).toContainText('Old phone is out');
	await expect(devices(phone.page)).toContainText('This device was removed', { timeout: 20_000 });
	await app.open();
	await app.ask('remember that the bridge is up', /Remembered/);
	await phone.app.open();
	await phone.app.page.reload();
	await expect(phone.page.getByText('the bridge is up')).toHaveCount(0);
	// Said where a person is, not in Settings alone.
	const wrong = phone.page.getByRole('alert').filter({ hasText: 'Something is wrong between your devices' });
	await wrong.getByRole('link', { name: 'See why' }).click();
	await expect(devices(phone.page)).toContainText('This device was removed');
	await phone.context.close();
});
