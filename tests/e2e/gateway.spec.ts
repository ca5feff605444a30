/** Cloudflare AI Gateway as a provider: its cache, and its own way from one model to the next. */

import { createServer, type IncomingHttpHeaders } from 'node:http';
import { expect, test as base } from './fixtures';
import { serveWorker, type ServedWorker } from './served-worker';
import { WherryPage } from './wherry-page';

interface Asked {
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
	readonly body: string;
}

/** As the gateway answers: one model at its compatible endpoint; of a list the second, as if the first had failed. */
const test = base.extend<{ gateway: { readonly origin: string; asked: Asked[] }; relay: ServedWorker }>({
	gateway: async ({}, use) => {
		const asked: Asked[] = [];
		const server = createServer((request, response) => {
			let body = '';
			request.on('data', (chunk: Buffer) => (body += chunk.toString()));
			request.on('end', () => {
				asked.push({ path: request.url ?? '', headers: request.headers, body });
				const isList = body.startsWith('[');
				const text = isList ? 'from the second' : 'from the first';
				const delta = { id: 'c', choices: [{ index: 0, delta: { content: text }, finish_reason: 'stop' }] };
				response.writeHead(200, {
					'content-type': 'text/event-stream',
					'cf-aig-step': isList ? '1' : '0'
				});
				response.end(`data: ${JSON.stringify(delta)}\n\ndata: [DONE]\n\n`);
			});
		});
		await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
		const address = server.address();
		const port = typeof address === 'object' && address !== null ? address.port : 0;
		await use({ origin: `http://127.0.0.1:${String(port)}`, asked });
		server.closeAllConnections();
		await new Promise((done) => server.close(done));
	},
	relay: async ({ gateway, watch }, use) => {
		const relay = await serveWorker({
			RELAY_UPSTREAMS: JSON.stringify({ 'ai-gateway': gateway.origin }),
			RELAY_RATE_LIMIT: '0'
		});
		watch.allowOrigin(relay.origin);
		await use(relay);
		await relay.stop();
	}
});

test('OT-68 OT-71 its cache is set on its card and told with every question; a chain of its models is one request, and who answered is named', async ({
	page,
	relay,
	gateway
}) => {
	const app = new WherryPage(page);
	await app.open(`${relay.origin}/providers`);
	const card = app.provider('Cloudflare AI Gateway');
	await card
		.getByRole('textbox', { name: 'Base URL' })
		.fill('https://gateway.ai.cloudflare.com/v1/account/mine/compat');
	await app.saveKeyHere('Cloudflare AI Gateway', 'token-of-the-gateway-0123');
	const cache = card.getByRole('combobox', { name: 'The gateway\u2019s cache' });
	await expect(cache).toHaveValue('set');
	await cache.selectOption({ label: 'Keep an answer for an hour' });
	await page.reload();
	await expect(cache).toHaveValue('3600');
	const add = page.getByRole('combobox', { name: 'Add a model' });
	for (const model of ['GPT-6.1 Sol', 'Claude Sonnet 5.5']) {
		await add.selectOption({ label: `Cloudflare AI Gateway · ${model}` });
		await expect(page.getByRole('list', { name: 'Fallback order' })).toContainText(model);
	}

	await app.open(relay.origin);
	await app.chooseModel(/^Cloudflare AI Gateway · GPT-6.1 Sol/);
	await app.ask('is it kept', 'from the second');
	await expect(app.articles('Wherry').last()).toContainText('Claude Sonnet 5.5');
	const asked = gateway.asked.find(({ body }) => body.includes('is it kept'));
	expect(asked?.path).toBe('/v1/account/mine');
	expect(asked?.headers['cf-aig-cache-ttl']).toBe('3600');
	expect(asked?.headers['cf-aig-authorization']).toBe('Bearer token-of-the-gateway-0123');
});
