import { env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { describe, expect, inject, test } from 'vitest';
import * as z from 'zod/mini';
import { shareDocument } from '../../src/lib/edge/share-document.server';
import { createShare, shares, type ShareAsk } from '../../src/lib/edge/shares.server';
import { toBase64Url } from '../../src/lib/wire/base64';
import { shareLimits } from '../../src/lib/wire/share';
import { shareHeader, shareState, type NewShare } from '../../src/lib/wire/share-api';
import { joinBytes, utf8 } from '../../src/lib/wire/bytes';
import { deriveShareKeys, tokenHash } from '../../src/lib/wire/share-keys';
import { openSnapshot, sealSnapshot } from '../../src/lib/wire/share-seal';
import { authorizationHeader, type Signer } from '../../src/lib/wire/proof';
import { counterName } from '../../src/lib/edge/counter-name';
import type { EdgeEnv } from '../../src/lib/edge/env';
import { seeded } from '../contract/random';
import { ask as askRelay, newDevice, newRelay, origin, ownedRelay, tokenOf } from './relay-owner';

const here = { ...env, RELAY_RATE_LIMIT: '0' };
const random = (length: number) => {
	const bytes = new Uint8Array(length);
	// The platform gives 64 KiB at once.
	for (let at = 0; at < length; at += 65_536)
		bytes.set(crypto.getRandomValues(new Uint8Array(Math.min(65_536, length - at))), at);
	return bytes;
};

async function newShare(bytes = random(1000), title = 'A title') {
	const shareId = toBase64Url(random(16));
	const secret = random(32);
	const keys = await deriveShareKeys({ shareId, secret });
	const ownerToken = toBase64Url(random(32));
	return {
		shareId,
		secret,
		keys,
		bytes,
		ownerToken,
		readToken: keys.readToken,
		sealed: await sealSnapshot({ title, bytes }, { shareId, keys }, random),
		asked: {
			shareId,
			readHash: await tokenHash(keys.readToken),
			ownerHash: await tokenHash(ownerToken),
			days: 30
		}
	};
}
type Share = Awaited<ReturnType<typeof newShare>>;
/** Its owner's key is another's, and nobody has signed anything. */
const unsignedLive: NonNullable<NewShare['live']> = {
	ownerKey: 'k'.repeat(43),
	frame: { seq: 0, prev: '', body: 'b', sig: 's'.repeat(86) }
};

const post = (
	share: { readonly asked: NewShare; readonly sealed: Share['sealed'] },
	headers: Record<string, string> = {},
	relay: EdgeEnv = here
) =>
	createShare(
		new Request(`${relay === here ? 'http://localhost:8787' : origin}/api/shares`, {
			method: 'POST',
			body: share.sealed,
			headers: {
				'x-wherry': '1',
				'cf-connecting-ip': '127.0.0.1',
				[shareHeader]: JSON.stringify(share.asked),
				...headers
			}
		}),
		relay
	);
const ask = (id: string, what: ShareAsk['what'], token: string, environment: EdgeEnv = here) =>
	shares(
		new Request(`http://localhost:8787/api/shares/${id}`, {
			method: what === 'revoke' ? 'DELETE' : 'GET',
			headers: token === '' ? {} : { authorization: `Bearer ${token}` }
		}),
		environment,
		{ id, what }
	);
async function stateOf(share: Share) {
	const body: { data: unknown } = await (await ask(share.shareId, 'state', share.ownerToken)).json();
	return shareState.parse(body.data);
}
/** What an answer says besides the id of the request. */
async function saysOf(response: Response) {
	const text = (await response.text()).replace(response.headers.get('x-request-id') ?? '', '');
	const headers = [...response.headers].filter(([name]) => name !== 'x-request-id');
	return JSON.stringify([response.status, headers, text]);
}

describe('shares at the edge', () => {
	test('give a reader back what was sealed, over many rows, and count it', async () => {
		const share = await newShare(random(3_500_000));
		expect((await post(share)).status).toBe(200);
		const read = await ask(share.shareId, 'read', share.readToken);
		expect(read.headers.get('access-control-allow-origin')).toBe('*');
		const opened = await openSnapshot(new Uint8Array(await read.arrayBuffer()), share);
		expect(opened?.bytes.every((byte, at) => byte === share.bytes[at])).toBe(true);
		const state = await stateOf(share);
		expect(state).toMatchObject({ opens: 1, size: share.sealed.length });
		expect(Math.round((state.expiresAt - state.createdAt) / 86_400_000)).toBe(30);
	});

	test('are gone at once for everybody when revoked, and what they held too', async () => {
		const share = await newShare();
		await post(share);
		expect((await ask(share.shareId, 'revoke', share.ownerToken)).status).toBe(200);
		expect((await ask(share.shareId, 'read', share.readToken)).status).toBe(404);
		expect((await ask(share.shareId, 'state', share.ownerToken)).status).toBe(404);
		// A holder of the link cannot put something else there.
		expect((await post(share)).status).toBe(400);
		const rows = await runInDurableObject(env.SHARES.getByName(share.shareId), (_room, state) =>
			[...state.storage.sql.exec('SELECT COUNT(*) AS n FROM pieces')].map((row) => row['n'])
		);
		expect(rows).toEqual([0]);
	});

	test('missing, revoked, expired, another token and no token are one answer', async () => {
		const [living, revoked, expired] = await Promise.all([newShare(), newShare(), newShare()]);
		for (const share of [living, revoked, expired]) await post(share);
		await ask(revoked.shareId, 'revoke', revoked.ownerToken);
		await runInDurableObject(env.SHARES.getByName(expired.shareId), (_room, { storage: { sql } }) => {
			sql.exec(`UPDATE share SET meta = json_set(meta, '$.expiresAt', 1)`);
		});
		const answers = await Promise.all(
			[
				ask(toBase64Url(random(16)), 'read', living.readToken),
				ask('no id', 'read', living.readToken),
				ask(revoked.shareId, 'read', revoked.readToken),
				ask(expired.shareId, 'read', expired.readToken),
				ask(living.shareId, 'read', revoked.readToken),
				ask(living.shareId, 'read', living.ownerToken),
				ask(living.shareId, 'read', ''),
				ask(living.shareId, 'state', living.readToken),
				ask(living.shareId, 'revoke', living.readToken)
			].map(async (answer) => saysOf(await answer))
		);
		expect(new Set(answers).size).toBe(1);
		expect(answers[0]).toContain('share/not-found');
		expect((await ask(living.shareId, 'read', living.readToken)).status).toBe(200);
	});

	test('expire by themselves and leave nothing behind', async () => {
		const share = await newShare();
		await post(share);
		const room = env.SHARES.getByName(share.shareId);
		await runInDurableObject(room, (_room, { storage: { sql } }) => {
			sql.exec(`UPDATE share SET meta = json_set(meta, '$.expiresAt', 1)`);
		});
		expect(await runDurableObjectAlarm(room)).toBe(true);
		const rows = await runInDurableObject(room, (_room, { storage: { sql } }) => [
			...sql.exec('SELECT name FROM sqlite_master')
		]);
		expect(rows).toEqual([]);
		expect((await ask(share.shareId, 'read', share.readToken)).status).toBe(404);
	});

	test('can be taken down by the operator, who cannot read them', async () => {
		const share = await newShare();
		await post(share);
		const token = 'an-operators-token-of-thirty-two-characters';
		const withOperator = { ...here, SHARE_OPERATOR_TOKEN: token };
		expect((await ask(share.shareId, 'read', token, withOperator)).status).toBe(404);
		expect((await ask(share.shareId, 'revoke', token)).status).toBe(404);
		const short = { ...here, SHARE_OPERATOR_TOKEN: 'short' };
		expect((await ask(share.shareId, 'revoke', 'short', short)).status).toBe(404);
		expect((await ask(share.shareId, 'revoke', token, withOperator)).status).toBe(200);
		expect((await ask(share.shareId, 'read', share.readToken)).status).toBe(404);
	});

	test('are made by our own page alone, at most 50 of an address, 25 MiB each, with room again after a revoke', async () => {
		const one = await newShare();
		expect((await post(one, { 'x-wherry': '' })).status).toBe(403);
		expect((await post(one, { origin: 'https://evil.example' })).status).toBe(403);
		expect((await post(one, { [shareHeader]: '{"shareId":"x"}' })).status).toBe(400);
		expect((await post({ ...one, sealed: new Uint8Array() })).status).toBe(400);
		expect((await post({ ...one, sealed: new Uint8Array(shareLimits.bytes + 1) })).status).toBe(413);
		const from = { 'cf-connecting-ip': `203.0.113.${Math.floor(Math.random() * 250)}` };
		const made: Share[] = [];
		for (let n = 0; n < shareLimits.perAddress; n++) {
			const share = await newShare(random(10));
			expect((await post(share, from)).status).toBe(200);
			made.push(share);
		}
		const more = await newShare(random(10));
		expect((await post(more, from)).status).toBe(429);
		const [first] = made;
		if (first !== undefined) await ask(first.shareId, 'revoke', first.ownerToken);
		expect((await post(more, from)).status).toBe(200);
	});

	test('an address that nobody knows makes thirty an hour; what came to nothing takes no place', async () => {
		const [one, other] = [10, 130].map((from) => `198.51.100.${from + Math.floor(Math.random() * 100)}`);
		const limited = { ...env, RATE_LIMIT: { limit: () => Promise.resolve({ success: true }) } };
		const make = (share: Share, from = one ?? '') => post(share, { 'cf-connecting-ip': from }, limited);
		for (let n = 0; n < shareLimits.perHour; n++)
			expect((await make(await newShare(random(10)))).status).toBe(200);
		const refused = await make(await newShare(random(10)));
		expect(refused.headers.get('x-wherry-error')).toBe('relay/rate-limited');
		expect(refused.headers.get('retry-after')).toBe('3600');
		expect(await refused.text()).toContain('30 links an hour');
		const taken = await newShare(random(10));
		expect((await post(taken)).status).toBe(200);
		const livingOf = async () => {
			const stored = await runInDurableObject(env.SHARES.getByName(mine.shareId), (_, { storage: { sql } }) =>
				JSON.parse(String([...sql.exec('SELECT meta FROM share')][0]?.['meta']))
			);
			const { counter } = z.object({ counter: z.string() }).parse(stored);
			return runInDurableObject(
				env.SHARES.getByName(counter),
				(_, { storage: { sql } }) => [...sql.exec('SELECT share FROM living')].length
			);
		};
		const mine = await newShare(random(10));
		expect((await make(mine, other)).status).toBe(200);
		for (let n = 0; n < 3; n++) expect((await make(taken, other)).status).toBe(400);
		const unsigned = { ...mine.asked, shareId: toBase64Url(random(16)), live: unsignedLive };
		expect((await make({ ...mine, asked: unsigned }, other)).status).toBe(400);
		expect(await livingOf()).toBe(1);
		// Asked for twice, it is there once, and counts.
		expect((await make(mine, other)).status).toBe(400);
		expect(await livingOf()).toBe(1);
	});

	test('on a relay that somebody owns they are made by its devices that may, which need no address', async () => {
		const { relay, owner, guest } = await ownedRelay();
		const away = { 'cf-connecting-ip': '203.0.113.9' };
		const refused = await post(await newShare(), away, relay);
		expect(refused.headers.get('x-wherry-error')).toBe('relay/not-authorized');
		const said: unknown = await refused.json();
		expect(JSON.stringify(said)).toContain('have this one admitted');
		// Not the machine itself either.
		expect((await post(await newShare(), {}, relay)).status).toBe(401);
		const as = async (device: Signer) => ({
			...away,
			[authorizationHeader]: `Bearer ${await tokenOf(relay, device)}`
		});
		const share = await newShare();
		expect((await post(share, await as(guest), relay)).status).toBe(200);
		expect((await post(await newShare(), await as(owner), relay)).status).toBe(200);
		// Whoever has the link reads it, a stranger too.
		expect((await ask(share.shareId, 'read', share.readToken, relay)).status).toBe(200);
		const bot = await newDevice();
		const body = { key: bot.publicKey, name: 'A bot', scopes: ['provider.use:openai'] };
		await askRelay(relay, '/api/devices', { device: owner, method: 'POST', body });
		const unable = await post(await newShare(), await as(bot), relay);
		expect(unable.headers.get('x-wherry-error')).toBe('relay/scope-missing');
	});

	test('nothing in what is kept says from which address a share came, to whoever tries them all', async () => {
		const share = await newShare(random(10));
		const address = '198.51.100.250';
		expect((await post(share, { 'cf-connecting-ip': address })).status).toBe(200);
		const meta = await runInDurableObject(env.SHARES.getByName(share.shareId), (_, { storage: { sql } }) =>
			String([...sql.exec('SELECT meta FROM share')][0]?.['meta'])
		);
		expect(meta).toContain('of:');
		expect(meta).not.toContain(await tokenHash(address));
		expect(meta).not.toContain(address);
		// Another relay names the same address otherwise.
		const names = await Promise.all([newRelay(), newRelay()].map((relay) => counterName(relay, address)));
		expect(new Set(names).size).toBe(2);
	});

	test('random ones: no key, token or text in any encoding is in what the object stores', async () => {
		const source = seeded('shares', inject('seed'));
		for (let n = 0; n < 100; n++) {
			const words = Array.from({ length: 200 }, () => source.int(1e9).toString(36)).join(' ');
			const share = await newShare(utf8(words), words.slice(0, 40));
			await post(share);
			await ask(share.shareId, 'read', share.readToken);
			const stored = await runInDurableObject(
				env.SHARES.getByName(share.shareId),
				(_room, { storage: { sql } }) => {
					const parts: Uint8Array[] = [];
					for (const row of sql.exec('SELECT meta FROM share'))
						parts.push(new TextEncoder().encode(String(row['meta'])));
					for (const row of sql.exec('SELECT sealed FROM pieces'))
						if (row['sealed'] instanceof ArrayBuffer) parts.push(new Uint8Array(row['sealed']));
					return joinBytes(parts);
				}
			);
			const raw = Buffer.from(stored).toString('latin1');
			const secrets = [share.secret, ...[share.readToken, share.ownerToken].map((text) => Buffer.from(text))];
			const needles = secrets.flatMap((bytes) => [
				Buffer.from(bytes).toString('latin1'),
				Buffer.from(bytes).toString('base64').slice(0, 40),
				Buffer.from(bytes).toString('base64url').slice(0, 40),
				Buffer.from(bytes).toString('hex')
			]);
			for (let at = 0; at + 16 <= words.length; at += 16) {
				const gram = Buffer.from(words.slice(at, at + 16));
				needles.push(gram.toString(), gram.toString('hex'), gram.toString('base64').slice(0, 20));
			}
			for (const needle of needles) expect(raw.includes(needle)).toBe(false);
		}
	}, 120_000);

	test('the page of a link says the same for every link, and no search engine keeps it', async () => {
		const page = shareDocument();
		expect(page.headers.get('x-robots-tag')).toContain('noindex');
		expect(page.headers.get('content-security-policy')).toContain("connect-src 'self'");
		const text = await page.text();
		expect(text).not.toContain('og:');
		expect(text).not.toMatch(/(?:src|href)="(?!\/)/);
	});
});
