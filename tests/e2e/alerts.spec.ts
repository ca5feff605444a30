/** A relay whose provider fails says so, at the address that its owner gave it in Settings. */

import { createServer, type Server } from 'node:http';
import { expect, test as base } from './fixtures';
import { serveWorker, type ServedWorker } from './served-worker';
import { WherryPage } from './wherry-page';

const code = 'a-code-for-this-test-alone';

/** A provider that always fails, and the owner's webhook, on one machine. */
interface Outside {
	readonly origin: string;
	readonly told: { readonly path: string; readonly body: string }[];
}
const test = base.extend<{ outside: Outside; relay: ServedWorker }>({
	outside: async ({}, use) => {
		const told: { path: string; body: string }[] = [];
		const server: Server = createServer((request, response) => {
			const { url = '' } = request;
			let body = '';
			request.on('data', (chunk: Buffer) => (body += chunk.toString()));
			request.on('end', () => {
				if (url.startsWith('/hook')) told.push({ path: url, body });
				response.writeHead(url.startsWith('/hook') ? 200 : 500, { 'content-type': 'application/json' });
				response.end('{"error":{"message":"down for repairs"}}');
			});
		});
		await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
		const address = server.address();
		const port = typeof address === 'object' && address !== null ? address.port : 0;
		await use({ origin: `http://127.0.0.1:${String(port)}`, told });
		server.closeAllConnections();
		await new Promise((done) => server.close(done));
	},
	relay: async ({ outside, watch }, use) => {
		const relay = await serveWorker({
			RELAY_UPSTREAMS: JSON.stringify({ openai: outside.origin, alerts: outside.origin }),
			RELAY_RATE_LIMIT: '0',
			CLAIM_CODE: code
		});
		watch.allowOrigin(relay.origin);
		watch.allowErrors(/status of (?:401|500|502)/);
		await use(relay);
		await relay.stop();
	}
});

test('OT-18 the owner gives an address in Settings; when the provider fails the relay counts it and says so there, once', async ({
	page,
	relay,
	outside,
	request
}) => {
	const owner = new WherryPage(page);
	await owner.open(relay.origin);
	await page.getByRole('button', { name: 'Claim this relay', exact: true }).click();
	const dialog = page.getByRole('dialog', { name: 'Claim this relay' });
	await dialog.getByRole('textbox', { name: 'Claim code' }).fill(code);
	await dialog.getByRole('textbox', { name: 'Name of this device' }).fill('Laptop');
	await dialog.getByRole('button', { name: 'Claim this relay' }).click();
	await expect(dialog).toHaveCount(0);
	await owner.open(`${relay.origin}/settings`);
	const rules = page.getByRole('form', { name: 'Who else may come in' });
	await rules.getByRole('radio', { name: 'Anybody, with keys of their own' }).check();
	await rules.getByRole('textbox', { name: /^Webhook/ }).fill('https://alerts.example.com/hook?relay=mine');
	await rules.getByRole('button', { name: 'Save who may come in' }).click();
	await expect(page.getByRole('status', { name: 'Notification' })).toBeVisible();

	// Somebody with a key of their own, whose program goes on trying.
	await expect(async () => {
		await request.post(`${relay.origin}/api/relay/openai/v1/chat/completions`, {
			headers: { authorization: 'Bearer sk-of-theirs' },
			data: { model: 'x', messages: [] }
		});
		expect(outside.told).toHaveLength(1);
	}).toPass({ intervals: [50], timeout: 30_000 });
	const [said] = outside.told;
	expect(said?.path).toBe('/hook?relay=mine');
	const { event, lastMinutes } = JSON.parse(said?.body ?? '');
	expect(event).toBe('relay-failing');
	expect(lastMinutes['relay.failed']).toBeGreaterThanOrEqual(10);
	expect(said?.body).not.toContain('sk-of-theirs');
});
