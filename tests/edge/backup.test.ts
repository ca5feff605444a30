import { env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { describe, expect, test } from 'vitest';
import { backups } from '../../src/lib/edge/backups.server';
import { readCaller } from '../../src/lib/edge/caller';
import type { EdgeEnv } from '../../src/lib/edge/env';
import { readHealth } from '../../src/lib/edge/health.server';
import { backupLimits, keepHeader, keptBackups, readHashHeader } from '../../src/lib/wire/backup-api';
import { toBase64Url } from '../../src/lib/wire/base64';
import { authorizationHeader, type Signer } from '../../src/lib/wire/proof';
import { tokenHash } from '../../src/lib/wire/share-keys';
import { ask as askRelay, newDevice, ownedRelay, tokenOf } from './relay-owner';

const here: EdgeEnv = { ...env, RELAY_RATE_LIMIT: '0' };
const random = (length: number) => {
	const bytes = new Uint8Array(length);
	// The platform gives 64 KiB at once.
	for (let at = 0; at < length; at += 65_536)
		bytes.set(crypto.getRandomValues(new Uint8Array(Math.min(65_536, length - at))), at);
	return bytes;
};
const token = () => toBase64Url(random(32));
const newPlace = () => ({ id: toBase64Url(random(16)), read: token(), write: token() });
type Place = ReturnType<typeof newPlace>;

interface Put {
	readonly relay?: EdgeEnv;
	readonly origin?: string;
	readonly address?: string;
	readonly device?: Signer;
	readonly headers?: Record<string, string>;
}

async function put(place: Place, sealed: Uint8Array<ArrayBuffer>, how: Put = {}) {
	const { relay = here, origin = 'http://localhost:8787', address = '127.0.0.1', device } = how;
	return backups(
		new Request(`${origin}/api/backups/${place.id}`, {
			method: 'PUT',
			body: sealed,
			headers: {
				'x-wherry': '1',
				'cf-connecting-ip': address,
				'content-length': String(sealed.length),
				authorization: `Bearer ${place.write}`,
				[readHashHeader]: await tokenHash(place.read),
				...(device === undefined ? {} : { [authorizationHeader]: `Bearer ${await tokenOf(relay, device)}` }),
				...how.headers
			}
		}),
		relay,
		{ id: place.id }
	);
}

const ask = (place: Place, bearer: string, { at, method = 'GET' }: { at?: number; method?: string } = {}) =>
	backups(
		new Request(`http://localhost:8787/api/backups/${place.id}`, {
			method,
			headers: { 'x-wherry': '1', authorization: `Bearer ${bearer}` }
		}),
		here,
		{ id: place.id, ...(at === undefined ? {} : { at: String(at) }) }
	);
const errorOf = (response: Response) => response.headers.get('x-wherry-error');

async function listOf(response: Response) {
	const body: { data: unknown } = await response.json();
	return keptBackups.parse(body.data);
}

describe('backups at a relay', () => {
	test('three megabytes come back byte for byte, for the reader’s token alone', async () => {
		const place = newPlace();
		const sealed = random(3 * 1024 * 1024 + 17);
		const [kept] = await listOf(await put(place, sealed));
		expect(kept?.size).toBe(sealed.length);
		const answer = await ask(place, place.read, { at: kept?.at ?? 0 });
		expect(new Uint8Array(await answer.arrayBuffer())).toEqual(sealed);
		for (const wrong of [place.write, token()]) {
			expect((await ask(place, wrong)).status).toBe(422);
			expect(errorOf(await ask(place, wrong, { at: kept?.at ?? 0 }))).toBe('backup/unreadable');
		}
		expect(errorOf(await ask(newPlace(), place.read))).toBe('backup/unreadable');
	});

	test('the newest stays, the first of the day and one that was asked for, each whole; the bytes of the others go', async () => {
		const place = newPlace();
		const made = [random(10), random(1_500_000), random(30), random(40), random(50)];
		let keep: Record<string, string> = {};
		for (const [index, sealed] of made.entries()) {
			const answer = await put(place, sealed, { headers: keep });
			const [newest] = await listOf(answer);
			if (index === 1) keep = { [keepHeader]: String(newest?.at) };
		}
		expect(errorOf(await put(place, random(5), { headers: { [keepHeader]: 'all' } }))).toBe('input/invalid');
		const kept = await listOf(await ask(place, place.read));
		expect(kept.map(({ size }) => size)).toEqual([50, 1_500_000, 10]);
		for (const { at, size } of kept) {
			const answer = await ask(place, place.read, { at });
			expect(new Uint8Array(await answer.arrayBuffer())).toEqual(made.find(({ length }) => length === size));
		}
		await runInDurableObject(env.BACKUPS.getByName(place.id), (_, state) => {
			let rows = 0;
			for (let slot = 0; slot < 8; slot++) {
				const tables = state.storage.sql.exec('SELECT 1 FROM sqlite_master WHERE name = ?', `slot${slot}`);
				if ([...tables].length > 0) rows += [...state.storage.sql.exec(`SELECT at FROM slot${slot}`)].length;
			}
			expect(rows).toBe(4);
		});
	});

	test('an address that is taken takes nothing from another key, and one too large leaves what was there', async () => {
		const place = newPlace();
		await put(place, random(100));
		expect((await put({ ...place, write: token() }, random(5))).status).toBe(422);
		const large = await put(place, random(backupLimits.bytes + 1), { headers: { 'content-length': '5' } });
		expect(errorOf(large)).toBe('backup/failed');
		expect((await listOf(await ask(place, place.read))).map(({ size }) => size)).toEqual([100]);
		expect((await put(place, random(7))).status).toBe(200);
	});

	test('is for devices of a claimed relay, or this very machine; what is kept names neither', async () => {
		const { relay, owner } = await ownedRelay();
		const strict: EdgeEnv = { ...relay, RELAY_RATE_LIMIT: '0' };
		const away = { origin: 'https://relay.example.net', address: '203.0.113.9' };
		const place = newPlace();
		expect(errorOf(await put(place, random(9), { ...away, relay: strict }))).toBe('relay/not-authorized');
		expect((await put(place, random(9), { ...away, relay: strict, device: owner })).status).toBe(200);
		// Nobody has claimed that one.
		expect(errorOf(await put(newPlace(), random(9), away))).toBe('relay/not-authorized');
		expect((await put(newPlace(), random(9), { headers: { origin: 'https://evil.example' } })).status).toBe(
			403
		);
		await runInDurableObject(env.BACKUPS.getByName(place.id), (_, state) => {
			const [row] = state.storage.sql.exec('SELECT meta FROM box');
			expect(String(row?.['meta'])).not.toContain(owner.publicKey.kid);
			expect(String(row?.['meta'])).not.toContain(place.read);
			expect(String(row?.['meta'])).not.toContain(place.write);
		});
	});

	test('is forgotten by whoever may write, and by itself when nobody came for more than a year', async () => {
		const place = newPlace();
		await put(place, random(9));
		expect((await ask(place, place.read, { method: 'DELETE' })).status).toBe(422);
		const box = env.BACKUPS.getByName(place.id);
		// Used just now: the alarm only looks.
		expect(await runDurableObjectAlarm(box)).toBe(true);
		expect((await ask(place, place.read)).status).toBe(200);
		await runInDurableObject(box, (_, state) => {
			const [row] = state.storage.sql.exec('SELECT meta FROM box');
			const meta: object = JSON.parse(String(row?.['meta']));
			state.storage.sql.exec('UPDATE box SET meta = ?', JSON.stringify({ ...meta, usedAt: 1 }));
		});
		expect(await runDurableObjectAlarm(box)).toBe(true);
		expect((await ask(place, place.read)).status).toBe(422);
		await put(place, random(9));
		expect((await ask(place, place.write, { method: 'DELETE' })).status).toBe(200);
		expect((await ask(place, place.read)).status).toBe(422);
	});

	test('health says whether they are kept, as a backup finds it', async () => {
		const { relay, owner } = await ownedRelay();
		const { BACKUPS, ...without } = relay;
		expect(BACKUPS).toBeDefined();
		const away = { origin: 'https://relay.example.net', address: '203.0.113.9' };
		const near = { origin: 'http://localhost:8787', address: '127.0.0.1' };
		const cases: readonly [EdgeEnv, typeof away & { device?: Signer }, boolean][] = [
			[here, near, true],
			[here, away, false],
			[relay, { ...away, device: owner }, true],
			[without, { ...away, device: owner }, false]
		];
		for (const [of, how, isKept] of cases) {
			const { origin, address } = how;
			const request = new Request(`${origin}/api/health`, { headers: { 'cf-connecting-ip': address } });
			const { features } = await readHealth(of, readCaller(request, new URL(request.url), of));
			expect(features['backups']?.available).toBe(isKept);
			const answer = await put(newPlace(), random(3), { ...how, relay: { ...of, RELAY_RATE_LIMIT: '0' } });
			expect(answer.ok).toBe(isKept);
		}
	});

	test('a home’s bytes of a day have an end', async () => {
		const count = env.BACKUPS.getByName(`of:${token()}`);
		const reserve = (bytes: number) => count.fetch(`https://backup/reserve?box=a&bytes=${bytes}`);
		expect((await reserve(backupLimits.bytesPerDay - 1)).status).toBe(204);
		expect((await reserve(2)).status).toBe(402);
		expect((await reserve(1)).status).toBe(204);
	});

	test('what a home keeps has an end, of all its boxes together; what is forgotten makes room', async () => {
		const { relay, owner, guest } = await ownedRelay();
		const strict: EdgeEnv = { ...relay, RELAY_RATE_LIMIT: '0' };
		const from = (device: Signer) => ({
			relay: strict,
			origin: 'https://relay.example.net',
			address: '203.0.113.9',
			device
		});
		const [one, two] = [newPlace(), newPlace()];
		for (const size of [1000, 2000, 3000, 4000])
			expect((await put(one, random(size), from(owner))).status).toBe(200);
		expect((await put(two, random(500), from(owner))).status).toBe(200);
		const counter = await runInDurableObject(env.BACKUPS.getByName(one.id), (_, { storage }) =>
			storage.get<string>('counter')
		);
		const count = env.BACKUPS.getByName(counter ?? '');
		const held = () =>
			runInDurableObject(count, (_, { storage }) =>
				[...storage.sql.exec('SELECT bytes FROM held ORDER BY bytes')].map(({ bytes }) => bytes)
			);
		// The newest and the oldest: what stays of backups of one moment.
		expect(await held()).toEqual([500, 5000]);
		// Nothing in it leads to a box.
		const names = await runInDurableObject(count, (_, { storage }) =>
			[...storage.sql.exec('SELECT box FROM held')].map(({ box }) => String(box))
		);
		for (const { id } of [one, two]) expect(names.join()).not.toContain(id);
		// One that does not come to its end takes no room.
		const large = random(backupLimits.bytes + 1);
		const lied = { ...from(owner), headers: { 'content-length': '5' } };
		expect((await put(two, large, lied)).status).toBe(503);
		expect(await held()).toEqual([500, 5000]);

		await runInDurableObject(count, (_, { storage }) => {
			storage.sql.exec(
				"INSERT INTO held (box, bytes) VALUES ('many others', ?)",
				backupLimits.bytesPerHome - 5_500 - 100
			);
		});
		const refused = await put(newPlace(), random(101), from(owner));
		expect(errorOf(refused)).toBe('backup/failed');
		expect(await refused.text()).toContain('2 GB');
		expect((await put(newPlace(), random(101), from(guest))).status).toBe(200);
		expect((await ask(two, two.write, { method: 'DELETE' })).status).toBe(200);
		expect((await put(newPlace(), random(101), from(owner))).status).toBe(200);
		// Nobody came for it.
		await runInDurableObject(env.BACKUPS.getByName(one.id), (_, { storage }) => {
			storage.sql.exec(`UPDATE box SET meta = json_set(meta, '$.usedAt', 1)`);
		});
		expect(await runDurableObjectAlarm(env.BACKUPS.getByName(one.id))).toBe(true);
		expect(await held()).toEqual([101, backupLimits.bytesPerHome - 5_600]);
	});

	test('a box that another home goes on with counts for that one; where it has no room, for the first', async () => {
		const { relay, owner, guest } = await ownedRelay();
		const strict: EdgeEnv = { ...relay, RELAY_RATE_LIMIT: '0' };
		const from = (device: Signer) => ({
			relay: strict,
			origin: 'https://relay.example.net',
			address: '203.0.113.9',
			device
		});
		const place = newPlace();
		const heldBy = async (of: Place) => {
			const counter = await runInDurableObject(env.BACKUPS.getByName(of.id), (_, { storage }) =>
				storage.get<string>('counter')
			);
			return env.BACKUPS.getByName(counter ?? '');
		};
		const sumOf = (count: DurableObjectStub) =>
			runInDurableObject(
				count,
				(_, { storage }) => [...storage.sql.exec('SELECT SUM(bytes) AS n FROM held')][0]?.['n']
			);
		await put(place, random(100), from(owner));
		const owners = await heldBy(place);
		const another = newPlace();
		await put(another, random(7), from(guest));
		const guests = await heldBy(another);
		const fill = (bytes: number) =>
			runInDurableObject(guests, (_, { storage }) => {
				storage.sql.exec("INSERT OR REPLACE INTO held (box, bytes) VALUES ('others', ?)", bytes);
			});
		await fill(backupLimits.bytesPerHome - 10);
		expect((await put(place, random(50), from(guest))).status).toBe(503);
		expect(await sumOf(owners)).toBe(100);
		await fill(1);
		expect((await put(place, random(50), from(guest))).status).toBe(200);
		expect([await sumOf(owners), await sumOf(guests)]).toEqual([null, 158]);
	});

	test('takes a device that may share: what was admitted for a provider alone keeps nothing here', async () => {
		const { relay, owner } = await ownedRelay();
		const bot = await newDevice();
		const body = { key: bot.publicKey, name: 'A bot', scopes: ['provider.use:openai'] };
		await askRelay(relay, '/api/devices', { device: owner, method: 'POST', body });
		const refused = await put(newPlace(), random(9), {
			relay: { ...relay, RELAY_RATE_LIMIT: '0' },
			origin: 'https://relay.example.net',
			address: '203.0.113.9',
			device: bot
		});
		expect(errorOf(refused)).toBe('relay/scope-missing');
	});
});
