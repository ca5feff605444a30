/** The agent's side of a hub against the hub itself, over connections that break. */

import { describe, expect, test } from 'vitest';
import { createStreamNames, type HubStream } from '../../src/lib/agent/models/hub-names';
import { fetchThroughHub } from '../../src/lib/agent/models/hub-stream';
import { givenAway } from '../../src/lib/agent/models/protocol';
import { createFrameLog, createMemoryFrameStore } from '../../src/lib/edge/hub/frame-log';
import { createStreamHub, type StreamHub } from '../../src/lib/edge/hub/stream-hub';
import { hubHeader } from '../../src/lib/wire/hub';
import { seeded } from './random';

/** A relay with hubs, whose connections break after as many bytes as `lifetime` says. */
function edge(answer: () => Response, lifetime: () => number = () => Infinity) {
	const hubs = new Map<string, StreamHub>();
	let asked = 0;
	const stopped: string[] = [];
	async function fetch(request: Request): Promise<Response> {
		await Promise.resolve();
		request.signal.throwIfAborted();
		const url = new URL(request.url);
		const [, id = '', what = 'read'] = /^\/api\/streams\/([^/]+)(?:\/(.+))?$/.exec(url.pathname) ?? [];
		if (id === '') {
			const stream = request.headers.get(hubHeader.stream);
			if (stream === null) return answer();
			const hub = hubs.get(stream) ?? createHub();
			hubs.set(stream, hub);
			const seal = (request.headers.get(hubHeader.seal) ?? '').replaceAll('-', '+').replaceAll('_', '/');
			hub.start({
				id: stream,
				secret: new Uint8Array(Buffer.from(seal, 'base64')),
				requestHash: await request.text(),
				upstream: (signal) => new Request('https://provider.test/', { signal })
			});
			return reply(hub, 0, stream);
		}
		const hub = hubs.get(id);
		if (hub === undefined) return new Response(null, { status: 404 });
		if (what === 'stop') {
			stopped.push(id);
			await hub.stop();
			return new Response();
		}
		return reply(hub, Number(url.searchParams.get('after')), id);
	}
	function createHub(): StreamHub {
		return createStreamHub(createFrameLog(createMemoryFrameStore()), {
			now: () => 0,
			fetch: () => {
				asked += 1;
				return Promise.resolve(answer());
			},
			synced: () => Promise.resolve(),
			newEpoch: () => 'e'
		});
	}
	function reply(hub: StreamHub, after: number, id: string): Response {
		return new Response(breaking(hub.read(after) ?? new ReadableStream(), lifetime()), {
			headers: { [hubHeader.stream]: id }
		});
	}
	return { fetch, asked: () => asked, stopped };
}

function breaking(body: ReadableStream<Uint8Array>, bytes: number): ReadableStream<Uint8Array> {
	const reader = body.getReader();
	let left = bytes;
	return new ReadableStream({
		async pull(controller) {
			const { done, value } = await reader.read();
			if (done) {
				controller.close();
				return;
			}
			controller.enqueue(value.subarray(0, Math.max(0, left)));
			left -= value.length;
			if (left > 0) return;
			await reader.cancel();
			controller.error(new TypeError('connection lost'));
		},
		cancel: () => reader.cancel()
	});
}

/** Pauses pass at once; nobody is silent for long. */
const never = new Promise<void>(() => undefined);
const clock = { now: () => 0, sleep: (ms: number) => (ms > 20_000 ? never : Promise.resolve()) };
const stream = (mayExist = false): HubStream => createStreamNames('secret', 0, mayExist).next();
const request = (signal?: AbortSignal) =>
	new Request('https://wherry.test/api/relay/openai/v1/x', {
		method: 'POST',
		body: '{"q":1}',
		headers: { authorization: 'Bearer k' },
		...(signal === undefined ? {} : { signal })
	});
const isStop = (reason: unknown) => reason !== givenAway;

describe('OT-78 an answer through a hub', () => {
	const random = seeded('answer through a hub');
	const whole = new Uint8Array(300_000).map((_, i) => (i * 31) % 251);

	function chunked(): Response {
		let at = 0;
		const body = new ReadableStream<Uint8Array>({
			pull(controller) {
				const next = at + 1 + random.int(9_000);
				controller.enqueue(whole.subarray(at, next));
				at = next;
				if (at >= whole.length) controller.close();
			}
		});
		return new Response(body, { status: 201, headers: { 'content-type': 'text/event-stream', 'x-a': 'b' } });
	}

	test('is the provider’s response, byte for byte, however often the connection breaks', async () => {
		const { fetch, asked } = edge(chunked, () => 24_000 + random.int(40_000));
		const answer = await fetchThroughHub(request(), stream(), { fetch, clock, isStop });
		expect(answer.status).toBe(201);
		expect(answer.headers.get('x-a')).toBe('b');
		expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.from(whole))).toBe(true);
		expect(asked()).toBe(1);
	});

	test('a later life reads it again from the start, and the model is not asked twice', async () => {
		const { fetch, asked } = edge(chunked);
		const first = new AbortController();
		const lost = await fetchThroughHub(request(first.signal), stream(), { fetch, clock, isStop });
		await lost.body?.getReader().read();
		first.abort(givenAway);
		const again = await fetchThroughHub(request(), stream(true), { fetch, clock, isStop });
		expect(Buffer.from(await again.arrayBuffer()).equals(Buffer.from(whole))).toBe(true);
		expect(asked()).toBe(1);
	});

	test('a later life asks where nothing had been asked', async () => {
		const { fetch, asked } = edge(chunked);
		const answer = await fetchThroughHub(request(), stream(true), { fetch, clock, isStop });
		expect((await answer.arrayBuffer()).byteLength).toBe(whole.length);
		expect(asked()).toBe(1);
	});

	test('OT-80 a stop is an order to the hub; giving the turn away is not', async () => {
		const endless = () => new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array([1])) }));
		const { fetch, stopped } = edge(endless);
		for (const reason of [givenAway, undefined]) {
			const stop = new AbortController();
			const answer = await fetchThroughHub(request(stop.signal), stream(), { fetch, clock, isStop });
			const reader = answer.body?.getReader();
			await reader?.read();
			const pending = reader?.read();
			stop.abort(reason);
			await expect(pending).rejects.toBeDefined();
			await new Promise((done) => setTimeout(done, 5));
			expect(stopped.length).toBe(reason === givenAway ? 0 : 1);
		}
	});

	test('a line that went dead without a word is left, and the answer is read on over another', async () => {
		const inner = edge(chunked);
		let lines = 0;
		const fetch = async (one: Request) => {
			const answer = await inner.fetch(one);
			if (++lines > 1) return answer;
			const reader = answer.body?.getReader();
			const body = new ReadableStream<Uint8Array>({
				async pull(controller) {
					const { value } = (await reader?.read()) ?? {};
					if (value !== undefined && value.length < 2_000) controller.enqueue(value);
					else await never;
				}
			});
			return new Response(body, { headers: answer.headers });
		};
		let now = 0;
		const impatient = {
			now: () => now,
			sleep: async (ms: number) => {
				await new Promise((done) => setTimeout(done, 20));
				now += ms;
			}
		};
		const answer = await fetchThroughHub(request(), stream(), { fetch, clock: impatient, isStop });
		expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.from(whole))).toBe(true);
		expect({ asked: inner.asked(), lines: lines > 1, stopped: inner.stopped }).toEqual({
			asked: 1,
			lines: true,
			stopped: []
		});
	});

	test('a relay without hubs answers as always', async () => {
		const plain = new Response('plain', { status: 200 });
		const answer = await fetchThroughHub(request(), stream(), {
			fetch: () => Promise.resolve(plain),
			clock,
			isStop
		});
		expect(answer).toBe(plain);
	});

	test('what the hub no longer keeps ends the answer where it was, without a hole', async () => {
		let reads = 0;
		const inner = edge(chunked, () => 30_000);
		const fetch = async (one: Request) => {
			if (one.method === 'GET' && ++reads === 2)
				return new Response('event: reset\ndata: {"first":99,"seq":100}\n\n', {
					headers: { [hubHeader.stream]: 'x' }
				});
			return await inner.fetch(one);
		};
		const answer = await fetchThroughHub(request(), stream(), { fetch, clock, isStop });
		const bytes = new Uint8Array(await answer.arrayBuffer());
		expect(bytes.length).toBeLessThan(whole.length);
		expect(Buffer.from(bytes).equals(Buffer.from(whole.subarray(0, bytes.length)))).toBe(true);
	});
});
