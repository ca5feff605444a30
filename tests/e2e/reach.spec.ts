/** Every other path to a model, from its card to a call and its result: address, header, shape. */

import { expect, test } from './tap';

const account = '0123456789abcdef0123456789abcdef';

const paths = [
	{
		title: 'Together',
		key: 'together-test-0123',
		path: '/v1/chat/completions',
		header: ['authorization', 'Bearer together-test-0123']
	},
	{
		title: 'DeepSeek',
		key: 'deepseek-test-0123',
		path: '/chat/completions',
		header: ['authorization', 'Bearer deepseek-test-0123']
	},
	{
		title: 'xAI',
		key: 'xai-test-0123',
		path: '/v1/chat/completions',
		header: ['authorization', 'Bearer xai-test-0123']
	},
	{
		title: 'OpenRouter',
		key: 'or-test-0123',
		path: '/api/v1/chat/completions',
		header: ['authorization', 'Bearer or-test-0123']
	},
	{
		title: 'mpp.dev',
		ids: 'OT-10',
		key: 'mpp-test-0123',
		path: '/v1/chat/completions',
		header: ['authorization', 'Payment mpp-test-0123']
	},
	{
		title: 'Cloudflare AI Gateway',
		ids: 'OT-59, OT-60, OT-61',
		key: 'aig-test-0123',
		baseUrl: `https://gateway.ai.cloudflare.com/v1/${account}/harbour/compat`,
		path: `/v1/${account}/harbour/compat/chat/completions`,
		header: ['cf-aig-authorization', 'Bearer aig-test-0123'],
		model: 'openai/gpt-6.1-sol'
	},
	{
		title: 'Cloudflare Workers AI',
		ids: 'OT-12',
		key: 'cf-test-0123',
		baseUrl: account,
		path: `/client/v4/accounts/${account}/ai/run/@cf/meta/`,
		header: ['authorization', 'Bearer cf-test-0123']
	}
] as const;

for (const one of paths) {
	test(`${one.title}: a key, an address, a call and its result (${'ids' in one ? `${one.ids}, ` : ''}OT-62, CT-10, CD-26)`, async ({
		app,
		page,
		upstream,
		tap
	}) => {
		await app.open('/providers');
		const card = app.provider(one.title);
		if ('baseUrl' in one) await card.getByRole('textbox', { name: 'Base URL' }).fill(one.baseUrl);
		await card.getByRole('textbox', { name: 'API key' }).fill(one.key);
		await card.getByRole('button', { name: 'Save', exact: true }).click();
		await expect(card.getByRole('status')).toContainText(/answered/i, { timeout: 20_000 });
		await app.open('/');
		await app.chooseModel(new RegExp(`^${one.title}`));
		upstream.answer(
			{ predicate: ({ messages }) => JSON.stringify(messages).includes('Tokyo') },
			'there it is'
		);
		upstream.answer('tell me the time', {
			toolCalls: [{ name: 'clock', arguments: '{"zone":"Asia/Tokyo"}', id: 'call_clock_1' }]
		});
		await app.ask('tell me the time', 'there it is');
		const asked = tap.seen('tell me the time');
		expect(asked).toHaveLength(2);
		for (const request of asked) {
			expect(decodeURIComponent(request.path)).toContain(one.path);
			expect(request.headers[one.header[0]]).toBe(one.header[1]);
		}
		expect(asked[1]?.text).toContain('"role":"tool"');
		if ('model' in one) expect(asked[0]?.text).toContain(`"model":"${one.model}"`);
		await expect(page.getByRole('alert')).toHaveCount(0);
	});
}

test('any address that speaks OpenAI is asked directly, without a key where it needs none (CT-10, OT-63)', async ({
	app,
	upstream,
	model,
	watch
}) => {
	watch.allowOrigin(model.origin);
	await app.open('/providers');
	const card = app.provider('Another address');
	await card.getByRole('textbox', { name: 'Base URL' }).fill(`${model.origin}/v1`);
	await card.getByRole('button', { name: 'Probe', exact: true }).click();
	await expect(card.getByRole('status')).toContainText(/answered/i, { timeout: 20_000 });
	await app.open('/');
	await app.chooseModel(/^Another address/);
	upstream.calls('tell me the time', 'clock', {}, 'there it is');
	await app.ask('tell me the time', 'there it is');
	expect(upstream.lastAsked('tell me the time').path).toBe('/v1/chat/completions');
	expect(watch.foreign.some((address) => address.startsWith(model.origin))).toBe(true);
});

test('a local server that does not answer is diagnosed in one sentence, with what to do (OT-67, CT-10)', async ({
	app,
	page,
	watch
}) => {
	watch.allowErrors(/Failed to load resource|ERR_|CORS/);
	watch.allowOrigin('http://localhost:11434');
	await app.open('/providers');
	const card = app.provider('Ollama');
	// Nothing is contacted before a person taps.
	expect(watch.foreign).toEqual([]);
	await card.getByRole('button', { name: 'Probe', exact: true }).click();
	await expect(
		card.getByRole('list', { name: 'What stands in the way' }).getByRole('listitem').first()
	).toContainText(/ollama|localhost|running|started/i, { timeout: 30_000 });
	await expect(page.getByRole('alert')).toHaveCount(0);
});
