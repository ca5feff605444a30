/** The providers' own SDKs with the relay as base URL, through the built Worker as `npm start` serves it. */

import { existsSync } from 'node:fs';
import Anthropic from '@anthropic-ai/sdk';
import { LLMock } from '@copilotkit/aimock';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { edgeRoutes } from '../../src/lib/edge/routes';
import { allUpstreams, serveWorker, type ServedWorker } from '../e2e/served-worker';
import { record, type Noted, type Recorder } from './recorder';

const isBuilt = existsSync('.svelte-kit/cloudflare/_worker.js');
if (!isBuilt) console.log('skipped: there is no build');

const mock = new LLMock({ port: 0 });
let recorder: Recorder;
let worker: ServedWorker;

beforeAll(async () => {
	if (!isBuilt) return;
	const weather = { toolCalls: [{ name: 'weather', arguments: '{"city":"Oslo"}', id: 'call_1' }] };
	mock.on({ userMessage: 'weather', hasToolResult: true }, { content: 'It rains in Oslo.' });
	mock.on({ userMessage: 'weather' }, weather);
	mock.on({ userMessage: 'hello' }, { content: 'Good morning from the mock, in several words.' });
	await mock.start();
	recorder = await record(mock.url);
	worker = await serveWorker({
		RELAY_UPSTREAMS: allUpstreams(recorder.origin),
		RELAY_RATE_LIMIT: '0',
		ANTHROPIC_API_KEY: 'relay-held'
	});
});
afterAll(async () => {
	await worker?.stop();
	await recorder?.close();
	if (isBuilt) await mock.stop();
});

/** Runs the same thing against the upstream itself and through the relay; what arrived must be the same. */
async function both<Answer>(id: string, run: (base: string) => Promise<Answer>): Promise<Answer> {
	recorder.noted.length = 0;
	const direct = await run(recorder.origin);
	const expected = recorder.noted.splice(0).map(comparable);
	const relayed = await run(`${worker.origin}/api/relay/${id}`);
	expect(recorder.noted.map(comparable)).toEqual(expected);
	expect(withoutIds(relayed)).toEqual(withoutIds(direct));
	return relayed;
}

/** Without what belongs to a connection or a runtime. */
function comparable({ headers, ...rest }: Noted): Noted {
	const volatile =
		/^(host|connection|accept-encoding|content-length|transfer-encoding|cf-worker|sec-fetch-mode|x-stainless-retry-count)$/;
	return {
		...rest,
		headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !volatile.test(name)))
	};
}

/** aimock makes up ids and times for every answer. */
function withoutIds(answer: unknown): unknown {
	const text = JSON.stringify(answer, (key, value: unknown) =>
		/^(id|created|created_at|completed_at|responseId|response_id|item_id|sdkHttpResponse|request_id|_request_id|createTime)$/.test(
			key
		)
			? undefined
			: value
	);
	return JSON.parse(text ?? 'null');
}

async function collect<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
	const items: Item[] = [];
	for await (const item of stream) items.push(item);
	return items;
}

const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

describe.skipIf(!isBuilt)('official SDKs through the relay', () => {
	test('@anthropic-ai/sdk: whole, streamed, tools, count_tokens', async () => {
		const client = (baseURL: string) => new Anthropic({ baseURL, apiKey: 'mine', maxRetries: 0 });
		const tools = [{ name: 'weather', input_schema: { ...schema, type: 'object' as const } }];
		const ask = (content: string) => ({
			model: 'claude-sonnet-5',
			max_tokens: 64,
			tools,
			messages: [{ role: 'user' as const, content }]
		});
		const whole = await both('anthropic', (base) => client(base).messages.create(ask('hello')));
		expect(whole.content[0]).toMatchObject({ type: 'text' });
		const streamed = await both('anthropic', (base) =>
			client(base).messages.stream(ask('weather')).finalMessage()
		);
		expect(streamed.content).toContainEqual(
			expect.objectContaining({ type: 'tool_use', name: 'weather', input: { city: 'Oslo' } })
		);
		const counted = (base: string) =>
			client(base)
				.messages.countTokens({ model: 'claude-sonnet-5', messages: [{ role: 'user', content: 'hello' }] })
				.catch((error: unknown) => String(error));
		await both('anthropic', counted);
	});

	test('openai: chat and responses, whole and streamed, tools', async () => {
		const client = (base: string) => new OpenAI({ baseURL: `${base}/v1`, apiKey: 'mine', maxRetries: 0 });
		const ask = (content: string) => ({ model: 'gpt-5', messages: [{ role: 'user' as const, content }] });
		const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: schema } }];
		await both('openai', (base) => client(base).chat.completions.create(ask('hello')));
		const chunks = await both('openai', async (base) =>
			collect(await client(base).chat.completions.create({ ...ask('weather'), tools, stream: true }))
		);
		expect(JSON.stringify(chunks)).toContain('Oslo');
		await both('openai', (base) => client(base).responses.create({ model: 'gpt-5', input: 'hello' }));
		const events = await both('openai', async (base) =>
			collect(await client(base).responses.create({ model: 'gpt-5', input: 'hello', stream: true }))
		);
		expect(events.at(-1)?.type).toBe('response.completed');
	});

	test('@google/genai: whole and streamed, tools', async () => {
		// aimock knows v1beta only; this SDK's default is v1.
		const client = (baseUrl: string) =>
			new GoogleGenAI({ apiKey: 'mine', httpOptions: { baseUrl, apiVersion: 'v1beta' } });
		const tools = [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: schema }] }];
		const whole = await both('gemini', (base) =>
			client(base).models.generateContent({ model: 'gemini-3-pro', contents: 'hello' })
		);
		expect(JSON.stringify(whole)).toContain('Good morning');
		const chunks = await both('gemini', async (base) =>
			collect(
				await client(base).models.generateContentStream({
					model: 'gemini-3-pro',
					contents: 'weather',
					config: { tools }
				})
			)
		);
		expect(JSON.stringify(chunks)).toContain('Oslo');
	});

	test('an SDK reads the relay’s own refusal as its provider’s error', async () => {
		const anthropic = new Anthropic({
			baseURL: `${worker.origin}/api/relay/anthropic/nowhere`,
			apiKey: 'x',
			maxRetries: 0
		});
		await expect(
			anthropic.messages.create({ model: 'm', max_tokens: 1, messages: [] })
		).rejects.toMatchObject({ status: 403, error: { error: { type: 'permission_error' } } });
		const openai = new OpenAI({ baseURL: `${worker.origin}/api/relay/nope/v1`, apiKey: 'x', maxRetries: 0 });
		await expect(openai.models.list()).rejects.toMatchObject({ status: 404, code: 'relay/unknown-provider' });
	});

	test('the relay’s own key serves this machine with no key at all', async () => {
		recorder.noted.length = 0;
		await fetch(`${worker.origin}/api/relay/anthropic/v1/models`);
		expect(recorder.noted.at(-1)?.headers['x-api-key']).toBe('relay-held');
		await fetch(`${worker.origin}/api/relay/anthropic/v1/models`, {
			headers: { origin: 'https://evil.example' }
		});
		expect(recorder.noted).toHaveLength(1);
	});
});

describe.skipIf(!isBuilt)('A25 A29 every route', () => {
	const forAnybody = new Set(['/api/health', '/openapi.json', '/api/relay/providers', '/share/{id}']);
	const concrete = (path: string) => path.replace('{provider}', 'openai').replace('{path}', 'v1/models');
	const cells = edgeRoutes.flatMap((route) =>
		['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => ({
			route,
			path: concrete(route.path),
			method
		}))
	);

	test.each(cells)('$method $path succeeds only where it is declared', async ({ route, path, method }) => {
		const isDeclared =
			route.methods.some((known) => known === method) || (method === 'HEAD' && route.methods.includes('GET'));
		const response = await fetch(`${worker.origin}${path}`, {
			method,
			...(method === 'POST' ? { body: '{}', headers: { 'content-type': 'application/json' } } : {})
		});
		if (!isDeclared) expect(response.status).toBe(405);
		else if (forAnybody.has(route.path)) expect(response.status).toBe(200);
		// Asked with nothing that it wants: no header, no token, no stream or share that there is.
		else if (!path.startsWith('/api/relay/openai'))
			expect({ ok: response.ok, error: response.headers.get('x-wherry-error') }).toEqual({
				ok: false,
				error: expect.any(String)
			});
		await response.body?.cancel();
	});

	test.each([...new Set(cells.map((cell) => cell.path)), '/', '/api/nope', '/nope'])(
		'%s carries the security headers',
		async (path) => {
			const { headers, body } = await fetch(`${worker.origin}${path}`);
			await body?.cancel();
			expect(headers.get('x-content-type-options')).toBe('nosniff');
			expect(headers.get('referrer-policy')).toBe('no-referrer');
			expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
			expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
			expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
			expect(headers.get('content-security-policy')).not.toMatch(/unsafe-inline|'unsafe-eval'/);
		}
	);

	test.each([
		'text/plain',
		'application/x-www-form-urlencoded',
		'multipart/form-data; boundary=x',
		'application/json'
	])('a foreign page’s POST as %s gets nowhere', async (type) => {
		recorder.noted.length = 0;
		for (const path of ['/api/fetch', '/api/relay/openai/v1/responses', '/api/health']) {
			const headers = {
				'content-type': type,
				origin: 'https://evil.example',
				'sec-fetch-site': 'cross-site'
			};
			const response = await fetch(`${worker.origin}${path}`, { method: 'POST', body: '{}', headers });
			expect(response.status).toBeGreaterThanOrEqual(400);
			expect(response.headers.get('access-control-allow-origin')).toBeNull();
			expect(response.headers.get('content-type')).toContain('json');
		}
		expect(recorder.noted).toHaveLength(0);
	});
});
