import { describe, expect, test } from 'vitest';
import type { EdgeEnv } from '../env';
import { settledBy, usageOf } from './settle';

const sse = (...events: unknown[]) => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');

describe('what an answer says that it took', () => {
	test('Anthropic: at its end, or whole', () => {
		const usage = {
			input_tokens: 10,
			cache_creation_input_tokens: 5,
			cache_read_input_tokens: 3,
			output_tokens: 7
		};
		const stream = sse(
			{ type: 'message_start', message: { usage: { input_tokens: 10, output_tokens: 1 } } },
			{ type: 'content_block_delta', delta: { text: '"usage":{"output_tokens":0}' } }
		);
		expect(usageOf(stream, 99)).toBeUndefined();
		expect(usageOf(stream + sse({ type: 'message_delta', usage }, { type: 'message_stop' }), 99)).toEqual({
			input: 18,
			output: 7
		});
		expect(usageOf(sse({ type: 'message_delta', usage: { output_tokens: 7 } }), 99)).toEqual({
			input: 99,
			output: 7
		});
		expect(usageOf(JSON.stringify({ content: [], usage }), 99)).toEqual({ input: 18, output: 7 });
	});

	test('OpenAI: the chunk before the last word, the event that completes', () => {
		const usage = { prompt_tokens: 4, completion_tokens: 6, total_tokens: 10 };
		const chunks = sse({ choices: [{ delta: { content: 'x' } }], usage: null }, { choices: [], usage });
		expect(usageOf(`${chunks}data: [DONE]\n\n`, 99)).toEqual({ input: 4, output: 6 });
		const response = { output: [], usage: { input_tokens: 4, output_tokens: 6, total_tokens: 10 } };
		expect(
			usageOf(`event: response.completed\r\n${sse({ type: 'response.completed', response })}`, 99)
		).toEqual({ input: 4, output: 6 });
		expect(usageOf(sse({ type: 'response.created', response: { usage: null } }), 99)).toBeUndefined();
		// Thought beside the answer.
		expect(usageOf(JSON.stringify({ usage: { ...usage, total_tokens: 50 } }), 99)).toEqual({
			input: 4,
			output: 46
		});
	});

	test('Gemini: events, or a list; Workers AI: within its result', () => {
		const usageMetadata = {
			promptTokenCount: 8,
			candidatesTokenCount: 2,
			thoughtsTokenCount: 5,
			totalTokenCount: 15
		};
		const args = { usageMetadata: { candidatesTokenCount: 0 } };
		const chunk = { usageMetadata, candidates: [{ content: { parts: [{ functionCall: { args } }] } }] };
		for (const text of [sse({ usageMetadata: args }, chunk), JSON.stringify([{}, chunk])])
			expect(usageOf(text, 99)).toEqual({ input: 8, output: 7 });
		const result = { response: 'x', usage: { prompt_tokens: 1, completion_tokens: 2 } };
		expect(usageOf(JSON.stringify({ success: true, result }), 99)).toEqual({ input: 1, output: 2 });
	});

	test('nothing where it does not say it', () => {
		for (const text of [
			'',
			'no json',
			'[]',
			'{}',
			'data: [DONE]',
			sse({ usage: { output_tokens: '0' } }),
			'"usage"'
		])
			expect(usageOf(text, 99), text).toBeUndefined();
	});
});

describe('an answer that is settled', () => {
	const ticket = {
		home: 'h',
		at: 5,
		reserved: { tokens: 1000, microDollars: 9000 },
		input: 100,
		price: { input: 1, output: 10 }
	};
	function home() {
		const heard: unknown[] = [];
		const fetch = (url: string, init?: RequestInit): Promise<Response> => {
			heard.push([url, JSON.parse(String(init?.body)).input]);
			return Promise.resolve(Response.json({ ok: true, data: null }));
		};
		const env: EdgeEnv = { HOME: { getByName: () => ({ fetch }) } };
		return { env, heard };
	}
	const usage = sse({ usage: { input_tokens: 20, output_tokens: 30 } });

	test('arrives as it was, and its home has heard before it ends', async () => {
		const { env, heard } = home();
		const big = 'data: "'.padEnd(3_000_000, 'x');
		const answer = new Response(`${big}\n\n${usage}`, { status: 200, headers: { 'x-a': 'b' } });
		const settled = settledBy(env, ticket, answer);
		expect(settled.headers.get('x-a')).toBe('b');
		expect(await settled.text()).toBe(`${big}\n\n${usage}`);
		const { home: of, at, reserved } = ticket;
		expect(heard).toEqual([
			['https://home/settle', { home: of, at, reserved, spent: { tokens: 50, microDollars: 320 } }]
		]);
	});

	test('costs nothing where it is a refusal, and its most where nobody can say', async () => {
		for (const [status, body, spent] of [
			[429, 'slow down', { tokens: 0, microDollars: 0 }],
			[400, usage, { tokens: 0, microDollars: 0 }],
			[200, 'no usage', undefined],
			[500, 'broken', undefined]
		] as const) {
			const { env, heard } = home();
			await settledBy(env, ticket, new Response(body, { status })).text();
			const said = spent === undefined ? [] : [['https://home/settle', expect.objectContaining({ spent })]];
			expect(heard, String(status)).toEqual(said);
		}
	});

	test('of the second of several models has cost its most: the first may be charged too', async () => {
		for (const [step, count] of [
			['0', 1],
			['1', 0]
		] as const) {
			const { env, heard } = home();
			const answer = new Response(usage, { headers: { 'cf-aig-step': step } });
			expect(await settledBy(env, ticket, answer).text()).toBe(usage);
			expect(heard).toHaveLength(count);
		}
	});

	test('that is broken off has cost its most', async () => {
		const { env, heard } = home();
		const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
		const writer = writable.getWriter();
		void writer.write(new TextEncoder().encode(usage)).catch(() => undefined);
		const reader = settledBy(env, ticket, new Response(readable)).body?.getReader();
		await reader?.read();
		await reader?.cancel();
		await expect(writer.closed).rejects.toBeUndefined();
		expect(heard).toEqual([]);
	});

	test('is whole where its home does not answer', async () => {
		const env: EdgeEnv = { HOME: { getByName: () => ({ fetch: () => Promise.reject(new Error('down')) }) } };
		expect(await settledBy(env, ticket, new Response(usage)).text()).toBe(usage);
	});
});
