/** Whoever asks for what is not there leaves nothing: an object with nothing in it is forgotten, one with a table stays for ever. */

import { env, runDurableObjectAlarm, runInDurableObject, SELF } from 'cloudflare:test';
import { describe, expect, test, vi } from 'vitest';
import { backups } from '../../src/lib/edge/backups.server';
import type { ObjectNamespace } from '../../src/lib/edge/env';
import { pair } from '../../src/lib/edge/pair.server';
import { createShare, shares } from '../../src/lib/edge/shares.server';
import { streams } from '../../src/lib/edge/streams.server';
import { toBase64Url } from '../../src/lib/wire/base64';
import { shareHeader } from '../../src/lib/wire/share-api';
import { tokenHash } from '../../src/lib/wire/share-keys';
import { helloText, fromRoom } from '../../src/lib/wire/sync';
import { newDevice } from './relay-owner';

const here = { ...env, RELAY_RATE_LIMIT: '0' };
const origin = 'http://localhost:8787';
const newId = () => toBase64Url(crypto.getRandomValues(new Uint8Array(16)));
const token = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));

/** Tables, and whether something would wake it. */
function leftIn(namespace: DurableObjectNamespace, id: string) {
	return runInDurableObject(namespace.getByName(id), async (_, { storage }) => ({
		tables: [...storage.sql.exec('SELECT name FROM sqlite_master')].map(({ name }) => String(name)),
		alarm: await storage.getAlarm()
	}));
}
const nothing = { tables: [], alarm: null };
const as = (bearer: string, method = 'GET') => ({
	method,
	headers: { authorization: `Bearer ${bearer}`, 'x-wherry': '1' }
});

async function newShare(id: string) {
	const asked = {
		shareId: id,
		readHash: await tokenHash(token),
		ownerHash: await tokenHash(`${token}-of-the-owner`),
		days: 1
	};
	return createShare(
		new Request(`${origin}/api/shares`, {
			method: 'POST',
			body: 'sealed',
			headers: {
				'x-wherry': '1',
				'cf-connecting-ip': '127.0.0.1',
				[shareHeader]: JSON.stringify(asked)
			}
		}),
		here
	);
}

describe('an object that was only asked stays empty', () => {
	test('a share, however it is asked', async () => {
		const id = newId();
		for (const what of ['read', 'state', 'revoke'] as const) {
			const answer = await shares(new Request(`${origin}/api/shares/${id}`, as(token)), here, { id, what });
			expect(answer.status).toBe(404);
		}
		const live = await SELF.fetch(`${origin}/api/shares/${id}/live`, {
			headers: { upgrade: 'websocket', 'sec-websocket-protocol': `wherry.share.v1, token.${token}` }
		});
		expect(live.status).toBe(404);
		expect(await leftIn(env.SHARES, id)).toEqual(nothing);
	});

	test('a stream, a backup and a meeting place', async () => {
		const id = newId();
		for (const what of ['read', 'state', 'stop'] as const) {
			const url = new URL(`${origin}/api/streams/${id}`);
			const method = what === 'stop' ? 'POST' : 'GET';
			expect((await streams(new Request(url, { method }), here, { url, id, what })).status).toBe(404);
		}
		expect(await leftIn(env.STREAMS, id)).toEqual(nothing);
		for (const [method, more] of [['GET'], ['GET', { at: '5' }], ['DELETE']] as const) {
			const request = new Request(`${origin}/api/backups/${id}`, as(token, method));
			expect((await backups(request, here, { id, ...more })).status).toBe(422);
		}
		expect(await leftIn(env.BACKUPS, id)).toEqual(nothing);
		for (const slot of ['ask', 'answer', 'recovery']) {
			const url = new URL(`${origin}/api/pair/${id}/${slot}`);
			const answer = await pair(new Request(url), here, { url, place: id, slot });
			expect(await answer.json()).toMatchObject({ data: { note: null } });
		}
		const url = new URL(`${origin}/api/pair/${id}/ask`);
		const bad = new Request(url, { method: 'POST', body: '{"note":"?"}' });
		expect((await pair(bad, here, { url, place: id, slot: 'ask' })).status).toBe(400);
		expect(await leftIn(env.MEETINGS, id)).toEqual(nothing);
	});

	test('a room at which somebody says who they are, and writes nothing', async () => {
		const id = newId();
		const { webSocket: socket } = await SELF.fetch(`${origin}/api/sync/${id}`, {
			headers: { upgrade: 'websocket' }
		});
		if (socket === null) throw new Error('no socket');
		const heard: string[] = [];
		const closed = new Promise((done) => socket.addEventListener('close', done));
		const answered = new Promise<void>((done) => {
			socket.addEventListener('message', ({ data }) => {
				heard.push(String(data));
				if (heard.length === 2) done();
			});
		});
		socket.accept();
		while (heard.length === 0) await new Promise((done) => setTimeout(done, 5));
		const first = fromRoom.parse(JSON.parse(heard[0] ?? ''));
		const nonce = first.type === 'challenge' ? first.nonce : '';
		const device = await newDevice();
		const { kid } = device.publicKey;
		const text = new Uint8Array(new TextEncoder().encode(helloText(id, nonce, kid)));
		const sig = toBase64Url(await device.sign(text));
		socket.send(JSON.stringify({ type: 'hello', v: 1, device: device.publicKey, sig, cursor: 0 }));
		await Promise.race([closed, answered]);
		socket.close();
		expect((await leftIn(env.ROOMS, id)).tables).toEqual([]);
	});
});

describe('what is over leaves nothing, and may be asked again', () => {
	test('a share: expired, asked, and its name used anew', async () => {
		const id = newId();
		expect((await newShare(id)).status).toBe(200);
		const room = env.SHARES.getByName(id);
		await runInDurableObject(room, (_, { storage: { sql } }) => {
			sql.exec(`UPDATE share SET meta = json_set(meta, '$.expiresAt', 1)`);
		});
		expect(await runDurableObjectAlarm(room)).toBe(true);
		expect(await leftIn(env.SHARES, id)).toEqual(nothing);
		const asked = () =>
			shares(new Request(`${origin}/api/shares/${id}`, as(token)), here, { id, what: 'read' });
		expect((await asked()).status).toBe(404);
		expect(await leftIn(env.SHARES, id)).toEqual(nothing);
		expect((await newShare(id)).status).toBe(200);
		expect(await (await asked()).text()).toBe('sealed');
	});

	test('an address’s count, when the last of its shares is over', async () => {
		const name = `of:${newId()}`;
		const count = env.SHARES.getByName(name);
		expect(await (await count.fetch('https://share/count?share=one&days=1')).json()).toBe('counted');
		await runInDurableObject(count, (_, { storage: { sql } }) => {
			sql.exec('UPDATE living SET until = 1');
			sql.exec('UPDATE made SET at = 1');
		});
		expect(await runDurableObjectAlarm(count)).toBe(true);
		expect(await leftIn(env.SHARES, name)).toEqual(nothing);
	});

	test('a stream: its day is over, it is asked, and its name begins anew', async () => {
		const id = newId();
		const hub = env.STREAMS.getByName(id);
		const begin = async () => {
			const target = encodeURIComponent(JSON.stringify({ url: 'http://127.0.0.1:9/', headers: [] }));
			const answer = await hub.fetch('https://hub/start', {
				method: 'POST',
				body: '{}',
				headers: {
					'x-wherry-stream': id,
					'x-wherry-seal': toBase64Url(new Uint8Array(32)),
					'x-wherry-target': target
				}
			});
			return answer.text();
		};
		expect(await begin()).toContain('"failed"');
		// Its object looks at the clock alone.
		vi.useFakeTimers({ now: Date.now() + 2 * 86_400_000, toFake: ['Date'] });
		try {
			expect(await runDurableObjectAlarm(hub)).toBe(true);
		} finally {
			vi.useRealTimers();
		}
		expect(await leftIn(env.STREAMS, id)).toEqual(nothing);
		expect((await hub.fetch('https://hub/state')).status).toBe(404);
		expect(await leftIn(env.STREAMS, id)).toEqual(nothing);
		expect(await begin()).toContain('"failed"');
	});
});

test('how often one link is read a minute has an end, which nobody reaches who may not read it', async () => {
	const id = newId();
	await newShare(id);
	const read = (rooms: ObjectNamespace, hash: string) =>
		rooms.getByName(id).fetch('https://share/read', { headers: { 'x-token-hash': hash } });
	for (let n = 0; n < 700; n++) expect((await read(env.SHARES, 'x'.repeat(43))).status).toBe(404);
	const mine = await tokenHash(token);
	const statuses = new Map<number, number>();
	for (let n = 0; n < 700; n++) {
		const answer = await read(env.SHARES, mine);
		await answer.body?.cancel();
		statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
	}
	expect(statuses.get(200)).toBeGreaterThanOrEqual(600);
	expect(statuses.get(429)).toBeGreaterThan(0);
	const refused = await shares(new Request(`${origin}/api/shares/${id}`, as(token)), here, {
		id,
		what: 'read'
	});
	expect(refused.headers.get('x-wherry-error')).toBe('relay/rate-limited');
	expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
});
