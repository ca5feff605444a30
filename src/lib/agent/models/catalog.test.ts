import { describe, expect, it } from 'vitest';
import { catalogModels } from './catalog-data';
import { costOf, formatModelId, listModels, lookUpModel, validateModelId } from './catalog';
import { findProvider, providers, readBaseAddress } from './providers';
import { resolveTarget } from './targets';

describe('the model catalog', () => {
	it('lists every model under a known provider, once, with a dated price where it has one', () => {
		const names = catalogModels.map((entry) => `${entry.provider}/${entry.model}`);
		expect(new Set(names).size).toBe(names.length);
		for (const entry of catalogModels) {
			expect(findProvider(entry.provider)).toBeDefined();
			if (entry.price !== undefined) expect(entry.price.asOf).toMatch(/^\d{4}-\d{2}-\d{2}$/);
		}
	});

	it('has the first choice of every provider that lists models', () => {
		for (const provider of providers.values()) {
			const listed = listModels(provider.id);
			if (listed.length > 0) expect(listed.map((entry) => entry.model)).toContain(provider.model);
		}
	});

	it('knows a model by its dated name, and guesses an unknown one by its provider', () => {
		expect(lookUpModel({ provider: 'anthropic', model: 'claude-haiku-4-5-20251001' }).label).toBe(
			'Claude Haiku 4.5'
		);
		const unknown = lookUpModel({ provider: 'anthropic', model: 'claude-opus-9' });
		expect(unknown).toMatchObject({
			isListed: false,
			quirks: { thinking: 'adaptive' },
			abilities: { tools: true }
		});
		expect(
			lookUpModel({ provider: 'anthropic', model: 'claude-opus-4-1-20250805' }).quirks['thinking']
		).toBeUndefined();
	});

	it('charges cached tokens at their own price, and says nothing where none is known', () => {
		const usage = {
			input: 1_000_000,
			output: 100_000,
			cacheRead: 500_000,
			cacheWrite: 100_000,
			reasoning: 0
		};
		const cost = costOf(usage, { provider: 'anthropic', model: 'claude-haiku-4-5' });
		expect(cost).toBeCloseTo(0.4 + 0.05 + 0.125 + 0.5);
		expect(costOf(usage, { provider: 'custom', model: 'x' })).toBeUndefined();
		expect(costOf(usage, { provider: 'ollama', model: 'x' })).toBe(0);
	});

	it('reads provider/model-name and refuses anything else', () => {
		expect(validateModelId('anthropic/claude-sonnet-5-5')).toEqual({
			provider: 'anthropic',
			model: 'claude-sonnet-5-5'
		});
		expect(validateModelId('openrouter/openai/gpt-oss-120b:free').model).toBe('openai/gpt-oss-120b:free');
		expect(validateModelId('@cf/meta/llama', 'workers-ai')).toEqual({
			provider: 'workers-ai',
			model: '@cf/meta/llama'
		});
		expect(formatModelId(validateModelId('groq/x'))).toBe('groq/x');
		for (const bad of ['gpt-5', 'nobody/x', 'groq/', 'groq/a b', 'groq/../x', 'groq//x', '']) {
			expect(() => validateModelId(bad), bad).toThrow();
		}
	});
});

describe('provider addresses', () => {
	it('takes what a person types, and nothing that is no web address', () => {
		expect(readBaseAddress(' localhost:8000/v1/ ')).toEqual({
			origin: 'http://localhost:8000',
			path: '/v1',
			isLoopback: true
		});
		expect(readBaseAddress('api.example.org/v1/chat/completions')?.path).toBe('/v1');
		for (const bad of ['', 'ftp://x', 'https://user:pass@x', 'javascript:alert(1)'])
			expect(readBaseAddress(bad), bad).toBeUndefined();
	});

	it.each([
		['anthropic', {}, 'https://w.test/api/relay/anthropic'],
		['anthropic', { via: 'direct' }, 'https://api.anthropic.com'],
		['openai', { via: 'direct', baseUrl: 'https://proxy.example/v1' }, 'https://proxy.example'],
		['ollama', {}, 'http://localhost:11434'],
		['custom', { baseUrl: 'http://localhost:8000' }, 'http://localhost:8000/v1'],
		['custom', { baseUrl: 'https://x.example/openai/v1', via: 'relay' }, 'https://x.example/openai/v1'],
		[
			'ai-gateway',
			{ baseUrl: 'https://gateway.ai.cloudflare.com/v1/acc/gw/compat' },
			'https://w.test/api/relay/ai-gateway/v1/acc/gw/compat'
		],
		['workers-ai', { baseUrl: '0123456789abcdef0123456789abcdef' }, 'https://w.test/api/relay/workers-ai']
	] as const)('%s with %j goes to %s', (provider, choice, base) => {
		expect(resolveTarget({ provider, model: 'm' }, choice, 'https://w.test').base).toBe(base);
	});
});
