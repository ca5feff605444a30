import { describe, expect, it } from 'vitest';
import { allowsRelayPath, relayProviders } from './providers';

describe('the relay\u2019s providers', () => {
	it('are reached over https at an origin of their own', () => {
		for (const provider of Object.values(relayProviders))
			expect(new URL(provider.origin).origin).toBe(provider.origin);
	});

	it('put a key where the provider looks for it', () => {
		for (const provider of Object.values(relayProviders)) {
			const headers = new Headers();
			provider.setKey(headers, 'k');
			expect([...headers.keys()].every((name) => provider.authHeaders.includes(name))).toBe(true);
		}
	});

	it.each([
		['anthropic', '/v1/messages', true],
		['anthropic', '', true],
		['anthropic', '/v1', false],
		['anthropic', '/v1/', false],
		['anthropic', '/admin', false],
		['anthropic', '/v1/../admin', false],
		['anthropic', '/v1/%2e%2E/admin', false],
		['anthropic', '/v1/a%2fb', false],
		['anthropic', '/v1//messages', false],
		['openai', '/v1/responses', true],
		['openai', '/v1', true],
		['deepseek', '/chat/completions', true],
		['workers-ai', '/client/v4/accounts/a/ai/run/@cf/meta/llama', true],
		['workers-ai', '/client/v4/accounts/a/workers/scripts', false],
		['ai-gateway', '/v1/a/g/compat/chat/completions', true],
		['gemini', '/v1beta/models/gemini-2.5-pro:streamGenerateContent', true]
	] as const)('%s passes %s on: %s', (id, path, passes) => {
		const provider = relayProviders[id];
		expect(provider !== undefined && allowsRelayPath(provider, path)).toBe(passes);
	});
});
