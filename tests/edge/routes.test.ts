/**
 * Every route of the edge × every way of asking without the right to: what is not declared here to succeed,
 * must not. Through the Worker's own front, with SvelteKit's routing replaced by the same functions.
 */

import { describe, expect, inject, test } from 'vitest';
import * as z from 'zod/mini';
import { readCaller } from '../../src/lib/edge/caller';
import { succeed } from '../../src/lib/edge/envelope';
import { backups } from '../../src/lib/edge/backups.server';
import { fetchForCaller } from '../../src/lib/edge/fetch.server';
import { readHealth } from '../../src/lib/edge/health.server';
import { answerHome } from '../../src/lib/edge/home/home-routes.server';
import { mcpRelay } from '../../src/lib/edge/mcp.server';
import { answerProviders } from '../../src/lib/edge/relay-providers.server';
import { relay as provider } from '../../src/lib/edge/relay.server';
import { edgeRoutes } from '../../src/lib/edge/routes';
import { pair } from '../../src/lib/edge/pair.server';
import { shareDocument } from '../../src/lib/edge/share-document.server';
import { createShare, liveShare, replaceBase, shares } from '../../src/lib/edge/shares.server';
import { streams } from '../../src/lib/edge/streams.server';
import { sync } from '../../src/lib/edge/sync.server';
import { authorizationHeader, type Signer } from '../../src/lib/wire/proof';
import { relayProviders } from '../../src/lib/wire/providers';
import { importTokenKey, makeToken } from '../../src/lib/wire/relay-token';
import { newAuthenticator } from './authenticator';
import { ask, newDevice, origin, ownedRelay, proofFor, say, tokenOf, tokenKeyOf } from './relay-owner';

const upstream = inject('upstream');
type Relay = Awaited<ReturnType<typeof ownedRelay>>['relay'];

async function serve(relay: Relay, request: Request): Promise<Response> {
	const url = new URL(request.url);
	const env = {
		...relay,
		RATE_LIMIT: { limit: () => Promise.resolve({ success: true }) },
		RELAY_UPSTREAMS: JSON.stringify(
			Object.fromEntries(Object.keys(relayProviders).map((id) => [id, upstream]))
		),
		OPENAI_API_KEY: 'sk-of-the-operator',
		FETCH_DOH: 'off'
	};
	const log = (): void => {};
	const { pathname } = url;
	if (pathname === '/api/relay/providers') return answerProviders(request, env, { url });
	if (pathname.startsWith('/api/relay/')) return provider(request, env, { url, log });
	if (pathname === '/api/fetch')
		return fetchForCaller(request, env, { log, fetch: () => Promise.resolve(new Response('page')) });
	if (pathname.startsWith('/api/mcp-relay/')) {
		const server = pathname.split('/')[3] ?? '';
		return mcpRelay(request, env, { url, server, log, fetch: () => Promise.resolve(new Response('{}')) });
	}
	if (pathname === '/api/health') return succeed(await readHealth(env, readCaller(request, url, env)), '');
	if (pathname === '/openapi.json') return new Response('{}');
	if (pathname.startsWith('/api/streams/')) {
		const [, , , id = '', what] = pathname.split('/');
		return streams(request, env, { url, id, what: what === 'state' || what === 'stop' ? what : 'read' });
	}
	if (pathname === '/api/shares') return createShare(request, env);
	if (pathname.startsWith('/api/shares/')) {
		const [, , , id = '', what] = pathname.split('/');
		if (what === 'live') return liveShare(request, env, id);
		if (request.method === 'PUT') return replaceBase(request, env, id);
		const read = request.method === 'DELETE' ? 'revoke' : 'read';
		return shares(request, env, { id, what: what === 'state' ? what : read });
	}
	if (pathname.startsWith('/api/backups/')) {
		const [, , , id = '', at] = pathname.split('/');
		return backups(request, env, { id, ...(at === undefined ? {} : { at }) });
	}
	if (pathname.startsWith('/share/')) return shareDocument();
	if (pathname.startsWith('/api/sync/')) return sync(request, env, url);
	if (pathname.startsWith('/api/pair/')) {
		const [, , , place = '', slot = ''] = pathname.split('/');
		return pair(request, env, { url, place, slot });
	}
	return answerHome(request, env, { url, log });
}

/** What may be done there is not a device's right: it hangs on an id or a token that only its owner has. */
const withKeysOfTheirOwn = ['/api/streams/', '/api/shares', '/api/backups/', '/api/sync/', '/api/pair/'];

const bodies: Readonly<Record<string, unknown>> = {
	'/api/fetch': { url: 'https://unlisted.example.com/' },
	'/api/passkeys': (await newAuthenticator(new URL(origin).hostname)).request,
	'/api/mcp-servers': { url: 'https://mcp.example.com/' },
	'/api/secrets': { provider: 'openai', key: 'sk-12345678' },
	'/api/relay/{provider}/{path}': {},
	'/api/admission': {
		admission: 'invite',
		tokensPerDay: null,
		microDollarsPerDay: null,
		billing: 'keys',
		alertWebhook: null
	}
};

interface Cell {
	readonly path: string;
	readonly method: string;
	readonly body: unknown;
	/** In a provider's own wire format, whatever that is. */
	readonly isProvider: boolean;
	/** Its body is not read, so it takes no proof. */
	readonly takesToken: boolean;
}
const cells = (method: string, path: string, body: unknown): Cell => ({
	path: path
		.replace('{provider}/{path}', `openai/v1/${/GET|HEAD/.test(method) ? 'models' : 'responses'}`)
		.replace('{id}', `none-${'x'.repeat(24)}`)
		.concat(method === 'DELETE' && path === '/api/devices' ? '?kid=nobody' : '')
		.concat(method === 'DELETE' && path === '/api/secrets' ? '?provider=groq' : '')
		.concat(method === 'DELETE' && path === '/api/mcp-servers' ? '?id=nothing' : '')
		.concat(method === 'DELETE' && path === '/api/passkeys' ? '?id=nothing' : ''),
	method,
	body: method === 'POST' || method === 'PUT' ? body : undefined,
	isProvider: path.startsWith('/api/relay/{'),
	takesToken: /^\/api\/(?:mcp-)?relay\/\{/.test(path)
});

async function send(
	relay: Relay,
	{ path, method, body }: Cell,
	headers: Record<string, string> = {}
): Promise<Response> {
	const response = await serve(
		relay,
		new Request(origin + path, {
			method,
			headers: {
				'x-wherry': '1',
				'cf-connecting-ip': `2001:db8:${(count++ % 65_536).toString(16)}::1`,
				'sec-fetch-mode': 'cors',
				...(body === undefined ? {} : { 'content-type': 'application/json' }),
				...headers
			},
			...(body === undefined ? {} : { body: JSON.stringify(body) })
		})
	);
	expect(response.status, 'too often').not.toBe(429);
	return response;
}
let count = 0;

/** As a device really asks: with a token where the body is not read, everything else signed. */
async function signed(relay: Relay, device: Signer, cell: Cell): Promise<Record<string, string>> {
	const { path, method, body } = cell;
	const proof = cell.takesToken
		? `Bearer ${await tokenOf(relay, device)}`
		: await proofFor(path, { device, method, body });
	return { [authorizationHeader]: proof };
}

/** Whatever anybody may see. */
const open = new Set(['/api/health', '/openapi.json', '/api/relay/providers', '/share/{id}']);

/** Made anew for each test: what is refused must be so for who asks, not for how often. */
async function world() {
	const { relay, owner, guest } = await ownedRelay();
	const [out, weak] = [await newDevice(), await newDevice()];
	const add = { key: out.publicKey, name: 'Out', scopes: ['admin', 'provider.use', 'fetch'] };
	await ask(relay, '/api/devices', { device: owner, method: 'POST', body: add });
	const outToken = await tokenOf(relay, out);
	await ask(relay, `/api/devices?kid=${out.publicKey.kid}`, { device: owner, method: 'DELETE' });
	const weakKey = { key: weak.publicKey, name: 'Weak', scopes: ['share'] };
	await ask(relay, '/api/devices', { device: owner, method: 'POST', body: weakKey });
	const url = 'https://mcp.example.com/mcp';
	const named = await say(
		await ask(relay, '/api/mcp-servers', { device: owner, method: 'PUT', body: { url } })
	);
	const server = z.object({ id: z.string() }).parse(named.data).id;
	const pathOf = (cell: Cell): Cell => ({ ...cell, path: cell.path.replace('{server}', server) });
	return { relay, owner, guest, out, outToken, weak, pathOf };
}

describe('A25 the route inventory', async () => {
	for (const route of edgeRoutes) {
		for (const method of route.methods) {
			const isClaim = route.path === '/api/claim';
			const newKey = (await newDevice()).publicKey;
			const body =
				isClaim || route.path === '/api/devices'
					? { key: newKey, name: 'x', ...(isClaim ? { code: 'the-code-of-the-tests' } : {}) }
					: (bodies[route.path] ?? {});
			const shape = cells(method, route.path, body);
			const isOpen = open.has(route.path);
			const hasOwnKey = withKeysOfTheirOwn.some((prefix) => route.path.startsWith(prefix));
			const name = `${method} ${route.path}`;

			test(`${name}: nobody, a forged, an expired, a revoked and a used credential`, async () => {
				const { relay, owner, out, outToken, pathOf } = await world();
				const cell = pathOf(shape);
				const forgedKey = await importTokenKey(new Uint8Array(32));
				const claims = { dev: owner.publicKey.kid, scope: ['provider.use', 'fetch'], aud: origin, jti: 'x' };
				const once = await signed(relay, owner, cell);
				const used = cell.takesToken ? {} : once;
				if (!isOpen) await (await send(relay, cell, once)).arrayBuffer();
				const wrong: Record<string, Record<string, string>> = {
					nobody: {},
					'forged token': {
						[authorizationHeader]: `Bearer ${await makeToken(forgedKey, { ...claims, exp: Date.now() + 60_000 })}`
					},
					'expired token': {
						[authorizationHeader]: `Bearer ${await makeToken(await tokenKeyOf(relay), { ...claims, scope: ['provider.use', 'fetch', 'mcp'], exp: Date.now() - 1 })}`
					},
					'another relay’s token': {
						[authorizationHeader]: `Bearer ${await makeToken(await tokenKeyOf(relay), { ...claims, aud: 'https://other.example', exp: Date.now() + 60_000 })}`
					},
					'a token of nobody’s': {
						[authorizationHeader]: `Bearer ${await makeToken(await tokenKeyOf(relay), { ...claims, dev: 'x'.repeat(22), exp: Date.now() + 60_000 })}`
					},
					garbage: { [authorizationHeader]: 'Wherry1 kid=x' },
					'expired proof': {
						[authorizationHeader]: await proofFor(cell.path, {
							device: owner,
							...cell,
							now: Date.now() - 400_000
						})
					},
					'another relay’s': {
						[authorizationHeader]: await proofFor(cell.path, {
							device: owner,
							...cell,
							aud: 'https://other.example'
						})
					},
					'revoked proof': { [authorizationHeader]: await proofFor(cell.path, { device: out, ...cell }) },
					'revoked token': { [authorizationHeader]: `Bearer ${outToken}` },
					stranger: {
						[authorizationHeader]: await proofFor(cell.path, { device: await newDevice(), ...cell })
					},
					replayed: used
				};
				const passed = [];
				for (const [how, headers] of Object.entries(wrong)) {
					const { status } = await send(relay, cell, headers);
					const isFree =
						isOpen && (how === 'nobody' || how === 'replayed' || route.path !== '/api/relay/providers');
					if (status < 300 && !isFree) passed.push(`${how}: ${status}`);
				}
				expect(passed).toEqual([]);
			});

			test(`${name}: the wrong scope, another home, the wrong origin, method and content type`, async () => {
				const { relay, owner, guest, weak, pathOf } = await world();
				const cell = pathOf(shape);
				const passed = [];
				const needs = route.needs ?? '';
				for (const [how, device] of [
					['wrong scope', weak],
					['other home', guest]
				] as const) {
					const { status } = await send(relay, cell, await signed(relay, device, cell));
					const mayAsGuest =
						['provider.use', 'fetch', 'device'].includes(needs) &&
						!(needs === 'device' && method !== 'GET' && route.path === '/api/devices');
					const mayAsWeak = needs === 'device' && (method === 'GET' || route.path === '/api/token');
					const isDeclared = isOpen || (how === 'other home' ? mayAsGuest : mayAsWeak);
					if (status < 300 && !isDeclared) passed.push(`${how}: ${status}`);
				}
				for (const from of [
					{ origin: 'https://evil.example' },
					{ origin: 'null' },
					{ 'sec-fetch-site': 'cross-site' },
					{ 'sec-fetch-site': 'same-site' }
				]) {
					const headers = { ...(await signed(relay, owner, cell)), ...from };
					const { status } = await send(relay, cell, headers);
					if (status < 300 && !isOpen && !hasOwnKey) passed.push(`${JSON.stringify(from)}: ${status}`);
				}
				const form = { ...(await signed(relay, owner, cell)), 'content-type': 'text/plain' };
				const isBodiless = cell.body === undefined || (route.request === undefined && !cell.takesToken);
				if ((await send(relay, cell, form)).status < 300 && !isBodiless && !cell.isProvider)
					passed.push('text/plain');
				if (route.requires !== undefined) {
					const bare = { ...(await signed(relay, owner, cell)), 'x-wherry': '' };
					if ((await send(relay, cell, bare)).status < 300) passed.push('without X-Wherry');
				}
				for (const other of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
					if (route.methods.some((one) => one === other) || isOpen || hasOwnKey) continue;
					const wrong = { ...cell, method: other, body: other === 'GET' ? undefined : (cell.body ?? {}) };
					const { status } = await send(relay, wrong, await signed(relay, owner, wrong));
					if (status < 300) passed.push(`${other}: ${status}`);
				}
				expect(passed).toEqual([]);
			});

			if (!isClaim && !hasOwnKey && !(method === 'DELETE' && route.path === '/api/devices')) {
				test(`${name}: its owner may`, async () => {
					const { relay, owner, pathOf } = await world();
					const cell = pathOf(shape);
					// The relay's key is lent to ask with, and to take nothing away.
					const isLent = !cell.isProvider || method !== 'DELETE';
					const own = isLent ? {} : { authorization: 'Bearer sk-of-their-own' };
					const { status } = await send(relay, cell, { ...own, ...(await signed(relay, owner, cell)) });
					expect(status).toBe(200);
				});
			}
		}
	}
});
