import { describe, expect, inject, test } from 'vitest';
import type { EdgeEnv } from '../../src/lib/edge/env';
import { fetchForCaller } from '../../src/lib/edge/fetch.server';
import { readCaller } from '../../src/lib/edge/caller';
import { readHealth } from '../../src/lib/edge/health.server';
import { relay as provider } from '../../src/lib/edge/relay.server';
import { authorizationHeader, type Signer } from '../../src/lib/wire/proof';
import { relayProviders } from '../../src/lib/wire/providers';
import {
	ask,
	claim,
	newDevice,
	newRelay,
	origin,
	ownedRelay,
	proofFor,
	requestFor,
	say,
	tokenOf
} from './relay-owner';
import type { Seen } from './upstream';

const upstream = inject('upstream');
const upstreams = JSON.stringify(Object.fromEntries(Object.keys(relayProviders).map((id) => [id, upstream])));

const unlimited = { limit: () => Promise.resolve({ success: true }) };

async function use(
	relay: EdgeEnv,
	headers: Record<string, string> = {},
	{ host = origin, address = '203.0.113.9', path = 'openai/v1/responses', body = '{}' } = {}
): Promise<Response> {
	const request = new Request(`${host}/api/relay/${path}`, {
		method: 'POST',
		body,
		headers: { 'cf-connecting-ip': address, 'sec-fetch-mode': 'cors', ...headers }
	});
	return provider(
		request,
		{ ...relay, RELAY_UPSTREAMS: upstreams, RATE_LIMIT: unlimited },
		{ log: () => {} }
	);
}
const as = async (relay: EdgeEnv, device: Signer) => ({
	[authorizationHeader]: `Bearer ${await tokenOf(relay, device)}`
});
const health = (relay: EdgeEnv) => {
	const request = new Request(`${origin}/api/health`);
	return readHealth(relay, readCaller(request, new URL(request.url), relay));
};

describe('A25 claiming a relay', () => {
	test('of a hundred who claim at once, one wins', async () => {
		const relay = newRelay();
		const devices = await Promise.all(Array.from({ length: 100 }, () => newDevice()));
		const answers = await Promise.all(
			devices.map((device, i) => claim(relay, device, undefined, `203.0.113.${i}`))
		);
		const winners = devices.filter((_, i) => answers[i]?.ok === true);
		expect(winners).toHaveLength(1);
		expect(answers.filter(({ status }) => status === 409)).toHaveLength(99);
		const [winner] = winners;
		const { data } = await say(
			await ask(relay, '/api/devices', winner === undefined ? {} : { device: winner })
		);
		expect(data).toMatchObject([{ kid: winner?.publicKey.kid, name: 'Laptop', isRevoked: false }]);
	});

	test('a wrong code opens nothing, and guessing is slow', async () => {
		const relay = newRelay();
		const device = await newDevice();
		const ids = [];
		for (let i = 0; i < 7; i++) ids.push((await say(await claim(relay, device, `guess-${i}`))).error?.id);
		expect(ids).toEqual([
			...Array<string>(5).fill('relay/wrong-code'),
			'relay/rate-limited',
			'relay/rate-limited'
		]);
		expect(await health(relay)).toMatchObject({ claimed: false, closed: false });
	});

	test('nobody claims with a key that is not theirs', async () => {
		const relay = newRelay();
		const [device, other] = [await newDevice(), await newDevice()];
		const body = { code: 'the-code-of-the-tests', name: 'x', key: other.publicKey };
		expect((await ask(relay, '/api/claim', { device, method: 'POST', body })).status).toBe(401);
		const mixed = { ...body, key: { ...other.publicKey, kid: device.publicKey.kid } };
		expect((await ask(relay, '/api/claim', { device, method: 'POST', body: mixed })).status).toBe(400);
	});

	test('a claim closes the relay where it was made at once, and elsewhere within five seconds', async () => {
		const relay = newRelay();
		const elsewhere = { ...relay, HOME: { getByName: (name: string) => relay.HOME.getByName(name) } };
		const own = { authorization: 'Bearer k' };
		expect((await use(relay, own)).status).toBe(200);
		expect((await use(elsewhere, own)).status).toBe(200);
		const owner = await newDevice();
		const at = Date.now();
		expect((await claim(relay, owner)).status).toBe(200);
		expect((await use(relay, own)).status).toBe(401);
		expect(Date.now() - at).toBeLessThan(1000);
		let late = 0;
		while ((await use(elsewhere, own)).status === 200) {
			await new Promise((done) => setTimeout(done, 100));
			late = Date.now() - at;
		}
		expect(late).toBeLessThan(5000);
	});
});

test('A25 an unclaimed relay asks its home once in seconds, not once a request', async () => {
	const relay = newRelay();
	let asked = 0;
	const HOME = {
		getByName: (name: string) => {
			asked += 1;
			return relay.HOME.getByName(name);
		}
	};
	for (let i = 0; i < 200; i++)
		expect((await use({ ...relay, HOME }, { authorization: 'Bearer k' })).status).toBe(200);
	expect(asked).toBeLessThanOrEqual(2);
});

describe('A25 keys that the relay holds', () => {
	test('serve its devices from anywhere, and nobody else, not even at this machine', async () => {
		const { relay, owner } = await ownedRelay();
		const body = { provider: 'openai', key: 'sk-kept-by-the-relay' };
		expect((await ask(relay, '/api/secrets', { device: owner, method: 'PUT', body })).status).toBe(200);
		const listed = await (await ask(relay, '/api/secrets', { device: owner })).text();
		expect(listed).toContain('"providers":["openai"]');
		expect(listed).not.toContain('sk-kept');
		const seen: Seen = await (await use(relay, await as(relay, owner))).json();
		expect(seen.headers.authorization).toBe('Bearer sk-kept-by-the-relay');
		expect(Object.keys(seen.headers).filter((name) => name.startsWith('x-wherry'))).toEqual([]);
		const local = { host: 'http://localhost:8787', address: '127.0.0.1' };
		for (const answer of [await use(relay), await use(relay, {}, local)]) {
			expect(answer.status).toBe(401);
			expect(answer.headers.get('x-wherry-error')).toBe('relay/not-authorized');
			expect(await answer.text()).toContain('has an owner');
		}
		const path = '/api/secrets?provider=openai';
		expect((await ask(relay, path, { device: owner, method: 'DELETE' })).status).toBe(200);
		const after: Seen = await (await use(relay, await as(relay, owner))).json();
		expect(after.headers.authorization).toBeUndefined();
	});

	test('are not kept by a Worker that has nothing to seal them with, nor read with another secret', async () => {
		const { createKeySeal } = await import('../../src/lib/edge/home/seal-key');
		expect(createKeySeal(undefined)).toBeUndefined();
		expect(createKeySeal('short')).toBeUndefined();
		const one = createKeySeal('a'.repeat(32));
		const sealed = (await one?.seal('openai', 'sk-secret')) ?? new Uint8Array();
		expect(new TextDecoder('latin1').decode(sealed)).not.toContain('secret');
		expect(await one?.open('openai', sealed)).toBe('sk-secret');
		expect(await one?.open('groq', sealed)).toBeUndefined();
		expect(await createKeySeal('b'.repeat(32))?.open('openai', sealed)).toBeUndefined();
	});

	test('are spent to the day’s cap of a home and refused before it is passed', async () => {
		const { relay, owner, guest } = await ownedRelay();
		const rules = {
			admission: 'invite',
			tokensPerDay: 3000,
			microDollarsPerDay: null,
			billing: 'keys',
			alertWebhook: null
		};
		const key = { provider: 'openai', key: 'sk-kept-by-the-relay' };
		await ask(relay, '/api/secrets', { device: owner, method: 'PUT', body: key });
		expect((await ask(relay, '/api/admission', { device: owner, method: 'PUT', body: rules })).status).toBe(
			200
		);
		const body = JSON.stringify({ model: 'gpt-5', max_output_tokens: 1200 });
		const [own, other] = [await as(relay, owner), await as(relay, guest)];
		const statuses = [];
		for (let i = 0; i < 4; i++) statuses.push((await use(relay, own, { body })).status);
		expect(statuses).toEqual([200, 200, 402, 402]);
		expect((await use(relay, other, { body })).status).toBe(200);
		// With a key of one's own there is nothing to cap.
		expect((await use(relay, { ...own, authorization: 'Bearer mine' }, { body })).status).toBe(200);
		const { data } = await say(await ask(relay, '/api/metrics', { device: owner }));
		expect(JSON.stringify(data)).toContain('"relay.ok"');
	});

	test('or one AI Gateway for all, with no key and who asked in at most five entries', async () => {
		const { relay, owner } = await ownedRelay();
		const rules = {
			admission: 'invite',
			tokensPerDay: null,
			microDollarsPerDay: null,
			billing: 'gateway',
			alertWebhook: null
		};
		await ask(relay, '/api/admission', { device: owner, method: 'PUT', body: rules });
		const gateway = { ...relay, AI_GATEWAY_ACCOUNT: 'acc', AI_GATEWAY_ID: 'gw', AI_GATEWAY_TOKEN: 'aig' };
		const seen: Seen = await (await use(gateway, await as(relay, owner))).json();
		expect(seen.url).toBe('/v1/acc/gw/openai/responses');
		expect(seen.headers['cf-aig-authorization']).toBe('Bearer aig');
		expect(seen.headers.authorization).toBeUndefined();
		const metadata: unknown = JSON.parse(seen.headers['cf-aig-metadata'] ?? '');
		expect(metadata).toMatchObject({ device: owner.publicKey.kid });
		const given = JSON.stringify({ a: 1, b: 2, c: 3, d: 4, e: 5, home: 'forged' });
		const compat: Seen = await (
			await use(
				gateway,
				{ ...(await as(relay, owner)), 'cf-aig-metadata': given },
				{ path: 'ai-gateway/compat/chat/completions' }
			)
		).json();
		const entries: Record<string, unknown> = JSON.parse(compat.headers['cf-aig-metadata'] ?? '');
		expect(Object.keys(entries)).toEqual(['home', 'device', 'a', 'b', 'c']);
		expect(entries.home).not.toBe('forged');
	});
});

describe('A25 who may pass', () => {
	test('strangers with keys of their own pass where the owner opened the relay, and only there', async () => {
		const { relay, owner } = await ownedRelay();
		const rules = { tokensPerDay: null, microDollarsPerDay: null, billing: 'keys', alertWebhook: null };
		const statuses = [];
		for (const admission of ['open', 'invite', 'closed']) {
			const body = { ...rules, admission };
			await ask(relay, '/api/admission', { device: owner, method: 'PUT', body });
			statuses.push((await use(relay, { authorization: 'Bearer mine' })).status, (await use(relay)).status);
		}
		expect(statuses).toEqual([200, 401, 401, 401, 401, 401]);
		expect((await ask(relay, '/api/invites', { device: owner, method: 'POST' })).status).toBe(400);
	});

	test('RELAY_REQUIRE_AUTH closes an unclaimed relay', async () => {
		const relay = { ...newRelay(), RELAY_REQUIRE_AUTH: '1' };
		expect((await use(relay, { authorization: 'Bearer mine' })).status).toBe(401);
		expect(await health(relay)).toMatchObject({ claimed: false, closed: true });
		expect((await claim(relay, await newDevice())).status).toBe(200);
	});

	test('a revoked device is out at once, with its token too; the last owner cannot be', async () => {
		const { relay, owner, guest } = await ownedRelay();
		const token = await as(relay, guest);
		expect((await use(relay, { ...token, authorization: 'Bearer mine' })).status).toBe(200);
		const path = `/api/devices?kid=${guest.publicKey.kid}`;
		expect((await ask(relay, path, { device: owner, method: 'DELETE' })).status).toBe(200);
		expect((await use(relay, { ...token, authorization: 'Bearer mine' })).status).toBe(401);
		expect((await ask(relay, '/api/devices', { device: guest })).status).toBe(401);
		const own = `/api/devices?kid=${owner.publicKey.kid}`;
		expect((await ask(relay, own, { device: owner, method: 'DELETE' })).status).toBe(400);
	});

	test('an invitation is good once', async () => {
		const { relay, owner } = await ownedRelay();
		const { data } = await say(await ask(relay, '/api/invites', { device: owner, method: 'POST' }));
		const invite = typeof data === 'object' && data !== null && 'code' in data ? data.code : '';
		const devices = await Promise.all(Array.from({ length: 20 }, () => newDevice()));
		const answers = await Promise.all(
			devices.map((device, i) =>
				ask(relay, '/api/devices', {
					device,
					method: 'POST',
					body: { key: device.publicKey, name: 'x', invite },
					address: `198.51.100.${i}`
				})
			)
		);
		expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
	});

	test('POST /api/fetch serves its devices any public page, strangers none', async () => {
		const { relay, guest } = await ownedRelay();
		const asking = { method: 'POST', body: { url: 'https://unlisted.example.com/' } };
		const page = () => Promise.resolve(new Response('page'));
		const options = { log: () => {}, fetch: page };
		const off = { ...relay, FETCH_DOH: 'off' };
		const member = await requestFor('/api/fetch', { ...asking, device: guest });
		expect((await fetchForCaller(member, off, options)).status).toBe(200);
		const stranger = await requestFor('/api/fetch', {
			...asking,
			body: { url: 'https://en.wikipedia.org/' }
		});
		expect((await fetchForCaller(stranger, { ...off, RATE_LIMIT: unlimited }, options)).status).toBe(401);
	});
});

describe('A25 a proof', () => {
	test('is good once: of a thousand copies sent at once, one passes', async () => {
		const { relay, guest } = await ownedRelay();
		const proof = await proofFor('/api/devices', { device: guest });
		const answers = await Promise.all(
			Array.from({ length: 1000 }, (_, i) =>
				ask(relay, '/api/devices', {
					headers: { [authorizationHeader]: proof },
					address: `2001:db8:0:${i.toString(16)}::1`
				})
			)
		);
		expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
		expect(answers.filter(({ status }) => status === 401)).toHaveLength(999);
	});

	test.each([
		['five minutes late', () => ({ now: Date.now() - 310_000 })],
		['five minutes early', () => ({ now: Date.now() + 310_000 })],
		['for another relay', () => ({ aud: 'https://other.example' })],
		['for another path', () => ({ signed: { target: '/api/devices?x' } })],
		['for another method', () => ({ signed: { method: 'POST' } })],
		['for another body', () => ({ signed: { body: '{}' } })]
	])('that is %s proves nothing', async (_, wrong) => {
		const { relay, guest } = await ownedRelay();
		expect((await ask(relay, '/api/devices', { device: guest })).status).toBe(200);
		expect((await ask(relay, '/api/devices', { device: guest, ...wrong() })).status).toBe(401);
	});

	test('failures of one address are counted', async () => {
		const { relay, guest } = await ownedRelay();
		const statuses = [];
		for (let i = 0; i < 12; i++)
			statuses.push(
				(await ask(relay, '/api/devices', { device: guest, aud: 'x', address: '192.0.2.1' })).status
			);
		expect(statuses.slice(0, 10)).toEqual(Array<number>(10).fill(401));
		expect(statuses.slice(10)).toEqual([429, 429]);
		expect((await ask(relay, '/api/devices', { device: guest, address: '192.0.2.2' })).status).toBe(200);
	});
});
