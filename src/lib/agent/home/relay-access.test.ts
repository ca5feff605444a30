import { describe, expect, test } from 'vitest';
import { parseProof, authorizationHeader, hashBody, verifyProof } from '../../wire/proof';
import { tokenLifeMs } from '../../wire/relay-token';
import { createMemoryStore } from '../storage/memory';
import { createRelayAccess } from './relay-access';

const origin = 'https://relay.example';

/** A relay that knows one device; its clock is `ahead` of the device's. */
function world(options: { ahead?: number; isRevoked?: () => boolean } = {}) {
	const store = createMemoryStore();
	let now = 1_700_000_000_000;
	let tokens = 0;
	const seen: string[] = [];
	const access = createRelayAccess({
		store,
		origin,
		ports: {
			clock: { now: () => now, sleep: () => Promise.resolve() },
			random: { float: () => 0, bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
			async fetch(to, init) {
				const request = new Request(to, init);
				const header = request.headers.get(authorizationHeader) ?? 'nothing';
				const there = now + (options.ahead ?? 0);
				const date = { date: new Date(there).toUTCString() };
				if (!request.url.endsWith('/api/token')) {
					seen.push(header);
					return new Response(header, {
						...(options.isRevoked?.() === true
							? { status: 401, headers: { 'x-wherry-error': 'relay/not-authorized' } }
							: {})
					});
				}
				const proof = parseProof(header);
				const by = await access.publicKey();
				const signed = { method: 'POST', target: '/api/token', bodyHash: await hashBody(''), aud: origin };
				const isGood = proof !== undefined && (await verifyProof(proof, by, signed, there));
				const error = { id: 'relay/not-authorized', message: 'No.', requestId: '' };
				if (!isGood || options.isRevoked?.() === true)
					return Response.json({ ok: false, error }, { status: 401, headers: date });
				tokens += 1;
				const data = { token: `t${String(tokens)}`, expiresAt: there + tokenLifeMs, scopes: [] };
				return Response.json({ ok: true, data }, { headers: date });
			}
		}
	});
	return { access, seen, tokens: () => tokens, later: (ms: number) => (now += ms) };
}

describe('a device at its relay', () => {
	test('gets one token for many requests, and a new one before that is over', async () => {
		const { access, seen, tokens, later } = world();
		const ask = () => access.fetch(`${origin}/api/relay/openai/v1/models`);
		await Promise.all([ask(), ask(), ask()]);
		expect(tokens()).toBe(1);
		later(13 * 60_000);
		await ask();
		expect(tokens()).toBe(1);
		later(2 * 60_000);
		await access.fetch(
			new Request(`${origin}/api/relay/x`, { method: 'POST', body: 'b', headers: { 'x-a': 'b' } })
		);
		expect(tokens()).toBe(2);
		expect(seen).toEqual([...Array<string>(4).fill('Bearer t1'), 'Bearer t2']);
	});

	test('is not shut out by a clock that is an hour wrong', async () => {
		const { access, tokens } = world({ ahead: 3_600_000 });
		expect(await (await access.fetch(`${origin}/api/fetch`)).text()).toBe('Bearer t1');
		expect(tokens()).toBe(1);
	});

	test('asks without a token once it is revoked, and does not ask for one each time', async () => {
		let isRevoked = false;
		const { access, seen, later } = world({ isRevoked: () => isRevoked });
		await access.fetch(`${origin}/api/fetch`);
		isRevoked = true;
		for (let i = 0; i < 3; i++) expect((await access.fetch(`${origin}/api/fetch`)).status).toBe(401);
		expect(seen).toEqual(['Bearer t1', 'Bearer t1', 'nothing', 'nothing']);
		isRevoked = false;
		later(11 * 60_000);
		expect((await access.fetch(`${origin}/api/fetch`)).status).toBe(200);
	});
});
