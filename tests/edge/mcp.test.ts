/** MCP servers behind the relay, in workerd: named by a signed request, asked for by id, passed unbuffered both ways. */

import { describe, expect, inject, test } from 'vitest';
import type { EdgeEnv } from '../../src/lib/edge/env';
import { answerHome } from '../../src/lib/edge/home/home-routes.server';
import { bytesPerDay } from '../../src/lib/edge/home/transfer';
import { mcpRelay, type McpAsk } from '../../src/lib/edge/mcp.server';
import { authorizationHeader, type Signer } from '../../src/lib/wire/proof';
import { protocolVersion } from './mcp-server';
import {
	ask as askHome,
	claim,
	newDevice,
	newRelay,
	origin,
	ownedRelay,
	proofFor,
	say,
	tokenOf
} from './relay-owner';

const server = inject('mcp');
const home = 'https://mcp.example.com';

/** The one public host that there is stands for the server on this machine. */
function toServer(asked: string[] = []) {
	return (request: Request): Promise<Response> => {
		asked.push(request.url);
		const url = new URL(request.url);
		if (url.origin !== home) return Promise.resolve(new Response('elsewhere'));
		return fetch(new Request(server + url.pathname + url.search, request));
	};
}

async function name(relay: EdgeEnv, device: Signer, path = '/mcp'): Promise<string> {
	const body = { url: home + path };
	const { data } = await say(await askHome(relay, '/api/mcp-servers', { device, method: 'PUT', body }));
	if (typeof data !== 'object' || data === null || !('id' in data)) throw new Error('not named');
	return String(data.id);
}

interface Ask {
	readonly method?: string;
	readonly body?: unknown;
	readonly headers?: Record<string, string>;
	readonly address?: string;
	readonly at?: string;
	readonly options?: Partial<McpAsk>;
}
function ask(relay: EdgeEnv, id: string, { method = 'POST', body, headers = {}, ...rest }: Ask = {}) {
	const { address = '203.0.113.9', at = origin, options = {} } = rest;
	const url = new URL(`${at}/api/mcp-relay/${id}`);
	const request = new Request(url, {
		method,
		headers: {
			'x-wherry': '1',
			accept: 'application/json, text/event-stream',
			'cf-connecting-ip': address,
			...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
			...headers
		},
		...(method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {})
	});
	const env: EdgeEnv = { ...relay, FETCH_DOH: 'off' };
	return mcpRelay(request, env, { url, server: id, log: () => {}, fetch: toServer(), ...options });
}
const call = (method: string, id?: number) => ({
	jsonrpc: '2.0',
	method,
	...(id === undefined ? {} : { id })
});
async function seen(): Promise<{ url: string; headers: Record<string, string>; body: string }[]> {
	return (await fetch(`${server}/_/seen`)).json();
}
const errorOf = async (response: Response) => (await say(response)).error?.id;

/** A claimed relay, its owner's token, and a server that the owner has named. */
async function world(path?: string) {
	const { relay, owner, guest } = await ownedRelay();
	const id = await name(relay, owner, path);
	const auth = { [authorizationHeader]: `Bearer ${await tokenOf(relay, owner)}` };
	return { relay, owner, guest, id, auth };
}

describe('an MCP server through the relay (A17, A18)', () => {
	test('a whole session: start, notify, list, call, listen, resume, end', async () => {
		const { relay, id, auth } = await world();
		await seen();
		const started = await ask(relay, id, {
			body: call('initialize', 1),
			headers: { ...auth, authorization: 'Bearer of-the-server', cookie: 'a=b', 'x-forwarded-for': '1.2.3.4' }
		});
		expect(started.status).toBe(200);
		const session = started.headers.get('mcp-session-id') ?? '';
		expect(session).toMatch(/^session-/);
		expect(await started.json()).toMatchObject({ id: 1, result: { protocolVersion } });
		const [first] = await seen();
		expect(first?.headers['authorization']).toBe('Bearer of-the-server');
		const leaked = Object.keys(first?.headers ?? {}).filter((one) =>
			/^(?:cookie|cf-(?!worker)|x-forwarded|x-wherry(?!-hop))/.test(one)
		);
		expect(leaked).toEqual([]);

		const headers = { ...auth, 'mcp-session-id': session, 'mcp-protocol-version': protocolVersion };
		expect((await ask(relay, id, { body: call('notifications/initialized'), headers })).status).toBe(202);
		const listed = await ask(relay, id, { body: call('tools/list', 2), headers });
		expect(await listed.json()).toMatchObject({ result: { tools: [{ name: 'slow' }] } });

		// The server goes on only when its first event was read: the relay gathers nothing.
		const slow = await ask(relay, id, {
			body: call('tools/call', 3),
			headers: { ...headers, 'x-wait': '1' }
		});
		expect(slow.headers.get('content-type')).toBe('text/event-stream');
		const reader = slow.body?.pipeThrough(new TextDecoderStream()).getReader();
		expect((await reader?.read())?.value).toContain('progress');
		await fetch(`${server}/_/read`);
		expect((await reader?.read())?.value).toContain('done');
		await reader?.cancel();

		const listening = await ask(relay, id, { method: 'GET', headers: { ...headers, 'last-event-id': '41' } });
		const events = listening.body?.pipeThrough(new TextDecoderStream()).getReader();
		expect((await events?.read())?.value).toContain('"from":41');
		await events?.cancel();
		expect(await (await fetch(`${server}/_/closed`)).text()).toBe('closed');

		expect((await ask(relay, id, { method: 'DELETE', headers })).status).toBe(204);
		const after = await ask(relay, id, { body: call('tools/list', 4), headers });
		expect(after.status).toBe(404);
		expect(after.headers.has('x-wherry-error')).toBe(false);
	});

	test('where to sign in crosses, a password dialog and everything else that acts does not', async () => {
		const locked = await world('/locked');
		const refused = await ask(locked.relay, locked.id, { body: call('initialize', 1), headers: locked.auth });
		expect(refused.status).toBe(401);
		expect(refused.headers.get('www-authenticate')).toContain('resource_metadata');
		const hostile = await world('/hostile');
		const answer = await ask(hostile.relay, hostile.id, {
			body: call('initialize', 1),
			headers: hostile.auth
		});
		expect(Object.fromEntries(answer.headers)).toMatchObject({
			'content-security-policy': expect.stringContaining('sandbox'),
			'content-disposition': 'attachment',
			'x-content-type-options': 'nosniff'
		});
		for (const header of ['set-cookie', 'www-authenticate', 'refresh', 'x-wherry-error'])
			expect(answer.headers.has(header), header).toBe(false);
	});

	test.each(['https://evil.example/mcp', `${home}/mcp`, 'https://127.0.0.1/'])(
		'a redirect to %s is not followed: no credential reaches a second address',
		async (to) => {
			const { relay, id, auth } = await world(`/moved?to=${encodeURIComponent(to)}`);
			for (const method of ['GET', 'POST', 'DELETE']) {
				const asked: string[] = [];
				const headers = { ...auth, authorization: 'Bearer of-the-server' };
				const answer = await ask(relay, id, { method, headers, options: { fetch: toServer(asked) } });
				expect((await say(answer)).error).toMatchObject({
					id: 'fetch/too-many-redirects',
					data: { code: 'redirect' }
				});
				expect(asked).toEqual([`${home}/moved?to=${encodeURIComponent(to)}`]);
			}
		}
	);

	test('our own token never goes to the server, in whatever header it came', async () => {
		const { relay, id, auth } = await world();
		await seen();
		const headers = { ...auth, authorization: auth[authorizationHeader] ?? '' };
		await (await ask(relay, id, { body: call('initialize', 1), headers })).text();
		const text = JSON.stringify(await seen());
		expect(text).toContain('initialize');
		expect(text).not.toContain('w1.');
	});

	test('silence ends a stream, and so does its cap; a request has one too', async () => {
		const silent = await world('/silent');
		const body = call('initialize', 1);
		const limits = { msIdle: 50 };
		const quiet = await ask(silent.relay, silent.id, { body, headers: silent.auth, options: { limits } });
		await expect(quiet.text()).rejects.toMatchObject({ id: 'fetch/timeout' });
		expect(await (await fetch(`${server}/_/closed`)).text()).toBe('closed');
		const huge = await world('/huge');
		const small = { limits: { bytes: 200_000 } };
		const much = await ask(huge.relay, huge.id, { body, headers: huge.auth, options: small });
		await expect(much.text()).rejects.toMatchObject({ id: 'fetch/too-large' });
		const long = { ...body, params: 'x'.repeat(5000) };
		const tight = { limits: { requestBytes: 1000 } };
		const refused = await ask(silent.relay, silent.id, { body: long, headers: silent.auth, options: tight });
		expect(await errorOf(refused)).toBe('fetch/too-large');
	});
});

describe('who names one, and who asks (C7, C8)', () => {
	test('only a signature names one: not a token, nor a device without the scope', async () => {
		const { relay, owner, guest } = await ownedRelay();
		const body = { url: `${home}/mcp` };
		const put = { method: 'PUT', body };
		const auth = { [authorizationHeader]: `Bearer ${await tokenOf(relay, owner)}` };
		expect((await askHome(relay, '/api/mcp-servers', { ...put, headers: auth })).status).toBe(401);
		expect((await askHome(relay, '/api/mcp-servers', put)).status).toBe(401);
		const byGuest = await askHome(relay, '/api/mcp-servers', { ...put, device: guest });
		expect(await errorOf(byGuest)).toBe('relay/scope-missing');
		expect((await askHome(relay, '/api/mcp-servers', { ...put, device: owner })).status).toBe(200);
	});

	test.each([
		'http://mcp.example.com/',
		'https://127.0.0.1/mcp',
		'https://[::ffff:10.0.0.1]/',
		'https://localhost/mcp',
		'https://user:pw@mcp.example.com/',
		'https://relay.example.net/api/mcp-relay/x',
		'https://mcp.example.com:22/'
	])('%s is no address to name', async (url) => {
		const { relay, owner } = await ownedRelay();
		const answer = await askHome(relay, '/api/mcp-servers', { device: owner, method: 'PUT', body: { url } });
		expect(await errorOf(answer)).toBe('fetch/url-not-allowed');
	});

	test('an id is its device’s alone, is gone when forgotten, and nothing in a request says where it goes', async () => {
		const { relay, owner, guest, id, auth } = await world();
		const body = call('initialize', 1);
		const stranger = await newDevice();
		const add = { key: stranger.publicKey, name: 'Other', scopes: ['mcp'] };
		await askHome(relay, '/api/devices', { device: owner, method: 'POST', body: add });
		for (const device of [guest, stranger]) {
			const headers = { [authorizationHeader]: `Bearer ${await tokenOf(relay, device)}` };
			expect((await ask(relay, id, { body, headers })).status).toBeGreaterThanOrEqual(403);
		}
		const asked: string[] = [];
		const options = { fetch: toServer(asked) };
		const smuggled = {
			...auth,
			'x-upstream': 'https://evil.example/',
			'x-wherry-url': 'https://evil.example/',
			'mcp-server': 'https://evil.example/',
			'x-forwarded-host': 'evil.example',
			'mf-original-url': 'https://evil.example/'
		};
		for (const path of [id, `${id}?url=https://evil.example/`, `${id}?to=//evil.example`])
			await (await ask(relay, path, { body, headers: smuggled, options: { ...options, server: id } })).text();
		expect(new Set(asked)).toEqual(new Set([`${home}/mcp`]));
		for (const odd of ['', '..', 'https:evil', encodeURIComponent('https://evil.example/'), `${id}x`])
			expect((await ask(relay, odd, { body, headers: auth, options })).status).toBeGreaterThanOrEqual(403);
		expect(new Set(asked)).toEqual(new Set([`${home}/mcp`]));
		await askHome(relay, `/api/mcp-servers?id=${id}`, { device: owner, method: 'DELETE' });
		expect((await ask(relay, id, { body, headers: auth })).status).toBe(404);
	});

	test('a device that is revoked is out at once, and one whose name resolves to something private gets nowhere', async () => {
		const { relay, owner, id, auth } = await world();
		const other = await newDevice();
		const add = { key: other.publicKey, name: 'Other', scopes: ['mcp'] };
		await askHome(relay, '/api/devices', { device: owner, method: 'POST', body: add });
		const theirs = await name(relay, other);
		const headers = { [authorizationHeader]: `Bearer ${await tokenOf(relay, other)}` };
		expect((await ask(relay, theirs, { body: call('initialize', 1), headers })).status).toBe(200);
		await askHome(relay, `/api/devices?kid=${other.publicKey.kid}`, { device: owner, method: 'DELETE' });
		expect((await ask(relay, theirs, { body: call('initialize', 1), headers })).status).toBe(401);
		const asked: string[] = [];
		const resolving = { ...relay, FETCH_DOH: 'https://dns.example/query' };
		const url = new URL(`${origin}/api/mcp-relay/${id}`);
		const request = new Request(url, { method: 'GET', headers: { 'x-wherry': '1', ...auth } });
		const answer = await mcpRelay(request, resolving, {
			url,
			server: id,
			log: () => {},
			fetch: (outgoing) => {
				asked.push(new URL(outgoing.url).host);
				return Promise.resolve(Response.json({ Answer: [{ type: 1, data: '10.0.0.1' }] }));
			}
		});
		expect(await errorOf(answer)).toBe('fetch/url-not-allowed');
		expect(new Set(asked)).toEqual(new Set(['dns.example']));
	});

	test('while nobody has claimed the relay it serves this machine only; its servers are then the owner’s', async () => {
		const relay = newRelay();
		const local = { address: '127.0.0.1', at: 'http://localhost:8787' };
		const put = (address: string, at: string, headers: Record<string, string> = {}) => {
			const url = new URL(`${at}/api/mcp-servers`);
			const init = {
				method: 'PUT',
				body: JSON.stringify({ url: `${home}/mcp` }),
				headers: {
					'x-wherry': '1',
					'content-type': 'application/json',
					'cf-connecting-ip': address,
					...headers
				}
			};
			return answerHome(new Request(url, init), relay, { url, log: () => {} });
		};
		expect((await put('203.0.113.9', origin)).status).toBe(401);
		expect((await put('203.0.113.9', local.at)).status).toBe(401);
		expect((await put('127.0.0.1', 'http://evil.example')).status).toBe(401);
		expect((await put('127.0.0.1', local.at, { origin: 'https://evil.example' })).status).toBe(403);
		// Signed by a device that the relay does not know yet, as the agent asks, or by nobody: it is the same person.
		const signer = await newDevice();
		const proof = await proofFor('/api/mcp-servers', {
			device: signer,
			method: 'PUT',
			body: { url: `${home}/mcp` },
			aud: local.at
		});
		expect((await put('127.0.0.1', local.at, { [authorizationHeader]: proof })).status).toBe(200);
		const { data } = await say(await put('127.0.0.1', local.at));
		const id = typeof data === 'object' && data !== null && 'id' in data ? String(data.id) : '';
		const body = call('initialize', 1);
		expect((await ask(relay, id, { body, ...local })).status).toBe(200);
		// A page whose name was rebound to this machine says neither where it is from nor that it is a fetch.
		expect((await ask(relay, id, { method: 'GET', ...local })).status).toBe(401);
		const list = new URL(`${local.at}/api/mcp-servers`);
		const rebound = { 'x-wherry': '1', 'cf-connecting-ip': '127.0.0.1' };
		const listed = answerHome(new Request(list, { headers: rebound }), relay, { url: list, log: () => {} });
		expect((await listed).status).toBe(401);
		expect((await ask(relay, id, { body })).status).toBe(401);
		const owner = await newDevice();
		expect((await claim(relay, owner)).status).toBe(200);
		expect((await put('127.0.0.1', local.at)).status).toBe(401);
		const headers = { [authorizationHeader]: `Bearer ${await tokenOf(relay, owner)}` };
		expect((await ask(relay, id, { body, headers })).status).toBe(200);
	});

	test('240 a minute, and a day’s bytes are the device’s: what did not come is given back', async () => {
		const { relay, id, auth } = await world();
		const body = call('initialize', 1);
		const settled: Promise<void>[] = [];
		const options = {
			later: (task: Promise<void>) => settled.push(task),
			limits: { bytes: bytesPerDay / 2 }
		};
		// Two at once would reserve all of it; one after the other has hardly any.
		for (let i = 0; i < 4; i++) {
			const answer = await ask(relay, id, { body, headers: auth, options });
			expect(answer.status).toBe(200);
			await answer.text();
			await Promise.all(settled);
		}
		const whole = { limits: { bytes: bytesPerDay } };
		const refused = await ask(relay, id, { body, headers: auth, options: whole });
		expect(refused.status).toBe(429);
		expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
		const statuses = [];
		for (let i = 0; i < 70; i++) {
			const answer = await ask(relay, id, { method: 'GET', headers: auth });
			statuses.push(answer.status);
			await answer.body?.cancel();
		}
		expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
	});
});
