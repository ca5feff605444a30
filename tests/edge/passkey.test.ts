/** A relay that asks its owner's passkey before anything is changed (C7). */

import { describe, expect, test } from 'vitest';
import { passkeyHeader } from '../../src/lib/wire/passkey';
import { hashBody, type Signer } from '../../src/lib/wire/proof';
import { defaultRules } from '../../src/lib/wire/relay';
import { newAuthenticator, type Authenticator, type Deviation } from './authenticator';
import { ask, newDevice, origin, ownedRelay, say } from './relay-owner';

const host = new URL(origin).hostname;

async function world() {
	const owned = await ownedRelay();
	const authenticator = await newAuthenticator(host);
	const { relay, owner } = owned;
	const body = authenticator.request;
	const added = await ask(relay, '/api/passkeys', { device: owner, method: 'PUT', body });
	expect(added.status).toBe(200);
	return { ...owned, authenticator };
}
type World = Awaited<ReturnType<typeof world>>;

interface Change {
	readonly method: string;
	readonly path: string;
	readonly body?: unknown;
}
async function confirmed(
	authenticator: Authenticator,
	{ method, path, body }: Change,
	deviation?: Deviation
) {
	const bodyHash = await hashBody(body === undefined ? '' : JSON.stringify(body));
	const asked = { method, target: path, bodyHash, aud: origin };
	return { [passkeyHeader]: JSON.stringify(await authenticator.confirm(asked, deviation)) };
}
function change(
	{ relay }: World,
	device: Signer,
	{ path, ...rest }: Change,
	headers: Record<string, string> = {}
) {
	return ask(relay, path, { device, ...rest, headers });
}
const rules: Change = {
	method: 'PUT',
	path: '/api/admission',
	body: { ...defaultRules, admission: 'closed' }
};

describe('a passkey, beside the signature', () => {
	test('every change wants one once there is one; reading and revoking do not', async () => {
		const here = await world();
		const { owner, authenticator } = here;
		const device = { key: (await newDevice()).publicKey, name: 'New', scopes: ['admin'] };
		const changes: Change[] = [
			{ method: 'POST', path: '/api/devices', body: device },
			{ method: 'POST', path: '/api/invites' },
			{ method: 'PUT', path: '/api/secrets', body: { provider: 'openai', key: 'sk-12345678' } },
			{ method: 'DELETE', path: '/api/secrets?provider=openai' },
			{ method: 'PUT', path: '/api/passkeys', body: (await newAuthenticator(host)).request },
			{ method: 'DELETE', path: '/api/passkeys?id=nothing' },
			rules
		];
		for (const one of changes) {
			const bare = await say(await change(here, owner, one));
			expect(bare.error, one.path).toMatchObject({
				id: 'relay/not-authorized',
				data: { code: 'passkey', ids: [authenticator.request.id] }
			});
		}
		const once = { 'idempotency-key': 'once-and-only' };
		expect((await change(here, owner, { method: 'POST', path: '/api/invites' }, once)).status).toBe(401);
		for (const one of changes) {
			const { status } = await change(here, owner, one, await confirmed(authenticator, one));
			expect(status, one.path).toBe(200);
		}
		for (const path of ['/api/devices', '/api/secrets', '/api/admission', '/api/passkeys', '/api/metrics'])
			expect((await change(here, owner, { method: 'GET', path })).status, path).toBe(200);
		const revoke = { method: 'DELETE', path: `/api/devices?kid=${here.guest.publicKey.kid}` };
		expect((await change(here, owner, revoke)).status).toBe(200);
	});

	test('it is good for this very request, once, and never without the device', async () => {
		const here = await world();
		const { owner, guest, authenticator } = here;
		const headers = await confirmed(authenticator, rules);
		expect((await change(here, guest, rules, headers)).status).toBe(403);
		expect((await ask(here.relay, rules.path, { method: 'PUT', body: rules.body, headers })).status).toBe(
			401
		);
		const other = { ...rules, body: { ...defaultRules, admission: 'open' } };
		expect((await change(here, owner, other, headers)).status).toBe(401);
		expect((await change(here, owner, rules, headers)).status).toBe(200);
		expect((await change(here, owner, rules, headers)).status).toBe(401);
	});

	const wrong: readonly (readonly [string, Deviation])[] = [
		['who was there but was not verified', { flags: 0x01 }],
		['who was not there', { flags: 0x04 }],
		['another host', { host: 'evil.example' }],
		['another origin', { origin: 'https://evil.example' }],
		['a frame of somebody else', { crossOrigin: true }],
		['what is no assertion', { type: 'webauthn.create' }],
		['ten minutes ago', { ts: Math.floor(Date.now() / 1000) - 600 }],
		['ten minutes from now', { ts: Math.floor(Date.now() / 1000) + 600 }],
		['another method', { request: { method: 'DELETE' } }],
		['another address', { request: { target: '/api/secrets' } }],
		['another relay', { request: { aud: 'https://other.example' } }],
		['another body', { request: { bodyHash: 'x' } }],
		['an id that is not there', { id: 'nobody' }]
	];
	test.each(wrong)('it is not: %s', async (_, deviation) => {
		const here = await world();
		const { status } = await change(
			here,
			here.owner,
			rules,
			await confirmed(here.authenticator, rules, deviation)
		);
		expect(status).toBe(401);
	});

	test('nor another key’s under its id, nor what cannot be read', async () => {
		const here = await world();
		const { id } = here.authenticator.request;
		const forger = await newAuthenticator(host);
		expect((await change(here, here.owner, rules, await confirmed(forger, rules, { id }))).status).toBe(401);
		const good = JSON.parse((await confirmed(here.authenticator, rules))[passkeyHeader] ?? '');
		for (const bad of ['', 'x', '{}', JSON.stringify({ ...good, signature: 'MAYCAQECAQE' })])
			expect((await change(here, here.owner, rules, { [passkeyHeader]: bad })).status).toBe(401);
	});

	test('one that verifies nobody is not taken: it would lock its owner out', async () => {
		const { relay, owner } = await ownedRelay();
		const { request } = await newAuthenticator('evil.example');
		const answer = await ask(relay, '/api/passkeys', { device: owner, method: 'PUT', body: request });
		expect(answer.status).toBe(400);
		const odd = { ...(await newAuthenticator(host)).request, key: 'AAAA' };
		expect((await ask(relay, '/api/passkeys', { device: owner, method: 'PUT', body: odd })).status).toBe(400);
	});
});
