import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AppError } from '../wire/errors';
import { guardedFetch, type GuardPorts } from './guarded-fetch';
import { badIpv6, badNames, locations, privateIpv4, seeded, spellings, wrap } from './ssrf-urls.fixture';

const policy = { ownHosts: [] };
const signal = new AbortController().signal;
const get = (url: string, ports: Partial<GuardPorts>, headers: Record<string, string> = {}) =>
	guardedFetch(
		{ url, method: 'GET', headers, signal },
		{ policy, fetch: () => Promise.resolve(new Response('x')), ...ports }
	);
const failure = (promise: Promise<unknown>): Promise<AppError> =>
	promise.then(
		() => Promise.reject(new Error('did not fail')),
		(error) => error
	);
const seed = Number(process.env.SEED ?? 20261120);
const hostile = () =>
	[...privateIpv4(seeded(seed), 1).flatMap(spellings), ...badIpv6, ...badNames].flatMap(wrap);

/** From a server that redirects `from` to `to`; every other address answers 200. Records what was asked. */
function redirecting(hops: Record<string, string>, status = 302) {
	const asked: Request[] = [];
	const fetch = (request: Request) => {
		asked.push(request);
		const to = hops[request.url];
		return Promise.resolve(
			to === undefined ? new Response('page') : new Response(null, { status, headers: { location: to } })
		);
	};
	return { asked, fetch };
}

describe('A17 nothing but public listeners is ever contacted', () => {
	const canaries: Server[] = [];
	let touched = 0;
	beforeAll(async () => {
		for (const host of ['127.0.0.1', '::1'])
			for (const port of [443, 8443]) {
				const server = createServer((socket) => {
					touched += 1;
					socket.destroy();
				});
				const isListening = await new Promise<boolean>((done) => {
					server.once('error', () => done(false)).listen(port, host, () => done(true));
				});
				if (isListening) canaries.push(server);
				else console.log(`no canary on ${host} port ${port}`);
			}
	});
	afterAll(() => canaries.forEach((server) => server.close()));

	test(`asked for directly, 0 connections (seed ${seed})`, async () => {
		const urls = hostile();
		expect(urls.length).toBeGreaterThan(1_000);
		for (const url of urls) expect((await failure(get(url, { fetch }))).id).toBe('fetch/url-not-allowed');
		expect(touched).toBe(0);
	});

	test.each([301, 302, 303, 307, 308])('behind a %s, on any hop, 0 connections', async (status) => {
		for (const [index, target] of hostile()
			.filter((_, place) => place % 19 === status % 19)
			.entries()) {
			const hop = index % 4;
			const hops = Object.fromEntries(
				Array.from({ length: hop + 1 }, (_, at) => [
					`https://a${at}.example.com/`,
					at === hop ? target : `https://a${at + 1}.example.com/`
				])
			);
			const server = redirecting(hops, status);
			// A few spellings (`https:/host/`) are relative when they come from an https page: those stay where they are.
			await get('https://a0.example.com/', server).catch((error: AppError) => {
				expect(['fetch/url-not-allowed', 'fetch/failed', 'fetch/too-many-redirects']).toContain(error.id);
			});
			expect(
				server.asked.every((request) => /^https:\/\/a\d\.example\.com\//.test(request.url)),
				target
			).toBe(true);
		}
		expect(touched).toBe(0);
	});

	test('a name that resolves to anything private is not contacted', async () => {
		for (const addresses of [['127.0.0.1'], ['8.8.8.8', '10.0.0.1'], ['::1'], ['8.8.8.8', 'fd00::1']]) {
			const server = redirecting({});
			const error = await failure(
				get('https://rebind.example.com/', { ...server, resolve: () => Promise.resolve(addresses) })
			);
			expect(error.data).toEqual({ code: 'private-address' });
			expect(server.asked).toHaveLength(0);
		}
	});

	test('a resolver that fails or knows nothing closes the door', async () => {
		const server = redirecting({});
		expect(
			(
				await failure(
					get('https://a.example.com/', { ...server, resolve: () => Promise.reject(new Error('down')) })
				)
			).id
		).toBe('fetch/failed');
		expect(
			(await failure(get('https://a.example.com/', { ...server, resolve: () => Promise.resolve([]) }))).id
		).toBe('fetch/failed');
		expect(server.asked).toHaveLength(0);
	});
});

describe('hops and headers', () => {
	test('five redirects are followed, a sixth is not', async () => {
		const chain = (length: number) =>
			Object.fromEntries(Array.from({ length }, (_, at) => [`https://e.example.com/${at}`, `/${at + 1}`]));
		expect((await get('https://e.example.com/0', redirecting(chain(5)))).url).toBe('https://e.example.com/5');
		expect((await failure(get('https://e.example.com/0', redirecting(chain(6))))).id).toBe(
			'fetch/too-many-redirects'
		);
	});

	test('https never becomes http', async () => {
		const error = await failure(
			get('https://e.example.com/', redirecting({ 'https://e.example.com/': 'http://e.example.com/' }))
		);
		expect(error.data).toEqual({ code: 'scheme' });
	});

	test('credentials stop at the first other origin, for good', async () => {
		const server = redirecting({
			'https://a.example.com/': 'https://b.example.com/',
			'https://b.example.com/': 'https://a.example.com/x'
		});
		await get('https://a.example.com/', server, {
			authorization: 'Bearer s',
			'x-api-key': 's',
			'x-secret': 's',
			accept: 'text/html',
			cookie: 'a=b',
			host: 'evil'
		});
		const names = server.asked.map((request) => [...request.headers.keys()].sort());
		expect(names[0]).toEqual(['accept', 'authorization', 'x-api-key', 'x-secret', 'x-wherry-hop']);
		expect(names[1]).toEqual(['accept', 'x-wherry-hop']);
		expect(names[2]).toEqual(['accept', 'x-wherry-hop']);
	});
});

describe('a redirect, however it is written', () => {
	const from = 'https://a.example.com/dir/page';
	const secrets = { authorization: 'Bearer s', 'x-api-key': 's' };

	test('carries headers on if and only if what is asked next is of the same origin', async () => {
		const ends = new Set<string>();
		for (const host of ['evil.example', 'a.example.com', 'a.example.com:8443', 'evil.example:8443'])
			for (const location of locations(host)) {
				const meant = new URL(location, from);
				const server = redirecting({ [from]: location });
				// `host:8443/x` alone is an address of the scheme `host`.
				if (meant.protocol !== 'https:') {
					expect((await failure(get(from, server, secrets))).data).toEqual({ code: 'scheme' });
					continue;
				}
				await get(from, server, secrets);
				const [, next] = server.asked;
				expect(next?.url, location).toBe(meant.href);
				const origin = new URL(next?.url ?? '').origin;
				ends.add(origin);
				expect(next?.headers.has('authorization'), location).toBe(origin === 'https://a.example.com');
				expect(next?.headers.has('x-api-key'), location).toBe(origin === 'https://a.example.com');
			}
		expect(ends.size).toBe(4);
	});

	test.each(['', ':', 'u', 'u:p'])('with %j before an @ is refused as if it were typed', async (user) => {
		for (const location of locations(`${user}@example.com`)) {
			const server = redirecting({ [from]: location });
			const isWhole = /[\\/]{2}/.test(location.replaceAll('\t', ''));
			if (!isWhole) continue;
			expect((await failure(get(from, server, secrets))).data, location).toEqual({ code: 'userinfo' });
			expect(server.asked).toHaveLength(1);
		}
	});

	test('may have an @ in its path', async () => {
		for (const location of ['/@me', '/user:me@example.com', '@me', '?to=https://me@example.com/', './a@b'])
			expect((await get(from, redirecting({ [from]: location }))).url).toBe(new URL(location, from).href);
	});
});

describe('the answer is data', () => {
	test('capped after decompression: announced or not', async () => {
		const big = () => new Response(new Uint8Array(2_000));
		const limits = { bytes: 1_000 };
		const announced = () => Promise.resolve(new Response('x', { headers: { 'content-length': '2000' } }));
		expect((await failure(get('https://e.example.com/', { fetch: announced, limits }))).id).toBe(
			'fetch/too-large'
		);
		const { response } = await get('https://e.example.com/', { fetch: () => Promise.resolve(big()), limits });
		expect((await failure(response.arrayBuffer())).id).toBe('fetch/too-large');
	});

	test('too late for the headers is a timeout', async () => {
		const never = (request: Request) =>
			new Promise<Response>((_, reject) =>
				request.signal.addEventListener('abort', () => reject(request.signal.reason))
			);
		expect(
			(await failure(get('https://e.example.com/', { fetch: never, limits: { msToHeaders: 20 } }))).id
		).toBe('fetch/timeout');
		expect((await failure(get('https://e.example.com/', { fetch: never, limits: { msTotal: 20 } }))).id).toBe(
			'fetch/timeout'
		);
	});

	test('nothing in it runs, sets or redirects anything', async () => {
		const headers = {
			'content-type': 'text/html',
			'set-cookie': 'a=b',
			'clear-site-data': '*',
			refresh: '0',
			link: '<x>',
			'content-security-policy': 'default-src *',
			'content-encoding': 'gzip'
		};
		const { response } = await get('https://e.example.com/', {
			fetch: () => Promise.resolve(new Response('<script>', { status: 404, headers }))
		});
		expect(Object.fromEntries(response.headers)).toEqual({
			'content-type': 'text/html',
			'content-security-policy': expect.stringContaining('sandbox'),
			'content-disposition': 'attachment',
			'x-wherry-status': '404',
			'cache-control': 'no-store'
		});
	});
});
