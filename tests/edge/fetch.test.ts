import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, test } from 'vitest';
import type { EdgeEnv } from '../../src/lib/edge/env';
import { fetchForCaller } from '../../src/lib/edge/fetch.server';
import { bytesPerDay } from '../../src/lib/edge/home/transfer';
import { authorizationHeader, type Signer } from '../../src/lib/wire/proof';
import { ask as askHome, homeOf, newDevice, ownedRelay, requestFor, tokenOf } from './relay-owner';

const own = { 'content-type': 'application/json', 'x-wherry': '1', 'cf-connecting-ip': '127.0.0.1' };
const stranger = { ...own, 'cf-connecting-ip': '203.0.113.9' };

interface Ask {
	readonly headers?: Record<string, string>;
	readonly body?: unknown;
	readonly method?: string;
	readonly env?: EdgeEnv;
	readonly host?: string;
	readonly answers?: Record<string, Response>;
}
async function ask(
	url: string,
	{
		headers = own,
		body = { url },
		method = 'POST',
		env = {},
		host = 'http://localhost:8787',
		answers = {}
	}: Ask = {}
) {
	const asked: string[] = [];
	const lines: string[] = [];
	const request = new Request(`${host}/api/fetch`, {
		method,
		headers,
		...(method === 'POST' ? { body: JSON.stringify(body) } : {})
	});
	const response = await fetchForCaller(request, env, {
		log: (line) => lines.push(line),
		fetch: (outgoing) => {
			asked.push(outgoing.url);
			return Promise.resolve(
				answers[outgoing.url] ??
					new Response('page', { headers: { 'content-type': 'text/html', 'set-cookie': 'a=b' } })
			);
		}
	});
	return { response, asked, lines };
}
async function refusal(asking: ReturnType<typeof ask>) {
	const { response, asked } = await asking;
	const { error } = await response.json<{ error: { id: string; data?: unknown } }>();
	return { status: response.status, id: error.id, data: error.data, asked };
}

describe('POST /api/fetch', () => {
	test('gives a page as inert data, and says where it was and what it answered', async () => {
		const { response, lines } = await ask('https://example.com/a?secret=1');
		expect(response.status).toBe(200);
		expect(await response.text()).toBe('page');
		expect(Object.fromEntries(response.headers)).toMatchObject({
			'content-type': 'text/html',
			'content-security-policy': expect.stringContaining('sandbox'),
			'content-disposition': 'attachment',
			'cross-origin-resource-policy': 'same-origin',
			'x-wherry-status': '200',
			'x-wherry-url': 'https://example.com/a?secret=1'
		});
		expect(response.headers.has('set-cookie')).toBe(false);
		expect(JSON.parse(lines[0] ?? '')).toMatchObject({ event: 'fetch', target: 'example.com', status: 200 });
		expect(lines.join()).not.toContain('secret');
	});

	test.each([
		['without X-Wherry', { 'x-wherry': '' }, 'relay/origin-not-allowed'],
		['as a form would', { 'content-type': 'text/plain' }, 'input/invalid'],
		['from a foreign page', { origin: 'https://evil.example' }, 'relay/origin-not-allowed'],
		['from a sibling site', { 'sec-fetch-site': 'same-site' }, 'relay/origin-not-allowed'],
		['by a relay', { 'x-wherry-hop': '1' }, 'fetch/url-not-allowed']
	])('refuses a request %s', async (_, headers, id) => {
		const refused = await refusal(ask('https://example.com/', { headers: { ...own, ...headers } }));
		expect(refused).toMatchObject({ id, asked: [] });
	});

	test('never takes GET', async () => {
		expect((await refusal(ask('https://example.com/', { method: 'GET' }))).status).toBe(405);
	});

	test.each([
		[{ url: 1 }],
		[{ url: 'https://example.com/', method: 'POST' }],
		[{ url: 'https://example.com/', headers: { 'a b': 'c' } }],
		[{ url: 'https://example.com/', extra: 1 }],
		['x'],
		[null]
	])('refuses the body %j', async (body) => {
		expect(await refusal(ask('', { body }))).toMatchObject({ status: 400, id: 'input/invalid', asked: [] });
	});

	test('an unclaimed relay serves strangers a short list of hosts; this machine, any public one', async () => {
		const deployed = { headers: stranger, host: 'https://wherry.example.net', env: { FETCH_DOH: 'off' } };
		expect(await refusal(ask('https://unlisted.example.com/', deployed))).toMatchObject({
			status: 403,
			id: 'fetch/url-not-allowed',
			data: { code: 'host-not-listed' },
			asked: []
		});
		expect((await ask('https://en.wikipedia.org/wiki/Wherry', deployed)).response.status).toBe(200);
		expect((await ask('https://unlisted.example.com/')).response.status).toBe(200);
	});

	test('a listed host cannot redirect a stranger off the list', async () => {
		const deployed = { headers: stranger, host: 'https://wherry.example.net', env: { FETCH_DOH: 'off' } };
		const answers = {
			'https://github.com/x': new Response(null, {
				status: 302,
				headers: { location: 'https://evil.example.com/' }
			})
		};
		expect(await refusal(ask('https://github.com/x', { ...deployed, answers }))).toMatchObject({
			data: { code: 'host-not-listed' },
			asked: ['https://github.com/x']
		});
	});

	test('a deployed Worker asks a resolver first, and believes only public answers', async () => {
		const deployed = { headers: stranger, host: 'https://wherry.example.net' };
		const dns = (...data: string[]) =>
			Response.json({
				Answer: data.map((address) => ({ type: address.includes(':') ? 28 : 1, data: address }))
			});
		const at = (type: string) => `https://cloudflare-dns.com/dns-query?name=example.com&type=${type}`;
		const good = { [at('A')]: dns('93.184.215.14'), [at('AAAA')]: dns() };
		expect((await ask('https://example.com/', { ...deployed, answers: good })).response.status).toBe(200);
		const bad = { [at('A')]: dns('93.184.215.14', '10.0.0.1'), [at('AAAA')]: dns() };
		const refused = await refusal(ask('https://example.com/', { ...deployed, answers: bad }));
		expect(refused.data).toEqual({ code: 'private-address' });
		expect(refused.asked).not.toContain('https://example.com/');
	});

	test('it never asks itself', async () => {
		expect(
			(
				await refusal(
					ask('https://wherry.example.net/api/health', {
						host: 'https://wherry.example.net',
						headers: stranger
					})
				)
			).id
		).toBe('fetch/url-not-allowed');
	});

	test('a claimed relay reads any public page for a device with the scope, a gibibyte a day, and none for others', async () => {
		const { relay, owner } = await ownedRelay();
		const body = { url: 'https://unlisted.example.com/' };
		const read = async (device?: Signer) => {
			const request = await requestFor('/api/fetch', {
				method: 'POST',
				body,
				...(device === undefined ? {} : { device })
			});
			const settled: Promise<void>[] = [];
			const page = () => Promise.resolve(new Response('page'));
			const later = (task: Promise<void>) => settled.push(task);
			const env: EdgeEnv = { ...relay, FETCH_DOH: 'off' };
			const response = await fetchForCaller(request, env, { fetch: page, later, log: () => {} });
			const text = await response.text();
			await Promise.all(settled);
			return { response, text };
		};
		const spent = (): Promise<unknown> =>
			runInDurableObject(homeOf(relay), (_, { storage }) => [
				...storage.sql.exec('SELECT bytes FROM transfer')
			]);
		expect((await read()).response.status).toBe(401);
		const weak = await newDevice();
		const add = { key: weak.publicKey, name: 'Weak', scopes: ['share'] };
		await askHome(relay, '/api/devices', { device: owner, method: 'POST', body: add });
		expect((await read(weak)).response.status).toBe(403);
		expect((await read(owner)).text).toBe('page');
		// The agent brings a token, as with providers.
		const headers = { [authorizationHeader]: `Bearer ${await tokenOf(relay, owner)}` };
		const byToken = await requestFor('/api/fetch', { method: 'POST', body, headers });
		const page = () => Promise.resolve(new Response('page'));
		const local: EdgeEnv = { ...relay, FETCH_DOH: 'off' };
		const tasks: Promise<void>[] = [];
		const later = (task: Promise<void>) => tasks.push(task);
		const answer = await fetchForCaller(byToken, local, { fetch: page, later, log: () => {} });
		expect(await answer.text()).toBe('page');
		await Promise.all(tasks);
		// Ten mebibytes were set aside for each, four bytes came.
		expect(await spent()).toEqual([{ bytes: 8 }]);
		await runInDurableObject(homeOf(relay), (_, { storage }) => {
			storage.sql.exec('UPDATE transfer SET bytes = ?', bytesPerDay - 1024);
		});
		const { response } = await read(owner);
		expect(response.status).toBe(429);
		expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual(86_400);
	});
});
