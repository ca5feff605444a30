import { describe, expect, inject, test } from 'vitest';
import { readAccess } from '../../src/lib/edge/home/access';
import { relay as provider } from '../../src/lib/edge/relay.server';
import { toBase64Url } from '../../src/lib/wire/device';
import { relayProviders } from '../../src/lib/wire/providers';
import { newRelay } from './relay-owner';

const upstream = inject('upstream');
const text = new TextEncoder();
const part = (value: unknown): string => toBase64Url(text.encode(JSON.stringify(value)));

/** A team of this test: its keys, and what answers for `/cdn-cgi/access/certs`. */
async function team(domain: string) {
	const pair = await crypto.subtle.generateKey(
		{
			name: 'RSASSA-PKCS1-v1_5',
			modulusLength: 2048,
			publicExponent: new Uint8Array([1, 0, 1]),
			hash: 'SHA-256'
		},
		true,
		['sign', 'verify']
	);
	if (!('privateKey' in pair)) throw new Error('no pair');
	const jwk = await crypto.subtle.exportKey('jwk', pair.publicKey);
	const asked: string[] = [];
	return {
		env: { CF_ACCESS_TEAM_DOMAIN: domain, CF_ACCESS_AUD: 'aud-1' },
		asked,
		send: (request: Request) => {
			asked.push(request.url);
			return Promise.resolve(Response.json({ keys: [{ ...jwk, kid: 'k1' }], public_certs: [] }));
		},
		async assertion(change: object = {}, head: object = {}) {
			const now = Math.floor(Date.now() / 1000);
			const claims = {
				iss: `https://${domain}`,
				aud: ['aud-1'],
				exp: now + 300,
				nbf: now - 5,
				sub: 's',
				email: 'ann@example.com',
				...change
			};
			const signed = `${part({ alg: 'RS256', kid: 'k1', ...head })}.${part(claims)}`;
			const mac = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', pair.privateKey, text.encode(signed));
			return `${signed}.${toBase64Url(new Uint8Array(mac))}`;
		}
	};
}
const headers = (assertion: string) => new Headers({ 'cf-access-jwt-assertion': assertion });

describe('OT-102 Cloudflare Access', () => {
	test('lets in whom the team’s keys vouch for, and asks for the keys once', async () => {
		const one = await team('one.cloudflareaccess.com');
		for (let i = 0; i < 3; i++)
			expect(await readAccess(one.env, headers(await one.assertion()), one.send)).toBe('ann@example.com');
		expect(one.asked).toEqual(['https://one.cloudflareaccess.com/cdn-cgi/access/certs']);
		expect(await readAccess({}, headers(await one.assertion()), one.send)).toBeUndefined();
		expect(await readAccess(one.env, new Headers(), one.send)).toBeUndefined();
	});

	test('refuses what is over, not yet, for another application, of another team, unsigned or altered', async () => {
		const two = await team('two.cloudflareaccess.com');
		const other = await team('two.cloudflareaccess.com');
		const now = Math.floor(Date.now() / 1000);
		const good = await two.assertion();
		const [head = '', body = '', mac = ''] = good.split('.');
		const wrong = [
			await two.assertion({ exp: now - 120 }),
			await two.assertion({ nbf: now + 120 }),
			await two.assertion({ aud: ['aud-2'] }),
			await two.assertion({ iss: 'https://one.cloudflareaccess.com' }),
			await two.assertion({}, { kid: 'k2' }),
			await two.assertion({}, { alg: 'none' }),
			await other.assertion(),
			`${head}.${part({ aud: ['aud-1'] })}.${mac}`,
			`${head}.${body}.`,
			'nonsense'
		];
		expect(await readAccess(two.env, headers(good), two.send)).toBe('ann@example.com');
		for (const assertion of wrong)
			await expect(readAccess(two.env, headers(assertion), two.send)).rejects.toMatchObject({
				id: 'relay/not-authorized'
			});
	});

	test('configured, it closes an unclaimed relay to everybody else', async () => {
		const three = await team('three.cloudflareaccess.com');
		// The keys are known from here on: the relay itself asks the real network.
		await readAccess(three.env, headers(await three.assertion()), three.send);
		const env = {
			...newRelay(),
			...three.env,
			RATE_LIMIT: { limit: () => Promise.resolve({ success: true }) },
			RELAY_UPSTREAMS: JSON.stringify(
				Object.fromEntries(Object.keys(relayProviders).map((id) => [id, upstream]))
			)
		};
		const use = (extra: Record<string, string>) =>
			provider(
				new Request('https://relay.example.net/api/relay/openai/v1/models', {
					headers: { authorization: 'Bearer mine', ...extra }
				}),
				env,
				{ log: () => {} }
			);
		expect((await use({ 'cf-access-jwt-assertion': await three.assertion() })).status).toBe(200);
		expect((await use({})).status).toBe(401);
		expect((await use({ 'cf-access-jwt-assertion': await three.assertion({ aud: 'x' }) })).status).toBe(401);
	});
});
