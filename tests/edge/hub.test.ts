import { env, runInDurableObject } from 'cloudflare:test';
import { describe, expect, inject, test } from 'vitest';
import { createFrameLog, type Frame } from '../../src/lib/edge/hub/frame-log';
import { createSqliteFrameStore } from '../../src/lib/edge/hub/sqlite-frames';
import { relay } from '../../src/lib/edge/relay.server';
import { streams } from '../../src/lib/edge/streams.server';
import { streamInfo } from '../../src/lib/wire/hub';
import { relayProviders } from '../../src/lib/wire/providers';
import { seeded } from '../contract/random';
import { nothingRead, readHub, sameBytes } from './hub-reader';
import { bigStream } from './big-stream';

const upstream = inject('upstream');
const here = {
	...env,
	// Thousands of reads from one address are what is tested here.
	RELAY_RATE_LIMIT: '0',
	RELAY_UPSTREAMS: JSON.stringify(Object.fromEntries(Object.keys(relayProviders).map((id) => [id, upstream])))
};
const random = seeded('hub', inject('seed'));

function newStream() {
	const bytes = crypto.getRandomValues(new Uint8Array(32));
	return {
		id: `stream-${crypto.randomUUID()}`,
		secret: bytes,
		seal: btoa(String.fromCharCode(...bytes))
			.replaceAll('+', '-')
			.replaceAll('/', '_')
			.replaceAll('=', '')
	};
}
type Stream = ReturnType<typeof newStream>;

const begin = (stream: Stream, reply: string, body = '{}') =>
	relay(
		new Request('http://localhost:8787/api/relay/openai/v1/chat/completions', {
			method: 'POST',
			body,
			headers: {
				'x-reply': reply,
				'x-wherry-stream': stream.id,
				'x-wherry-seal': stream.seal,
				authorization: 'Bearer k'
			}
		}),
		here,
		{ log: () => {} }
	);
function ask(stream: Stream, what: 'read' | 'state' | 'stop' = 'read', after = 0) {
	const url = new URL(`http://localhost:8787/api/streams/${stream.id}?after=${after}`);
	return streams(new Request(url, { method: what === 'stop' ? 'POST' : 'GET' }), here, {
		url,
		id: stream.id,
		what
	});
}
async function state(stream: Stream) {
	const answer: { data: unknown } = await (await ask(stream, 'state')).json();
	return streamInfo.parse(answer.data);
}
const body = (response: Response) => response.body ?? new ReadableStream<Uint8Array>();

describe('OT-79 OT-88 the hub at the edge', () => {
	test('gives the asking device and every later one the provider’s bytes, asked for once', async () => {
		const stream = newStream();
		const first = readHub(body(await begin(stream, 'big:200000:1')), stream, nothingRead());
		const again = readHub(body(await begin(stream, 'big:200000:1')), stream, nothingRead());
		const later = readHub(body(await ask(stream)), stream, nothingRead());
		const expected = bigStream(200_000);
		for (const one of await Promise.all([first, again, later])) {
			expect(one.head?.status).toBe(200);
			expect(sameBytes(one.bytes, expected)).toBe(true);
			expect(one.ended?.data).toContain('"done"');
		}
		expect(await state(stream)).toMatchObject({ state: 'done', first: 1, readers: 0 });
		expect((await begin(stream, 'big:200000:1', '{"another":1}')).status).toBe(422);
	});

	test('a provider’s refusal is kept as it was', async () => {
		const stream = newStream();
		const read = await readHub(body(await begin(stream, 'status:429:slow down')), stream, nothingRead());
		expect(read.head?.status).toBe(429);
		expect(read.head?.headers).toContainEqual(['retry-after', '7']);
		expect(new TextDecoder().decode(read.bytes)).toBe('slow down');
	});

	test('OT-80 a stop closes the provider’s connection, a lost reader does not', async () => {
		const stream = newStream();
		await readHub(body(await begin(stream, `drip:${stream.id}`)), stream, nothingRead(), 400);
		expect((await state(stream)).state).toBe('reading');
		const stopped = await ask(stream, 'stop');
		expect(streamInfo.parse((await stopped.json<{ data: unknown }>()).data).state).toBe('stopped');
		expect(await (await fetch(`${upstream}/_/closed?id=${stream.id}`)).text()).toBe('closed');
	});

	test('once an answer has ended, the only alarm left is the one that forgets it', async () => {
		const stream = newStream();
		await readHub(body(await begin(stream, 'big:5000:0')), stream, nothingRead());
		const { startedAt } = await state(stream);
		const hub = env.STREAMS.getByName(stream.id);
		const alarm = await runInDurableObject(hub, (_hub, { storage }) => storage.getAlarm());
		expect(alarm).toBe(startedAt + 24 * 60 * 60 * 1000);
	});

	test('what is stored says how it stands after any number of pieces, also when old ones were forgotten', async () => {
		const hub = env.STREAMS.getByName(newStream().id);
		await runInDurableObject(hub, (_hub, { storage: { sql } }) => {
			const limits = { maxFrames: 5, maxBytes: 100, maxAgeMs: 1000 };
			const log = createFrameLog(createSqliteFrameStore(sql), limits);
			log.begin({ id: 'some-stream-of-this-test', epoch: 'e', requestHash: 'h', now: 1 });
			for (let round = 0; round < 20; round++) {
				const frames: Frame[] = Array.from({ length: 1 + random.int(3) }, (_, i) => ({
					seq: log.next() + i,
					sealed: new Uint8Array(1 + random.int(40))
				}));
				log.append(frames);
				expect(createFrameLog(createSqliteFrameStore(sql), limits).meta()).toEqual(log.meta());
			}
			log.end('done', 2);
			expect(createFrameLog(createSqliteFrameStore(sql), limits).meta()).toEqual(log.meta());
		});
	});

	test('nothing that a hub stores or says holds the key or the text', async () => {
		const stream = newStream();
		const read = await readHub(body(await begin(stream, 'big:5000:0')), stream, nothingRead());
		const raw = await (await ask(stream)).text();
		expect(raw).not.toContain(stream.seal.slice(0, 20));
		expect(raw).not.toContain('größe');
		for (const plain of ['"index":1', '{"index"']) expect(raw).not.toContain(btoa(plain).slice(0, 8));
		expect(read.bytes.length).toBe(5000);
	});

	test('one address reads streams so often a minute, apart from what it asks of providers', async () => {
		const keys: string[] = [];
		const limits = { ...here, RELAY_RATE_LIMIT: '30' };
		const RATE_LIMIT = {
			limit({ key }: { key: string }) {
				keys.push(key);
				return Promise.resolve({ success: keys.length < 3 });
			}
		};
		const { id } = newStream();
		const url = new URL(`http://localhost:8787/api/streams/${id}/state`);
		const asked = (environment: typeof limits) =>
			streams(new Request(url, { headers: { 'cf-connecting-ip': '203.0.113.7' } }), environment, {
				url,
				id,
				what: 'state'
			});
		const relay = { ...limits, RATE_LIMIT };
		expect([(await asked(relay)).status, (await asked(relay)).status]).toEqual([404, 404]);
		const refused = await asked(relay);
		expect(refused.headers.get('x-wherry-error')).toBe('relay/rate-limited');
		expect(refused.headers.get('retry-after')).toBe('60');
		for (const key of keys) expect(key).toMatch(/^203\.0\.113\.7#read\d$/);
	});

	test('unknown streams, ids that are none, and foreign pages get nothing', async () => {
		const stream = newStream();
		expect((await ask(stream)).status).toBe(404);
		expect((await ask(stream, 'stop')).status).toBe(404);
		expect((await ask({ ...stream, id: 'short' })).status).toBe(404);
		const url = new URL(`http://localhost:8787/api/streams/${stream.id}/stop`);
		const foreign = new Request(url, { method: 'POST', headers: { origin: 'https://evil.example' } });
		expect((await streams(foreign, here, { url, id: stream.id, what: 'stop' })).status).toBe(403);
	});

	test('OT-78 2,000 cuts and 20 readers with 1,000 disconnections lose and double nothing', async () => {
		const stream = newStream();
		const size = 1 << 20;
		const expected = bigStream(size);
		const first = readHub(body(await begin(stream, `big:${size}:1`)), stream, nothingRead());
		// While it is still coming: readers that hang up at random and go on.
		const readers = Array.from({ length: 20 }, async () => {
			let soFar = nothingRead();
			for (let cut = 0; cut < 50 && soFar.ended === undefined; cut++) {
				const limit = 1 + Math.floor(random.float() * 60_000);
				soFar = await readHub(body(await ask(stream, 'read', soFar.seq)), stream, soFar, limit);
			}
			return readHub(body(await ask(stream, 'read', soFar.seq)), stream, soFar);
		});
		for (const read of [await first, ...(await Promise.all(readers))])
			expect(sameBytes(read.bytes, expected)).toBe(true);
		// And once it is whole: one cut after another until it has been read to its end, again and again.
		for (let cuts = 0; cuts < 2_000;) {
			let soFar = nothingRead();
			while (soFar.ended === undefined && cuts < 2_000) {
				const limit = 1 + Math.floor(random.float() * 120_000);
				soFar = await readHub(body(await ask(stream, 'read', soFar.seq)), stream, soFar, limit);
				cuts += 1;
			}
			expect(sameBytes(soFar.bytes, expected.subarray(0, soFar.bytes.length))).toBe(true);
		}
	}, 120_000);
});
