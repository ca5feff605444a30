/** A guest at a relay that keeps its owner's keys: they ask models, and nothing of the account behind the key. */

import { describe, expect, inject, test } from 'vitest';
import type { EdgeEnv } from '../../src/lib/edge/env';
import { relay } from '../../src/lib/edge/relay.server';
import { authorizationHeader } from '../../src/lib/wire/proof';
import { relayProviders } from '../../src/lib/wire/providers';
import { ask, ownedRelay, tokenOf } from './relay-owner';
import type { Seen } from './upstream';

const upstream = inject('upstream');
const upstreams = JSON.stringify(Object.fromEntries(Object.keys(relayProviders).map((id) => [id, upstream])));
const rules = { admission: 'invite', tokensPerDay: null, microDollarsPerDay: null, alertWebhook: null };

/** A guest's request with the relay's key, or with one of their own. */
async function guestOf(billing: 'keys' | 'gateway', more: Partial<Record<string, string>> = {}) {
	const { relay: home, owner, guest } = await ownedRelay();
	for (const id of ['openai', 'anthropic', 'gemini']) {
		const body = { provider: id, key: `kept-${id}` };
		await ask(home, '/api/secrets', { device: owner, method: 'PUT', body });
	}
	await ask(home, '/api/admission', { device: owner, method: 'PUT', body: { ...rules, billing } });
	const env: EdgeEnv = { ...home, RELAY_UPSTREAMS: upstreams, ...more };
	const token = `Bearer ${await tokenOf(home, guest)}`;
	return (method: string, path: string, init: { body?: string; headers?: Record<string, string> } = {}) =>
		relay(
			new Request(`https://relay.example.net/api/relay/${path}`, {
				method,
				...(method === 'POST' ? { body: init.body ?? '{}' } : {}),
				headers: { 'cf-connecting-ip': '203.0.113.9', [authorizationHeader]: token, ...init.headers }
			}),
			env,
			{ log: () => {} }
		);
}
const refusal = (response: Response) => response.headers.get('x-wherry-error');
const seen = async (response: Response): Promise<Seen> => response.json();

describe('a guest with the relay\u2019s key', () => {
	test('asks models, and reaches no file, batch, stored answer or job of the account', async () => {
		const as = await guestOf('keys');
		const asked = await seen(await as('POST', 'anthropic/v1/messages'));
		expect(asked.headers['x-api-key']).toBe('kept-anthropic');
		expect((await as('GET', 'openai/v1/models')).status).toBe(200);
		for (const [method, path] of [
			['GET', 'openai/v1/files'],
			['GET', 'openai/v1/files/file_1/content'],
			['DELETE', 'openai/v1/files/file_1'],
			['GET', 'openai/v1/batches'],
			['GET', 'openai/v1/responses/resp_1'],
			['DELETE', 'openai/v1/responses/resp_1'],
			['POST', 'openai/v1/fine_tuning/jobs'],
			['GET', 'anthropic/v1/messages/batches'],
			['GET', 'anthropic/v1/messages/batches/b_1/results'],
			['GET', 'gemini/v1beta/files'],
			['POST', 'gemini/upload/v1beta/files']
		] as const) {
			const answer = await as(method, path);
			expect(answer.status, `${method} ${path}`).toBe(403);
			expect(refusal(answer)).toBe('relay/path-not-allowed');
			expect(await answer.text()).toContain('key of your own');
		}
	});

	test('does all of that with a key of their own', async () => {
		const as = await guestOf('keys');
		for (const method of ['GET', 'DELETE', 'POST']) {
			const answer = await as(method, 'openai/v1/files/file_1', {
				headers: { authorization: 'Bearer mine' }
			});
			const { headers } = await seen(answer);
			expect(headers.authorization).toBe('Bearer mine');
		}
	});

	test('nor with the gateway\u2019s token, whichever way the gateway is asked', async () => {
		const gateway = { AI_GATEWAY_ACCOUNT: 'acc', AI_GATEWAY_ID: 'gw', AI_GATEWAY_TOKEN: 'aig' };
		const as = await guestOf('gateway', gateway);
		const asked = await seen(await as('POST', 'openai/v1/responses'));
		expect(asked.headers['cf-aig-authorization']).toBe('Bearer aig');
		const step = { provider: 'openai', endpoint: 'chat/completions', query: {} };
		const list = (endpoint: string) => JSON.stringify([step, { ...step, endpoint }]);
		const universal = await as('POST', 'ai-gateway/universal', { body: list('responses') });
		expect(await seen(universal)).toMatchObject({ url: '/v1/acc/gw', body: list('responses') });
		for (const [method, path, body] of [
			['GET', 'openai/v1/files', ''],
			['DELETE', 'openai/v1/responses/resp_1', ''],
			['GET', 'ai-gateway/v1/acc/gw/openai/files', ''],
			['POST', 'ai-gateway/v1/acc/gw/openai/batches', '{}'],
			['POST', 'ai-gateway/universal', list('files')],
			['POST', 'ai-gateway/v1/acc/gw', '{}']
		] as const)
			expect(refusal(await as(method, path, { body })), path).toBe('relay/path-not-allowed');
	});

	test('nor does somebody at this machine, with the operator\u2019s key from the environment', async () => {
		const headers = { 'cf-connecting-ip': '127.0.0.1', 'sec-fetch-mode': 'cors' };
		const operator = { RELAY_UPSTREAMS: upstreams, OPENAI_API_KEY: 'operators' };
		const use = (path: string, more = {}) =>
			relay(
				new Request(`http://localhost:8787/api/relay/${path}`, { headers: { ...headers, ...more } }),
				operator,
				{ log: () => {} }
			);
		expect((await seen(await use('openai/v1/models'))).headers.authorization).toBe('Bearer operators');
		expect(refusal(await use('openai/v1/files'))).toBe('relay/path-not-allowed');
		const own = await seen(await use('openai/v1/files', { authorization: 'Bearer mine' }));
		expect(own.headers.authorization).toBe('Bearer mine');
		// Where there is no key to lend, nothing is kept back.
		expect((await seen(await use('groq/openai/v1/files'))).headers.authorization).toBeUndefined();
	});
});
