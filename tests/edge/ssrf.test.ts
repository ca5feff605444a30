/**
 * The guard inside miniflare's workerd, whose network lets private addresses through: here it stands alone.
 * What a bare workerd adds is in `tests/faults/outside.test.ts`.
 */

import { describe, expect, inject, test } from 'vitest';
import { fetchForCaller } from '../../src/lib/edge/fetch.server';
import { sampled, seeded } from '../../src/lib/edge/ssrf-urls.fixture';

const upstream = inject('upstream');
const seed = inject('seed');
const own = { 'content-type': 'application/json', 'x-wherry': '1', 'cf-connecting-ip': '127.0.0.1' };

/** Redirects come from `hops.example.com`, and a name that is rebound goes where it says: everything else is really asked. */
function send(request: Request): Promise<Response> {
	const url = new URL(request.url);
	if (url.hostname !== 'hops.example.com') return fetch(request);
	// A header is bytes: what is not ASCII travels percent-encoded, and means the same host.
	const to = url.searchParams.get('to') ?? '';
	const headers = { location: to.replaceAll(/[\u0080-\uffff]/g, encodeURIComponent) };
	return Promise.resolve(new Response(null, { status: Number(url.searchParams.get('status')), headers }));
}

async function read(url: string, env: object = {}, ask = send): Promise<string> {
	const body = JSON.stringify({ url });
	const request = new Request('http://localhost:8787/api/fetch', { method: 'POST', headers: own, body });
	const response = await fetchForCaller(request, env, { log: () => {}, fetch: ask });
	await response.text();
	return response.headers.get('x-wherry-error') ?? 'passed';
}
const touched = async (): Promise<string> => (await fetch(`${upstream}/_/canaries`)).text();

describe(`A17 in miniflare nothing on this machine is ever contacted (seed ${String(seed)})`, () => {
	test('a thousand addresses, asked for directly and behind redirects of every kind', async () => {
		const passed: string[] = [];
		for (const [at, url] of sampled(seeded(seed), 1000).entries()) {
			const status = [301, 302, 303, 307, 308][at % 5];
			let chain = url;
			for (let hop = 0; hop <= at % 3; hop++)
				chain = `https://hops.example.com/?status=${String(status)}&to=${encodeURIComponent(chain)}`;
			for (const asked of [url, chain]) if ((await read(asked)) === 'passed') passed.push(asked);
		}
		expect(passed).toEqual([]);
		expect(await touched()).toBe('0');
	});

	test('a name that a resolver gives a private address at any hop, once or among others, is not contacted', async () => {
		const lies = [
			['127.0.0.1'],
			['93.184.215.14', '127.0.0.1'],
			['::1'],
			['::ffff:127.0.0.1'],
			['fd00::1'],
			[]
		];
		for (const lie of lies) {
			let lookups = 0;
			const asked: string[] = [];
			const ask = (request: Request): Promise<Response> => {
				const url = new URL(request.url);
				if (url.hostname !== 'dns.example.com') {
					asked.push(url.hostname);
					const location = 'https://rebound.example.com/again';
					return Promise.resolve(new Response(null, { status: 302, headers: { location } }));
				}
				// Public when it is looked up for the first hop, this machine for the second.
				lookups += 1;
				const data = lookups <= 2 ? ['93.184.215.14'] : lie;
				const Answer = data.map((one) => ({ type: one.includes(':') ? 28 : 1, data: one }));
				return Promise.resolve(Response.json({ Answer }));
			};
			const env = { FETCH_DOH: 'https://dns.example.com/query' };
			expect(await read('https://rebound.example.com/', env, ask)).toMatch(/^fetch\//);
			expect(asked).toEqual(['rebound.example.com']);
		}
		expect(await touched()).toBe('0');
	});
});
