/** Two browser profiles of one person, on one relay, and how they come to know each other. */

import { mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { generate } from 'lean-qr';
import { toSvgPath } from 'lean-qr/extras/svg';
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

/** What the picture beside the words leads to, if it is one of the same code. */
async function linkInPicture(page: Page, phrase: string): Promise<string> {
	const secret = Buffer.from(mnemonicToEntropy(phrase, wordlist)).toString('base64url');
	const link = `${new URL(page.url()).origin}/settings#pair:${encodeURIComponent(`wherry-pair:1:${secret}`)}`;
	const picture = devices(page).getByRole('img', { name: 'Pairing code as a picture' });
	await expect(picture.locator('path')).toHaveAttribute('d', toSvgPath(generate(link)));
	return link;
}

export async function pairUp(
	host: Profile,
	guest: Profile,
	how: 'words' | 'picture' = 'words'
): Promise<void> {
	await host.app.open('/settings');
	await devices(host.page).getByRole('textbox', { name: 'Name of this device' }).fill('Desk');
	await devices(host.page).getByRole('button', { name: 'Pair a device' }).click();
	const words = devices(host.page).getByRole('note', { name: 'Pairing code' });
	await expect(words).toHaveText(/^([a-z]+ ){11}[a-z]+$/, { timeout: 20_000 });
	const phrase = await words.innerText();
	const code = devices(guest.page).getByRole('textbox', { name: 'Pairing code' });
	if (how === 'picture') {
		// Another document: the address of this one with something behind # would load nothing.
		await guest.page.goto('about:blank');
		await guest.app.open(await linkInPicture(host.page, phrase));
		await expect(code).toHaveValue(/^wherry-pair:1:/);
		expect(guest.page.url()).not.toContain('pair');
	} else {
		await guest.app.open('/settings');
		await code.fill(phrase.toUpperCase());
	}
	await devices(guest.page).getByRole('textbox', { name: 'Name of this device' }).fill('Phone');
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
