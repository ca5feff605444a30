/** Cloudflare AI Gateway behind the relay: its options reach it and nobody else, and what it says of itself comes back. */

import { describe, expect, test } from 'vitest';
import { relay } from '../../src/lib/edge/relay.server';

const env = { AI_GATEWAY_ACCOUNT: 'account', AI_GATEWAY_ID: 'mine' };
const options = {
	'cf-aig-authorization': 'Bearer gateway-token',
	'cf-aig-cache-ttl': '3600',
	'cf-aig-skip-cache': 'false',
	'cf-aig-cache-key': 'greeting',
	'cf-aig-metadata': '{"home":"h1","session":"s1"}',
	'cf-aig-request-timeout': '30000',
	'cf-aig-max-attempts': '3'
};

/** What went to the provider, and what came back. */
async function through(path: string, body: string, answered: Record<string, string> = {}) {
	let sent: Request | undefined;
	const response = await relay(
		new Request(`http://localhost:8787/api/relay/${path}`, {
			method: 'POST',
			body,
			headers: { ...options, 'cf-ray': 'not-for-anybody', authorization: 'Bearer provider-key' }
		}),
		env,
		{
			log: () => {},
			fetch: (request) => {
				sent = request.clone();
				return Promise.resolve(new Response('{}', { headers: answered }));
			}
		}
	);
	return { sent, response };
}

describe('AI Gateway', () => {
	test('OT-68 cache options reach the gateway, its cache’s answer comes back, and no other cf- header crosses', async () => {
		const { sent, response } = await through('ai-gateway/compat/chat/completions', '{}', {
			'cf-aig-cache-status': 'HIT',
			'cf-aig-log-id': '01J',
			'cf-ray': 'x',
			'cf-cache-status': 'DYNAMIC'
		});
		expect(sent?.url).toBe('https://gateway.ai.cloudflare.com/v1/account/mine/compat/chat/completions');
		for (const [name, value] of Object.entries(options)) expect(sent?.headers.get(name)).toBe(value);
		expect(sent?.headers.has('cf-ray')).toBe(false);
		expect(response.headers.get('cf-aig-cache-status')).toBe('HIT');
		expect(response.headers.get('cf-aig-log-id')).toBe('01J');
		expect(response.headers.has('cf-ray')).toBe(false);
		expect(response.headers.has('cf-cache-status')).toBe(false);
	});

	test('OT-68 they go to no other provider', async () => {
		const { sent } = await through('openai/v1/chat/completions', '{}');
		expect([...(sent?.headers.keys() ?? [])].filter((name) => name.startsWith('cf-'))).toEqual([]);
	});

	test('OT-71 the universal endpoint takes a list of providers, as it stands, and says which one answered', async () => {
		const list = JSON.stringify([
			{
				provider: 'openai',
				endpoint: 'chat/completions',
				headers: { authorization: 'Bearer a' },
				query: { model: 'x' }
			},
			{ provider: 'anthropic', endpoint: 'v1/messages', headers: { 'x-api-key': 'b' }, query: { model: 'y' } }
		]);
		for (const path of ['ai-gateway/universal', 'ai-gateway/v1/account/mine']) {
			const { sent, response } = await through(path, list, { 'cf-aig-step': '1' });
			expect(sent?.url).toBe('https://gateway.ai.cloudflare.com/v1/account/mine');
			expect(await sent?.text()).toBe(list);
			expect(response.headers.get('cf-aig-step')).toBe('1');
		}
		expect((await through('ai-gateway/v1/account', list)).sent).toBeUndefined();
	});
});
