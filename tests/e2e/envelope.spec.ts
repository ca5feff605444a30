/** The edge as any client meets it: envelopes, error ids, and providers' own format through the relay. */

import { expect, test } from './tap';

test('answers of the edge are envelopes with a request id, errors carry an id that says what went wrong (OT-36, OT-04, CT-51)', async ({
	request
}) => {
	const health = await request.get('/api/health', { headers: { 'x-request-id': 'harbour-1' } });
	expect(await health.json()).toMatchObject({ ok: true, data: expect.anything() });
	expect(health.headers()['x-request-id']).toBe('harbour-1');

	const refused = await request.post('/api/fetch', { data: { url: 'https://example.com/' } });
	expect(refused.status()).toBeGreaterThanOrEqual(400);
	expect(await refused.json()).toMatchObject({
		ok: false,
		error: {
			id: expect.stringMatching(/^[a-z]+\/[a-z-]+$/),
			message: expect.any(String),
			requestId: expect.any(String)
		}
	});
	const inside = await request.post('/api/fetch', {
		headers: { 'x-wherry': '1' },
		data: { url: 'https://127.0.0.1/' }
	});
	expect(await inside.json()).toMatchObject({ ok: false, error: { id: expect.stringMatching(/^fetch\//) } });
	const nothing = await request.get('/api/nothing-here');
	expect(nothing.status()).toBe(404);
	expect(await nothing.json()).toMatchObject({ ok: false, error: { id: expect.any(String) } });
});

test('the relay passes count_tokens on, and refuses in the provider’s own shape (SAM-64)', async ({
	request,
	tap
}) => {
	const body = { model: 'claude-sonnet-5-5', messages: [{ role: 'user', content: 'count me' }] };
	await request.post('/api/relay/anthropic/v1/messages/count_tokens', {
		headers: { 'x-api-key': 'sk-ant-test-0123456789abcdef', 'anthropic-beta': 'some-beta' },
		data: body
	});
	const [counted] = tap.seen('count me');
	expect(counted?.path).toBe('/v1/messages/count_tokens');
	expect(counted?.headers['anthropic-beta']).toBe('some-beta');
	expect(JSON.parse(counted?.text ?? '')).toEqual(body);

	const refused = await request.post('/api/relay/anthropic/not/a/path', { data: {} });
	expect(refused.status()).toBeGreaterThanOrEqual(400);
	expect(await refused.json()).toMatchObject({
		type: 'error',
		error: { type: expect.any(String), message: expect.any(String) }
	});
	const openai = await request.post('/api/relay/openai/not/a/path', { data: {} });
	expect(await openai.json()).toMatchObject({ error: { message: expect.any(String) } });
});

test('the description of the edge names every address that it answers', async ({ request }) => {
	const description: unknown = await (await request.get('/openapi.json')).json();
	expect(description).toMatchObject({
		openapi: expect.stringMatching(/^3\.1/),
		paths: { '/api/health': expect.anything(), '/api/fetch': expect.anything() }
	});
});
