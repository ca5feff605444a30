/** A passkey as the owner's second word: made in Settings, asked before a rule is changed. Chromium's virtual authenticator. */

import { expect, test as base } from './fixtures';
import { serveWorker, type ServedWorker } from './served-worker';
import { WherryPage } from './wherry-page';

const code = 'a-code-for-this-test-alone';

const test = base.extend<{ relay: ServedWorker }>({
	relay: async ({ watch }, use) => {
		const relay = await serveWorker({ RELAY_RATE_LIMIT: '0', CLAIM_CODE: code });
		watch.allowOrigin(relay.origin);
		watch.allowErrors(/status of 401/);
		await use(relay);
		await relay.stop();
	}
});

test('once the owner has a passkey a rule changes only with it, and not for somebody whom it did not verify (C7)', async ({
	page,
	relay
}) => {
	const authenticator = await page.context().newCDPSession(page);
	await authenticator.send('WebAuthn.enable');
	const { authenticatorId } = await authenticator.send('WebAuthn.addVirtualAuthenticator', {
		options: {
			protocol: 'ctap2',
			transport: 'internal',
			hasUserVerification: true,
			isUserVerified: true,
			automaticPresenceSimulation: true
		}
	});
	const asked = async (): Promise<number> => {
		const { credentials } = await authenticator.send('WebAuthn.getCredentials', { authenticatorId });
		return credentials[0]?.signCount ?? 0;
	};

	const owner = new WherryPage(page);
	await owner.open(relay.origin);
	await page.getByRole('button', { name: 'Claim this relay', exact: true }).click();
	const dialog = page.getByRole('dialog', { name: 'Claim this relay' });
	await dialog.getByRole('textbox', { name: 'Claim code' }).fill(code);
	await dialog.getByRole('textbox', { name: 'Name of this device' }).fill('Laptop');
	await dialog.getByRole('button', { name: 'Claim this relay' }).click();
	await expect(dialog).toHaveCount(0);
	await owner.open(`${relay.origin}/settings`);
	await page.getByRole('button', { name: 'Add a passkey' }).click();
	await expect(page.getByRole('list', { name: 'Passkeys' }).getByRole('listitem')).toHaveCount(1);
	const before = await asked();

	const rules = page.getByRole('form', { name: 'Who else may come in' });
	const save = rules.getByRole('button', { name: 'Save who may come in' });
	await rules.getByRole('radio', { name: 'Nobody' }).check();
	await save.click();
	await expect(page.getByRole('status', { name: 'Notification' })).toContainText('Saved.');
	expect(await asked()).toBeGreaterThan(before);

	await authenticator.send('WebAuthn.setResponseOverrideBits', { authenticatorId, isBadUV: true });
	await rules.getByRole('radio', { name: 'Anybody, with keys of their own' }).check();
	await save.click();
	await expect(page.getByRole('alert')).toContainText('The passkey did not confirm this change.');
	await page.reload();
	await expect(rules.getByRole('radio', { name: 'Nobody' })).toBeChecked();
});
