import { createExecutionContext, env, SELF } from 'cloudflare:test';
import { describe, expect, test } from 'vitest';
import { serve } from '../../src/lib/edge/front.server';

const always = [
	'x-content-type-options',
	'referrer-policy',
	'cross-origin-opener-policy',
	'cross-origin-resource-policy',
	'content-security-policy'
];

describe('A29 the Worker’s entry', () => {
	test('hands pages to SvelteKit and puts the security headers on them', async () => {
		const response = await SELF.fetch('https://wherry.example.net/s/1');
		expect(await response.text()).toBe('kit: /s/1');
		for (const name of [...always, 'strict-transport-security'])
			expect(response.headers.get(name), name).toBeTruthy();
	});

	test('answers the relay itself, provider list excepted', async () => {
		const relayed = await SELF.fetch('https://wherry.example.net/api/relay/nope/v1/');
		expect(relayed.headers.get('x-wherry-error')).toBe('relay/unknown-provider');
		for (const name of always) expect(relayed.headers.get(name), name).toBeTruthy();
		expect(await (await SELF.fetch('https://wherry.example.net/api/relay/providers')).text()).toContain(
			'kit:'
		);
	});

	test('a chunk that is missing between two deployments is not missing for a year', async () => {
		const missing = new Response(null, {
			status: 404,
			headers: {
				'cache-control': 'public, immutable, max-age=31536000',
				'cross-origin-opener-policy': 'same-origin'
			}
		});
		const response = await serve(
			new Request('http://localhost/_app/immutable/gone.js'),
			env,
			createExecutionContext(),
			() => Promise.resolve(missing)
		);
		expect(response.status).toBe(404);
		expect(response.headers.get('cache-control')).toBe('no-store');
	});

	test('an address that cannot be read leads to the page that says so', async () => {
		const response = await SELF.fetch('https://wherry.example.net/s/%E0%A4%A', { redirect: 'manual' });
		expect(response.status).toBe(307);
		expect(response.headers.get('location')).toBe('/not-found');
	});

	test('what throws inside becomes an envelope that gives nothing away', async () => {
		const response = await serve(new Request('http://localhost/'), env, createExecutionContext(), () =>
			Promise.reject(new Error('secret detail'))
		);
		expect(response.status).toBe(500);
		expect(await response.text()).not.toContain('secret detail');
	});
});
