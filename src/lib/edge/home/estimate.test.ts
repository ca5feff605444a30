import { describe, expect, test } from 'vitest';
import { catalogModels } from '../../agent/models/catalog-data';
import { estimateSpend } from './estimate';
import { lentFor } from './lent-paths';

/** As the relay asks. */
function estimate(provider: string, path: string, body: unknown) {
	const text = typeof body === 'string' ? body : JSON.stringify(body);
	const steps = lentFor(provider, 'POST', path, text) ?? [];
	expect(steps, path).not.toHaveLength(0);
	const bytes = new TextEncoder().encode(text).length;
	return { ...estimateSpend(provider, steps, bytes), input: Math.ceil(bytes / 3) };
}
/** Tokens of the answer, or of what is read elsewhere. */
function beyond(provider: string, path: string, body: unknown): number {
	const { spend, input } = estimate(provider, path, body);
	return spend.tokens - input;
}
const chat = '/v1/chat/completions';
const responses = '/v1/responses';
const gemini = '/v1beta/models/gemini-2.5-pro:generateContent';

describe('what a request could cost at most', () => {
	test('its bytes and the longest answer, at the price of the model', () => {
		const body = { model: 'nobody-knows', max_output_tokens: 1000, input: 'x'.repeat(3000) };
		const { spend, input } = estimate('openai', responses, body);
		expect(spend).toEqual({ tokens: input + 1000, microDollars: input * 15 + 1000 * 75 });
		expect(estimate('openai', responses, { model: 'm', input: '語'.repeat(3000) }).input).toBeGreaterThan(
			3000
		);
	});

	test('an answer without a limit is as long as the model\u2019s longest', () => {
		for (const { provider, model, maxOutput } of catalogModels) {
			if (provider === 'openai') expect(beyond(provider, responses, { model })).toBe(maxOutput);
			if (provider === 'anthropic') expect(beyond(provider, '/v1/messages', { model })).toBe(maxOutput);
			if (provider === 'gemini')
				expect(beyond(provider, `/v1beta/models/${model}:generateContent`, {})).toBe(maxOutput);
		}
		expect(beyond('openai', responses, { model: 'nobody-knows' })).toBe(128_000);
		expect(beyond('openai', responses, 'no json')).toBe(128_000);
		for (const limit of [0, -1, null, 'many', {}, []])
			expect(beyond('openai', responses, { max_output_tokens: limit })).toBe(128_000);
	});

	test('a limit counts where the API keeps it, and of several the highest', () => {
		expect(beyond('openai', chat, { max_tokens: 10, max_completion_tokens: 9000 })).toBe(9000);
		expect(beyond('openai', responses, { max_tokens: 1, max_output_tokens: 50 })).toBe(50);
		expect(beyond('openai', responses, { max_tokens: 1 })).toBe(128_000);
		expect(beyond('anthropic', '/v1/messages', { max_output_tokens: 1 })).toBe(128_000);
		expect(beyond('together', chat, { max_completion_tokens: 1 })).toBe(128_000);
		expect(beyond('gemini', gemini, { max_tokens: 1, generationConfig: { maxOutputTokens: '70' } })).toBe(70);
		expect(beyond('gemini', gemini, { generation_config: { max_output_tokens: 80 } })).toBe(80);
		const both = { generationConfig: { maxOutputTokens: 1 }, generation_config: { max_output_tokens: 99 } };
		expect(beyond('gemini', gemini, both)).toBe(99);
	});

	test('as many answers as are asked for', () => {
		expect(beyond('openai', chat, { max_tokens: 100, n: 128 })).toBe(12_800);
		expect(beyond('openai', '/v1/completions', { max_tokens: 100, n: 2, best_of: 20 })).toBe(2000);
		expect(beyond('openai', '/v1/completions', { max_tokens: 100, prompt: ['a', 'b', 'c'] })).toBe(300);
		expect(beyond('openai', '/v1/completions', { max_tokens: 100, prompt: [1, 2, 3] })).toBe(100);
		for (const generation of [
			{ generationConfig: { candidateCount: 8, maxOutputTokens: 10 } },
			{ generation_config: { candidate_count: '8', max_output_tokens: 10 } }
		])
			expect(beyond('gemini', gemini, generation)).toBe(80);
	});

	test('each step of a list', () => {
		const step = { provider: 'compat', endpoint: 'chat/completions' };
		const list = [6000, 7000].map((max) => ({ ...step, query: { max_tokens: max } }));
		expect(beyond('ai-gateway', '/v1/a/g', [...list, step])).toBe(13_000 + 128_000);
	});

	test('nothing for a list of models or a count of tokens, no answer for an embedding', () => {
		expect(estimate('anthropic', '/v1/messages/count_tokens', { model: 'm' }).spend).toEqual({
			tokens: 0,
			microDollars: 0
		});
		expect(beyond('openai', '/v1/embeddings', { model: 'm', input: 'x' })).toBe(0);
	});

	test('a price is the model\u2019s own: by its name, with its date, and by nothing that only begins like it', () => {
		const price = (provider: string, path: string, body: unknown) => estimate(provider, path, body).price;
		expect(price('openai', responses, { model: 'gpt-5' })).toEqual({ input: 1.25, output: 10 });
		expect(price('openai', responses, { model: 'gpt-5-2025-08-07' }).output).toBe(10);
		expect(price('openai', responses, { model: 'gpt-5-mini-2025-08-07' }).output).toBe(2);
		expect(price('anthropic', '/v1/messages', { model: 'claude-haiku-4-5-20251001' }).output).toBe(5);
		for (const model of ['gpt-5-pro', 'gpt-5-pro-2025-10-06', 'gpt-5.5-pro', 'gpt-4.1-x', 'gpt', ''])
			expect(price('openai', responses, { model })).toEqual({ input: 15, output: 75 });
		// In the address, and nowhere else.
		const cheap = { model: 'gemini-2.5-flash-lite' };
		expect(price('gemini', gemini, cheap)).toEqual({ input: 1.25, output: 10 });
		// What goes to the cache is written at its own price.
		expect(price('anthropic', '/v1/messages', { model: 'claude-sonnet-4-5' }).input).toBe(3.75);
		for (const tier of [{ service_tier: 'priority' }, { speed: 'fast' }])
			expect(price('anthropic', '/v1/messages', { model: 'claude-sonnet-4-5', ...tier }).output).toBe(75);
	});

	test('what the provider reads by itself counts as all that the model can read', () => {
		const limit = { model: 'gpt-5', max_output_tokens: 1 };
		for (const more of [
			{ previous_response_id: 'resp_1' },
			{ conversation: 'conv_1' },
			{ conversation: { id: 'conv_1' } },
			{ prompt: { id: 'pmpt_1' } },
			{ input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'f' }] }] },
			{ input: [{ role: 'user', content: [{ type: 'input_file', file_url: 'https://a.example/' }] }] },
			{ input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'https://a.example/' }] }] },
			{ tools: [{ type: 'web_search' }] },
			{
				tools: [
					{ type: 'function', name: 'f' },
					{ type: 'mcp', server_url: 'https://a.example/' }
				]
			}
		])
			expect(beyond('openai', responses, { ...limit, ...more }), JSON.stringify(more)).toBe(400_001);
		const url = { image_url: { url: 'https://a.example/' } };
		expect(beyond('openai', chat, { max_tokens: 1, messages: [{ content: [url] }] })).toBe(1_000_001);
		const source = { type: 'document', source: { type: 'url', url: 'https://a.example/' } };
		const message = { model: 'claude-haiku-4-5', max_tokens: 1, messages: [{ content: [source] }] };
		expect(beyond('anthropic', '/v1/messages', message)).toBe(200_001);
		const generationConfig = { maxOutputTokens: 1 };
		for (const more of [
			{ cachedContent: 'cachedContents/c' },
			{ contents: [{ parts: [{ fileData: { fileUri: 'https://a.example/' } }] }] },
			{ contents: [{ parts: [{ file_data: { file_uri: 'https://a.example/' } }] }] },
			{ tools: [{ functionDeclarations: [] }, { googleSearch: {} }] }
		])
			expect(beyond('gemini', gemini, { generationConfig, ...more })).toBe(1_048_577);
	});

	test('what is there in the request itself counts once', () => {
		const inline = 'data:image/png;base64,AAAA';
		for (const more of [
			{ input: [{ content: [{ type: 'input_image', image_url: inline }] }], previous_response_id: null },
			{ tools: [{ type: 'function', name: 'f', parameters: { properties: { url: { type: 'string' } } } }] },
			{ input: [{ type: 'function_call', arguments: '{"file_id":"x"}' }] }
		])
			expect(beyond('openai', responses, { max_output_tokens: 1, ...more })).toBe(1);
		const tools = [{ name: 'f', input_schema: {} }];
		const messages = [{ content: [{ type: 'tool_use', input: { url: 'https://a.example/' } }] }];
		expect(beyond('anthropic', '/v1/messages', { max_tokens: 1, tools, messages })).toBe(1);
		const own = {
			tools: [{ functionDeclarations: [{ name: 'f' }] }],
			generationConfig: { maxOutputTokens: 1 }
		};
		expect(beyond('gemini', gemini, own)).toBe(1);
		expect(
			beyond('openai', chat, { max_tokens: 1, messages: [{ content: [{ image_url: { url: inline } }] }] })
		).toBe(1);
	});
});
