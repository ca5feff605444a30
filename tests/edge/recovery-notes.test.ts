/** A note for recovery stays, and so it is somebody's: of a relay's own device, or for as long as somebody comes for it. */

import { env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { describe, expect, test } from 'vitest';
import { createMeetingPlace } from '../../src/lib/agent/home/meeting';
import type { EdgeEnv } from '../../src/lib/edge/env';
import { recoveryMs, recoveryNotes } from '../../src/lib/edge/meeting/meeting';
import { pair } from '../../src/lib/edge/pair.server';
import { toBase64Url } from '../../src/lib/wire/base64';
import { AppError } from '../../src/lib/wire/errors';
import { authorizationHeader, type Signer } from '../../src/lib/wire/proof';
import { ask as askRelay, newDevice, origin, ownedRelay, tokenOf } from './relay-owner';

const here: EdgeEnv = { ...env, RELAY_RATE_LIMIT: '0' };
const dayMs = 86_400_000;
const newPlace = () => toBase64Url(crypto.getRandomValues(new Uint8Array(16)));
const someAddress = () => `198.51.100.${1 + Math.floor(Math.random() * 250)}`;

interface From {
	readonly relay?: EdgeEnv;
	readonly address?: string;
	readonly device?: Signer;
	readonly at?: string;
}
async function placeOf({ relay = here, address = someAddress(), device, at = origin }: From = {}) {
	const token = device === undefined ? undefined : await tokenOf(relay, device);
	return createMeetingPlace((to, init) => {
		const request = new Request(to, init);
		request.headers.set('cf-connecting-ip', address);
		if (token !== undefined) request.headers.set(authorizationHeader, `Bearer ${token}`);
		const url = new URL(request.url);
		const [, , , place = '', slot = ''] = url.pathname.split('/');
		return pair(request, relay, { url, place, slot });
	}, at);
}
/** Days until it is forgotten; undefined where it never is. */
const daysOf = (place: string) =>
	runInDurableObject(env.MEETINGS.getByName(place), async (_, { storage }) => {
		const alarm = await storage.getAlarm();
		return alarm === null ? undefined : Math.round((alarm - Date.now()) / dayMs);
	});

describe('a note for recovery', () => {
	test('that a stranger left is forgotten when nobody has come for it in 400 days', async () => {
		const at = newPlace();
		const place = await placeOf();
		expect(await place.put(at, 'recovery', 'note')).toBe('ok');
		expect(await daysOf(at)).toBe(400);
		const object = env.MEETINGS.getByName(at);
		await runInDurableObject(object, (_, { storage }) => storage.setAlarm(Date.now() + dayMs));
		expect(await place.get(at, 'recovery')).toBe('note');
		expect(await daysOf(at)).toBe(400);
		await runInDurableObject(object, (_, { storage }) => storage.setAlarm(Date.now() + dayMs));
		expect(await place.put(at, 'recovery', 'note')).toBe('ok');
		expect(await daysOf(at)).toBe(400);
		expect(await runDurableObjectAlarm(object)).toBe(true);
		expect(await place.get(at, 'recovery')).toBeUndefined();
	});

	test('that was there before there was an end to them stays', async () => {
		const at = newPlace();
		await runInDurableObject(env.MEETINGS.getByName(at), (_, { storage }) =>
			storage.put('meeting', { startedAt: 1, notes: { recovery: 'old' } })
		);
		expect(await (await placeOf()).get(at, 'recovery')).toBe('old');
		expect(await daysOf(at)).toBeUndefined();
	});

	test('of this very machine stays for good', async () => {
		const at = newPlace();
		const place = await placeOf({ at: 'http://localhost:8787', address: '127.0.0.1' });
		expect(await place.put(at, 'recovery', 'note')).toBe('ok');
		expect(await daysOf(at)).toBeUndefined();
	});

	test('is left on a relay that somebody owns by its devices that may sync, and read by a device of nobody', async () => {
		const { relay, owner, guest } = await ownedRelay();
		const strict: EdgeEnv = { ...relay, RELAY_RATE_LIMIT: '0' };
		const at = newPlace();
		const stranger = await placeOf({ relay: strict });
		const refused: unknown = await stranger.put(at, 'recovery', 'note').catch((error: unknown) => error);
		expect(refused).toBeInstanceOf(AppError);
		expect(refused).toMatchObject({ id: 'relay/not-authorized' });
		expect(String(refused)).toContain('have this one admitted');
		// Pairing itself needs no admission.
		expect(await stranger.put(at, 'ask', 'note')).toBe('ok');
		for (const device of [owner, guest]) {
			const own = newPlace();
			expect(await (await placeOf({ relay: strict, device })).put(own, 'recovery', 'note')).toBe('ok');
			expect(await daysOf(own)).toBeUndefined();
			expect(await stranger.get(own, 'recovery')).toBe('note');
		}
		const bot = await newDevice();
		const body = { key: bot.publicKey, name: 'A bot', scopes: ['provider.use:openai'] };
		await askRelay(relay, '/api/devices', { device: owner, method: 'POST', body });
		const unable = (await placeOf({ relay: strict, device: bot })).put(newPlace(), 'recovery', 'note');
		await expect(unable).rejects.toMatchObject({ id: 'relay/scope-missing' });
	});

	test('of one address are so many; the same one again is the same', async () => {
		const address = `2001:db8:${Math.floor(Math.random() * 65_000).toString(16)}:1::`;
		const first = newPlace();
		for (let n = 0; n < recoveryNotes; n++) {
			const place = await placeOf({ address: `${address}${(n + 1).toString(16)}` });
			expect(await place.put(n === 0 ? first : newPlace(), 'recovery', 'note')).toBe('ok');
		}
		const place = await placeOf({ address: `${address}ffff` });
		expect(await place.put(first, 'recovery', 'note')).toBe('ok');
		expect(await place.put(first, 'recovery', 'another')).toBe('taken');
		const refused = place.put(newPlace(), 'recovery', 'note');
		await expect(refused).rejects.toMatchObject({ id: 'relay/limit-reached' });
		expect(await (await placeOf()).put(newPlace(), 'recovery', 'note')).toBe('ok');
		expect(recoveryMs / dayMs).toBe(400);
	});

	test('of two that are left at once the first stays', async () => {
		const at = newPlace();
		const places = await Promise.all([placeOf(), placeOf(), placeOf()]);
		const said = await Promise.all(places.map((place, n) => place.put(at, 'recovery', `note${n}`)));
		expect(said.filter((one) => one === 'ok')).toHaveLength(1);
		const note = await places[0]?.get(at, 'recovery');
		expect(note).toBe(`note${said.indexOf('ok')}`);
	});
});
