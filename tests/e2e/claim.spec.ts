/** A relay that gets an owner: claimed on the page, its keys for its devices only, and what everybody else is told. */

import AxeBuilder from '@axe-core/playwright';
import type { BrowserContext, Page } from '@playwright/test';
import { expect, test as base } from './fixtures';
import { allUpstreams, serveWorker, type ServedWorker } from './served-worker';
import { WherryPage } from './wherry-page';

const code = 'a-code-for-this-test-alone';

/** A relay of each test's own: a claim is for good. */
const test = base.extend<{ relay: ServedWorker; person: (context: BrowserContext) => Promise<WherryPage> }>({
	relay: async ({ model }, use) => {
		const relay = await serveWorker({
			RELAY_UPSTREAMS: allUpstreams(model.origin),
			RELAY_RATE_LIMIT: '0',
			CLAIM_CODE: code
		});
		await use(relay);
		await relay.stop();
	},
	person: async ({ relay, watch, upstream: _ready }, use) => {
		watch.allowOrigin(relay.origin);
		await use(async (context) => {
			const page = await context.newPage();
			const person = new WherryPage(page);
			await person.open(relay.origin);
			return person;
		});
	}
});

async function claim(page: Page): Promise<void> {
	await page.getByRole('button', { name: 'Claim this relay', exact: true }).click();
	const dialog = page.getByRole('dialog', { name: 'Claim this relay' });
	await dialog.getByRole('textbox', { name: 'Claim code' }).fill(code);
	await dialog.getByRole('textbox', { name: 'Name of this device' }).fill('Kitchen laptop');
	await dialog.getByRole('button', { name: 'Claim this relay' }).click();
	await expect(dialog).toHaveCount(0);
	await expect(page.getByRole('status', { name: 'Notification' })).toContainText('This relay is yours');
}

async function giveKey(person: WherryPage, origin: string): Promise<void> {
	const { page } = person;
	await person.open(`${origin}/settings`);
	const form = page.getByRole('form', { name: 'Keys that this relay holds' });
	await form.getByRole('combobox', { name: 'Provider' }).selectOption('anthropic');
	await form.getByLabel('API key').fill('sk-ant-held-by-the-relay');
	await form.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('list', { name: 'Keys that this relay holds' })).toContainText('Anthropic');
	await expect(form.getByLabel('API key')).toHaveValue('');
}

test('claimed on the page, the relay’s own key answers this device; another browser is told whose it is (A25, OT-02)', async ({
	context,
	browser,
	relay,
	person,
	upstream,
	watch
}) => {
	watch.allowErrors(/status of 40[19]/);
	const owner = await person(context);
	const { page } = owner;
	await claim(page);
	await expect(page.getByRole('button', { name: 'Claim this relay', exact: true })).toHaveCount(0);
	await giveKey(owner, relay.origin);
	const devices = page.getByRole('list', { name: 'Devices of this relay' });
	await expect(devices.getByRole('listitem')).toHaveCount(1);
	await expect(devices).toContainText('Kitchen laptop');
	expect(await page.content()).not.toContain('sk-ant-held');

	await owner.open(relay.origin);
	await owner.chooseModel(/^Anthropic/);
	await owner.ask('whose key is this', 'ok');
	expect(upstream.lastAsked('whose key is this').path).toContain('/v1/messages');
	// And after a reload, when nothing is remembered but what is stored.
	await owner.reload();
	await owner.ask('and again', 'ok');

	const other = await browser.newContext();
	const stranger = await person(other);
	await stranger.open(`${relay.origin}/providers`);
	const card = await stranger.saveKeyHere('Anthropic', 'sk-ant-mine-0123456789');
	await expect(card.getByRole('status')).toContainText('This relay has an owner');
	await stranger.open(relay.origin);
	await stranger.chooseModel(/^Anthropic/);
	await stranger.send('may I');
	await expect(stranger.page.getByRole('alert')).toContainText('This relay has an owner');
	await expect(stranger.page.getByRole('alert')).toHaveAttribute('data-error-id', 'relay/not-authorized');
	expect(upstream.asked('may I')).toHaveLength(0);
	await other.close();
});

test('somebody invited joins with a code, and is out the moment they are revoked (A25)', async ({
	context,
	browser,
	relay,
	person,
	upstream,
	watch
}) => {
	watch.allowErrors(/status of 40[139]/);
	const owner = await person(context);
	await claim(owner.page);
	await giveKey(owner, relay.origin);
	await owner.page.getByRole('button', { name: 'Invite somebody' }).click();
	const invitation = owner.page.getByText(/^[\w-]{22}$/);
	await expect(invitation).toBeVisible();
	const invite = await invitation.innerText();

	const other = await browser.newContext();
	const friend = await person(other);
	const join = async (text: string): Promise<void> => {
		const dialog = friend.page.getByRole('dialog', { name: 'Join this relay' });
		await dialog.getByRole('textbox', { name: 'Invitation' }).fill(text);
		await dialog.getByRole('button', { name: 'Join this relay' }).click();
	};
	await friend.open(`${relay.origin}/settings`);
	await friend.page.getByRole('button', { name: 'Join this relay' }).click();
	await join('a-code-that-is-none');
	await expect(friend.page.getByRole('alert')).toContainText('not valid');
	await join(invite);
	await expect(friend.page.getByText('This device may use this relay.').first()).toBeVisible();
	await friend.open(relay.origin);
	await friend.chooseModel(/^Anthropic/);
	await friend.ask('thank you', 'ok');

	await owner.page.reload();
	const devices = owner.page.getByRole('list', { name: 'Devices of this relay' });
	const row = devices.getByRole('listitem').filter({ hasText: 'This browser' });
	await row.getByRole('button', { name: 'Revoke' }).click();
	await expect(row).toContainText('Revoked');
	await friend.send('still there');
	await expect(friend.page.getByRole('alert')).toContainText('This relay has an owner');
	expect(upstream.asked('still there')).toHaveLength(0);
	await other.close();
});

for (const width of [375, 1280]) {
	test(`claim and relay settings pass axe and fit at ${width} px (A25)`, async ({
		context,
		relay,
		person,
		watch
	}) => {
		watch.allowErrors(/status of 401/);
		const owner = await person(context);
		const { page } = owner;
		await page.setViewportSize({ width, height: 800 });
		const check = async (): Promise<void> => {
			const { violations } = await new AxeBuilder({ page }).analyze();
			expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
			expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
		};
		await page.getByRole('button', { name: 'Claim this relay', exact: true }).click();
		await check();
		await page.keyboard.press('Escape');
		await claim(page);
		await giveKey(owner, relay.origin);
		await check();
		await page.getByRole('radio', { name: 'Nobody' }).check();
		await page.getByRole('button', { name: 'Save who may come in' }).click();
		await page.reload();
		await expect(page.getByRole('radio', { name: 'Nobody' })).toBeChecked();
	});
}
