import { env } from 'cloudflare:test';
import { describe, expect, inject, test } from 'vitest';
import type { EdgeEnv } from '../../src/lib/edge/env';
import { relay } from '../../src/lib/edge/relay.server';
import { relayProviders } from '../../src/lib/wire/providers';
import type { Seen } from './upstream';

const upstream = inject('upstream');
const recordings = inject('recordings');
const everywhere = JSON.stringify(
	Object.fromEntries(Object.keys(relayProviders).map((id) => [id, upstream]))
);
const open: EdgeEnv = { RELAY_UPSTREAMS: everywhere };
/** As Node's fetch asks, and so the SDKs. */
const local = { 'cf-connecting-ip': '127.0.0.1', 'sec-fetch-mode': 'cors' };

interface Ask extends RequestInit {
	readonly env?: EdgeEnv;
	readonly host?: string;
	readonly log?: (line: string) => void;
}
function ask(
	path: string,
	{ env: with_ = open, host = 'http://localhost:8787', log = () => {}, ...init }: Ask = {}
) {
	return relay(new Request(`${host}/api/relay/${path}`, init), with_, { log });
}
const seen = async (response: Response): Promise<Seen> => response.json();

describe('OT-87 SAM-64 the relay speaks the provider’s own format', () => {
	test.each(recordings)('%s arrives byte for byte', async (name) => {
		const init = { method: 'POST', body: '{}', headers: { 'x-reply': `file:${name}` } };
		const direct = await fetch(`${upstream}/v1/messages`, init);
		const relayed = await ask('anthropic/v1/messages', init);
		expect(new Uint8Array(await relayed.arrayBuffer())).toEqual(new Uint8Array(await direct.arrayBuffer()));
		expect(relayed.headers.get('content-type')).toBe(direct.headers.get('content-type'));
	});

	test('an event reaches the caller while the stream is still open', async () => {
		const response = await ask('openai/v1/chat/completions', {
			method: 'POST',
			body: '{}',
			headers: { 'x-reply': 'drip:early' }
		});
		const reader = response.body?.getReader();
		const first = await reader?.read();
		expect(new TextDecoder().decode(first?.value)).toContain('data: 1');
		await reader?.cancel();
	});

	test('an abort of the caller closes the upstream connection', async () => {
		const stop = new AbortController();
		const response = await ask('openai/v1/chat/completions', {
			method: 'POST',
			body: '{}',
			headers: { 'x-reply': 'drip:aborted' },
			signal: stop.signal
		});
		expect(response.status).toBe(200);
		stop.abort();
		const closed = await fetch(`${upstream}/_/closed?id=aborted`);
		expect(await closed.text()).toBe('closed');
	});

	test('unknown query, headers, fields and tool types pass untouched', async () => {
		const body = JSON.stringify({
			model: 'x',
			tools: [{ type: 'computer_20990101', weird: { '\u2028': [1e400, 0.1] } }],
			future_field: 'ü'
		});
		const headers = {
			'content-type': 'application/json',
			'anthropic-version': '2099-01-01',
			'anthropic-beta': 'a-2099,b-2099',
			'openai-organization': 'org',
			'x-stainless-lang': 'js',
			'user-agent': 'some-cli/9',
			'idempotency-key': 'k',
			traceparent: '00-1-2-01'
		};
		const got = await seen(
			await ask('anthropic/v1/messages?beta=true&x=%20y&x=2', { method: 'POST', body, headers })
		);
		expect(got.url).toBe('/v1/messages?beta=true&x=%20y&x=2');
		expect(got.body).toBe(body);
		expect(got.headers).toMatchObject(headers);
	});

	test('what reaches the upstream equals a direct request but for the key', async () => {
		const init = {
			method: 'POST',
			body: '{"a":1}',
			headers: { 'content-type': 'application/json', 'x-api-key': 'mine' }
		};
		const direct = await seen(await fetch(`${upstream}/v1/messages/count_tokens`, init));
		const relayed = await seen(await ask('anthropic/v1/messages/count_tokens', init));
		const without = ({ headers: { 'accept-encoding': _, ...headers }, ...rest }: Seen) => ({
			...rest,
			headers
		});
		expect(without(relayed)).toEqual(without(direct));
	});

	test('HEAD, GET and DELETE go through as they are', async () => {
		for (const method of ['HEAD', 'GET', 'DELETE']) {
			const response = await ask('openai/v1/responses/resp_1', { method });
			const got: Seen = JSON.parse(decodeURIComponent(response.headers.get('x-seen') ?? ''));
			expect(got).toMatchObject({ method, url: '/v1/responses/resp_1' });
		}
	});

	test('the provider’s own error stays as it is', async () => {
		const error = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}';
		const response = await ask('anthropic/v1/messages', {
			method: 'POST',
			body: '{}',
			headers: { 'x-reply': `status:529:${error}` }
		});
		expect(response.status).toBe(529);
		expect(response.headers.get('retry-after')).toBe('7');
		expect(response.headers.has('x-wherry-error')).toBe(false);
		expect(await response.text()).toBe(error);
	});

	test('an upstream of RELAY_UPSTREAMS may have a base path', async () => {
		const env = { RELAY_UPSTREAMS: JSON.stringify({ groq: `${upstream}/gateway/` }) };
		expect((await seen(await ask('groq/openai/v1/models', { env }))).url).toBe('/gateway/openai/v1/models');
	});

	test('OT-59 AI Gateway’s account is filled in where the operator set one', async () => {
		const env = { ...open, AI_GATEWAY_ACCOUNT: 'acc', AI_GATEWAY_ID: 'gw' };
		const headers = { 'cf-aig-authorization': 'Bearer k', 'cf-aig-skip-cache': 'true' };
		const got = await seen(
			await ask('ai-gateway/compat/chat/completions', { env, method: 'POST', body: '{}', headers })
		);
		expect(got.url).toBe('/v1/acc/gw/compat/chat/completions');
		expect(got.headers).toMatchObject(headers);
	});
});

describe('headers stay clean', () => {
	test('nothing says upstream who or where the caller is', async () => {
		const private_ = {
			cookie: 'a=b',
			referer: 'http://localhost:8787/s/1',
			'x-forwarded-for': '9.9.9.9',
			'x-real-ip': '9.9.9.9',
			'cf-ray': '1',
			'cf-ipcountry': 'DE',
			'sec-fetch-mode': 'cors',
			'sec-ch-ua': 'x',
			'x-wherry-stream': 's',
			forwarded: 'for=9.9.9.9',
			via: '1.1 x',
			te: 'trailers',
			dnt: '1'
		};
		const got = await seen(
			await ask('anthropic/v1/messages', { method: 'POST', body: '{}', headers: { ...private_, ...local } })
		);
		for (const name of [...Object.keys(private_), 'cf-connecting-ip', 'origin'])
			expect(got.headers).not.toHaveProperty(name);
	});

	test('a key of another provider stays behind', async () => {
		const headers = { authorization: 'Bearer mine', 'x-api-key': 'anthropic', 'x-goog-api-key': 'google' };
		const got = await seen(await ask('openai/v1/models', { headers }));
		expect(got.headers.authorization).toBe('Bearer mine');
		expect(got.headers).not.toHaveProperty('x-api-key');
		expect(got.headers).not.toHaveProperty('x-goog-api-key');
	});

	test('an answer can set nothing on our origin', async () => {
		const response = await ask('anthropic/v1/messages', {
			method: 'POST',
			body: '{}',
			headers: { 'x-reply': 'hostile' }
		});
		for (const name of [
			'set-cookie',
			'clear-site-data',
			'access-control-allow-origin',
			'service-worker-allowed',
			'refresh',
			'link',
			'www-authenticate',
			'x-wherry-error',
			'strict-transport-security'
		])
			expect(response.headers.get(name), name).toBeNull();
		expect(response.headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox/);
		expect(response.headers.get('x-content-type-options')).toBe('nosniff');
		expect(response.headers.get('anthropic-ratelimit-tokens-remaining')).toBe('17');
		expect(response.headers.get('cache-control')).toContain('no-store');
	});

	test('a redirect is not followed and not passed on', async () => {
		const response = await ask('openai/v1/models', {
			headers: { 'x-reply': 'redirect:https://evil.example/' }
		});
		expect(response.status).toBe(502);
		expect(response.headers.has('location')).toBe(false);
	});
});

describe('no upstream address comes from the client', () => {
	const paths = [
		'openai/v1/../../evil',
		'openai/v1/%2e%2e/%2e%2e/x',
		'openai/v1/..%2fx',
		'openai/v1/%2Fevil.example/x',
		'openai/v1/%5c%5cevil.example',
		'openai//evil.example/v1/x',
		'openai/@evil.example/v1/x',
		'openai/v1/@evil.example',
		'openai/v1/%40evil.example',
		'openai/https://evil.example/v1',
		'openai/v1/https://evil.example',
		'openai/v1/%252e%252e/x',
		'openai/v1/%00',
		'openai/v1/%0d%0ahost:evil',
		'openai/admin/keys',
		'openai/v1\\..\\x'
	];
	test.each(paths)('%s is refused', async (path) => {
		const response = await relay(new Request(`http://localhost:8787/api/relay/${path}`), open, {
			log: () => {},
			fetch: () => Promise.reject(new Error('reached the upstream'))
		});
		expect([403, 404]).toContain(response.status);
		expect(response.headers.get('x-wherry-error')).toMatch(/^relay\/(path-not-allowed|unknown-provider)$/);
	});

	test.each(['__proto__', 'constructor', 'toString', '', 'nope'])('provider %j is unknown', async (id) => {
		expect((await ask(`${id}/v1/models`)).status).toBe(404);
	});

	test('no header names an upstream', async () => {
		const headers = {
			'x-forwarded-host': 'evil.example',
			'x-wherry-upstream': 'https://evil.example',
			'x-original-url': '/x'
		};
		expect((await seen(await ask('openai/v1/models', { headers }))).url).toBe('/v1/models');
	});
});

describe('whose key', () => {
	const env = {
		...open,
		ANTHROPIC_API_KEY: 'relay-secret',
		OPENAI_API_KEY: 'relay-secret',
		GEMINI_API_KEY: 'relay-secret'
	};
	const keyOf = async (path: string, init: Ask) => {
		const { headers } = await seen(await ask(path, { env, ...init }));
		return headers['x-api-key'] ?? headers.authorization ?? headers['x-goog-api-key'];
	};

	test('the relay’s key serves this machine', async () => {
		expect(await keyOf('anthropic/v1/models', { headers: local })).toBe('relay-secret');
		expect(await keyOf('openai/v1/models', { headers: local })).toBe('Bearer relay-secret');
		expect(await keyOf('gemini/v1beta/models', { headers: local })).toBe('relay-secret');
		expect(await keyOf('openai/v1/models', { headers: { ...local, authorization: 'Bearer relay' } })).toBe(
			'Bearer relay-secret'
		);
		expect(await keyOf('openai/v1/models', { headers: { ...local, origin: 'http://localhost:8787' } })).toBe(
			'Bearer relay-secret'
		);
	});

	test('the caller’s own key wins', async () => {
		expect(await keyOf('anthropic/v1/models', { headers: { ...local, 'x-api-key': 'mine' } })).toBe('mine');
		const got = await seen(await ask('gemini/v1beta/models?key=mine', { env, headers: local }));
		expect(got.url).toBe('/v1beta/models?key=mine');
		expect(got.headers).not.toHaveProperty('x-goog-api-key');
	});

	test.each([
		['from another machine', { 'cf-connecting-ip': '192.168.1.7' }, undefined],
		['from nowhere known', {}, undefined],
		['under a rebound name', local, 'http://attacker.example:8787'],
		['on a deployed Worker', { 'cf-connecting-ip': '203.0.113.9' }, 'https://wherry.example.workers.dev']
	])('the relay’s key never serves a caller %s', async (_, headers, host) => {
		const key = await keyOf('anthropic/v1/models', { headers, ...(host === undefined ? {} : { host }) });
		expect(key).toBeUndefined();
	});

	test('a page under a rebound name that says it is localhost reads nothing with the relay’s key', async () => {
		// `MF-Original-URL` makes wrangler hand us localhost as Host: all that is left is what a browser leaves out.
		const headers = { 'cf-connecting-ip': '127.0.0.1' };
		expect(await keyOf('openai/v1/responses/resp_1', { headers })).toBeUndefined();
		expect(await keyOf('openai/v1/responses', { headers, method: 'POST', body: '{}' })).toBe(
			'Bearer relay-secret'
		);
	});

	test('an SDK that was given an empty key gets the relay’s', async () => {
		const headers = { ...local, authorization: 'Bearer ' };
		expect(await keyOf('openai/v1/models', { headers })).toBe('Bearer relay-secret');
	});

	test.each([
		['a foreign page', { origin: 'https://evil.example' }],
		['an opaque page', { origin: 'null' }],
		['a foreign page’s image', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' }],
		['our own markup', { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'image' }],
		['an address that was typed in', { 'sec-fetch-site': 'none', 'sec-fetch-dest': 'document' }],
		['another port of this machine', { origin: 'http://localhost:3000' }]
	])('%s is refused', async (_, headers) => {
		const response = await ask('openai/v1/models', { env, headers: { ...local, ...headers } });
		expect(response.status).toBe(403);
		expect(response.headers.get('access-control-allow-origin')).toBeNull();
	});

	test('a listed origin may call with its own key, never with the relay’s', async () => {
		const listed = { ...env, RELAY_ALLOWED_ORIGINS: 'https://app.example https://two.example' };
		const headers = { ...local, origin: 'https://app.example' };
		const response = await ask('openai/v1/models', { env: listed, headers });
		expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example');
		expect((await seen(response)).headers).not.toHaveProperty('authorization');
		const preflight = await ask('openai/v1/models', {
			env: listed,
			method: 'OPTIONS',
			headers: { origin: 'https://app.example', 'access-control-request-headers': 'authorization, x-new' }
		});
		expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization, x-new');
		const other = await ask('openai/v1/models', {
			env: listed,
			method: 'OPTIONS',
			headers: { origin: 'https://evil.example' }
		});
		expect(other.headers.get('access-control-allow-origin')).toBeNull();
	});
});

describe('the relay’s own errors have the provider’s shape', () => {
	const shapes = {
		anthropic: { type: 'error', error: { type: 'permission_error', message: expect.any(String) } },
		openai: {
			error: { type: 'permission_error', message: expect.any(String), code: 'relay/path-not-allowed' }
		},
		groq: { error: { type: 'permission_error', message: expect.any(String) } },
		gemini: { error: { code: 403, status: 'PERMISSION_DENIED', message: expect.any(String) } },
		'workers-ai': { success: false, errors: [{ code: 403 }] }
	};
	test.each(Object.entries(shapes))('%s', async (id, shape) => {
		const response = await ask(`${id}/nowhere//x`);
		expect(response.status).toBe(403);
		expect(await response.json()).toMatchObject(shape);
	});

	test('an upstream that is not there is a 502 without its address', async () => {
		const response = await ask('anthropic/v1/messages', {
			method: 'POST',
			body: '{}',
			env: { RELAY_UPSTREAMS: '{"anthropic":"http://127.0.0.1:9"}' }
		});
		expect(response.status).toBe(502);
		expect(await response.text()).not.toContain('127.0.0.1');
	});

	test('methods that no provider has are refused', async () => {
		for (const method of ['PUT', 'PATCH'])
			expect((await ask('openai/v1/models', { method })).status).toBe(405);
	});
});

describe('limits and log', () => {
	test('30 requests a minute and address, then 429 with Retry-After', async () => {
		const limited = { ...open, RATE_LIMIT: env.RATE_LIMIT };
		const from = (address: string) =>
			ask('anthropic/v1/models', { env: limited, headers: { 'cf-connecting-ip': address } });
		const statuses: number[] = [];
		for (let index = 0; index < 32; index += 1) statuses.push((await from('203.0.113.1')).status);
		expect(statuses.filter((status) => status === 200)).toHaveLength(30);
		const refused = await from('203.0.113.1');
		expect(refused.headers.get('retry-after')).toBe('60');
		expect(await refused.json()).toMatchObject({ error: { type: 'rate_limit_error' } });
		expect((await from('203.0.113.2')).status).toBe(200);
	});

	test('RELAY_RATE_LIMIT raises the limit or lifts it', async () => {
		for (const RELAY_RATE_LIMIT of ['0', '120']) {
			const raised = { ...open, RATE_LIMIT: env.RATE_LIMIT, RELAY_RATE_LIMIT };
			const headers = { 'cf-connecting-ip': `203.0.113.${10 + RELAY_RATE_LIMIT.length}` };
			for (let index = 0; index < 60; index += 1)
				expect((await ask('anthropic/v1/models', { env: raised, headers })).status).toBe(200);
		}
	});

	test('one audit line a request, with no key, no content and no query', async () => {
		const lines: string[] = [];
		const log = (line: string) => lines.push(line);
		const headers = { 'x-api-key': 'sk-secret', 'x-request-id': 'turn-7', 'user-agent': 'agent-name' };
		const response = await ask('anthropic/v1/messages?secret=query', {
			method: 'POST',
			body: '{"content":"words"}',
			headers,
			log
		});
		expect(response.headers.get('x-wherry-request-id')).toBe('turn-7');
		expect(lines).toHaveLength(1);
		expect(JSON.parse(lines[0] ?? '')).toMatchObject({
			event: 'relay',
			requestId: 'turn-7',
			method: 'POST',
			target: 'anthropic',
			path: '/v1/messages',
			status: 200,
			key: 'caller'
		});
		expect(lines[0]).not.toMatch(/secret|words|agent-name/);
	});

	test('a request without an id gets one; a malformed one is replaced', async () => {
		const bare = await ask('openai/v1/models');
		expect(bare.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
		const forged = await ask('openai/v1/models', { headers: { 'x-request-id': 'a b"{}' } });
		expect(forged.headers.get('x-wherry-request-id')).toMatch(/^[0-9a-f-]{36}$/);
	});
});

describe('OT-12 Workers AI by its binding', () => {
	const calls: unknown[] = [];
	const AI = {
		run(model: string, input: unknown) {
			calls.push([model, input]);
			return Promise.resolve(new Response('data: {"response":"hi"}\n\n'));
		}
	};
	const path = 'workers-ai/client/v4/accounts/_/ai/run/@cf/meta/llama-3.1-8b-instruct';

	test('serves this machine without account or token', async () => {
		const response = await ask(path, {
			env: { ...open, AI },
			method: 'POST',
			body: '{"stream":true}',
			headers: local
		});
		expect(await response.text()).toContain('hi');
		expect(calls).toEqual([['@cf/meta/llama-3.1-8b-instruct', { stream: true }]]);
	});

	test('is not lent to strangers, nor used where the caller has a token', async () => {
		const stranger = await ask(path, { env: { ...open, AI }, method: 'POST', body: '{}' });
		expect((await seen(stranger)).url).toContain('/ai/run/@cf/meta/');
		const own = await ask(path, {
			env: { ...open, AI },
			method: 'POST',
			body: '{}',
			headers: { ...local, authorization: 'Bearer mine' }
		});
		expect((await seen(own)).headers.authorization).toBe('Bearer mine');
		expect(calls).toHaveLength(1);
	});
});
