/** Two browser profiles of one person, on one relay, and how they come to know each other. */

import type { Browser, BrowserContext, Locator, Page } from '@playwright/test';
import { expect } from './fixtures';
import { WherryPage } from './wherry-page';

export interface Profile {
	readonly app: WherryPage;
	readonly page: Page;
	readonly context: BrowserContext;
}

export const devices = (page: Page): Locator => page.getByRole('region', { name: 'Devices', exact: true });
export const list = (page: Page): Locator =>
	devices(page).getByRole('list', { name: 'Devices', exact: true });
export const branches = ({ app }: Profile): Locator =>
	app.feed.getByRole('group', { name: 'Branches of this message' });
export const inStep = (page: Page): Promise<void> =>
	expect(devices(page)).toContainText('In step with your other devices', { timeout: 20_000 });

export async function another(browser: Browser, page: Page): Promise<Profile> {
	const context = await browser.newContext({ viewport: page.viewportSize() ?? null, locale: 'en-GB' });
	const other = await context.newPage();
	return { context, page: other, app: new WherryPage(other) };
}

export async function pairUp(host: Profile, guest: Profile): Promise<void> {
	await host.app.open('/settings');
	await devices(host.page).getByRole('textbox', { name: 'Name of this device' }).fill('Desk');
	await devices(host.page).getByRole('button', { name: 'Pair a device' }).click();
	const words = devices(host.page).getByRole('note', { name: 'Pairing code' });
	await expect(words).toHaveText(/^([a-z]+ ){11}[a-z]+$/, { timeout: 20_000 });
	await guest.app.open('/settings');
	await devices(guest.page).getByRole('textbox', { name: 'Name of this device' }).fill('Phone');
	await devices(guest.page)
		.getByRole('textbox', { name: 'Pairing code' })
		.fill((await words.innerText()).toUpperCase());
	await devices(guest.page).getByRole('button', { name: 'Pair', exact: true }).click();
	await expect(devices(host.page)).toContainText('“Phone” asks to be let in', { timeout: 20_000 });
	await devices(host.page).getByRole('button', { name: 'Let it in' }).click();
	for (const { page } of [host, guest]) {
		await expect(list(page).getByRole('listitem')).toHaveCount(2, { timeout: 20_000 });
		await inStep(page);
	}
}

export const offline = (profiles: readonly Profile[], isOffline: boolean): Promise<unknown> =>
	Promise.all(profiles.map(({ context }) => context.setOffline(isOffline)));
