import { describe, expect, test } from 'vitest';
import { nothingRead, readHub, sameBytes } from '../../../../tests/edge/hub-reader';
import { createSseScanner } from '../../agent/models/sse';
import { createFrameLog, createMemoryFrameStore, type FrameStore, type LogLimits } from './frame-log';
import { createStreamHub, type StreamHub } from './stream-hub';

const id = 'a-stream-id-of-enough-length';
const secret = new Uint8Array(32).fill(7);
const limits: LogLimits = { maxFrames: 10_000, maxBytes: 8 * 1024 * 1024, maxAgeMs: 1000 };

function world(
	options: { store?: FrameStore; limits?: LogLimits; epoch?: string; synced?: () => Promise<void> } = {}
) {
	const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
	const writer = writable.getWriter();
	let asked = 0;
	let now = 0;
	let signal: AbortSignal | undefined;
	const store = options.store ?? createMemoryFrameStore();
	const hub = createStreamHub(createFrameLog(store, options.limits ?? limits), {
		now: () => now,
		fetch: (request) => {
			asked += 1;
			signal = request.signal;
			return Promise.resolve(new Response(readable, { status: 200, headers: { 'x-a': 'b' } }));
		},
		synced: options.synced ?? (() => Promise.resolve()),
		newEpoch: () => options.epoch ?? 'e1',
		heartbeatMs: 5
	});
	return {
		hub,
		store,
		writer,
		asked: () => asked,
		signal: () => signal,
		at: (time: number) => (now = time)
	};
}
const start = (hub: StreamHub, requestHash = 'h') =>
	hub.start({
		id,
		secret,
		requestHash,
		upstream: (signal) => new Request('https://provider.test/', { signal })
	});
const bytesOf = (text: string) => new TextEncoder().encode(text);
const read = (hub: StreamHub, after = 0, soFar = { ...nothingRead(), seq: after }, limit = Infinity) => {
	const body = hub.read(after);
	if (body === undefined) throw new Error('no stream');
	return readHub(body, { secret, id }, soFar, limit);
};
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('OT-79 a hub', () => {
	test('goes on reading with nobody there, and gives late readers everything from the start', async () => {
		const { hub, writer, asked } = world();
		expect(start(hub)).toBe('begun');
		await writer.write(bytesOf('one '));
		await writer.write(bytesOf('two'));
		await writer.close();
		const [first, second] = await Promise.all([read(hub), read(hub)]);
		expect(textOf(first.bytes)).toBe('one two');
		expect(second).toEqual(first);
		expect(first.head).toEqual({ status: 200, headers: [['x-a', 'b']] });
		expect(first.ended).toEqual({ event: 'end', data: `{"state":"done","seq":${first.seq}}` });
		expect(asked()).toBe(1);
	});

	test('asks the provider once, however often the same request comes, and refuses another under its id', async () => {
		const { hub, writer, asked } = world();
		expect([start(hub), start(hub), start(hub, 'other')]).toEqual(['begun', 'known', 'other']);
		await writer.close();
		await read(hub);
		expect(asked()).toBe(1);
	});

	test('OT-80 a stop ends the request and keeps what had come; a reader that leaves ends nothing', async () => {
		const { hub, writer, signal } = world();
		start(hub);
		await writer.write(bytesOf('kept'));
		const left = await read(hub, 0, nothingRead(), 200);
		expect(left.ended).toBeUndefined();
		expect(signal()?.aborted).toBe(false);
		expect(hub.info()?.readers).toBe(0);
		expect((await hub.stop())?.state).toBe('stopped');
		expect(signal()?.aborted).toBe(true);
		const all = await read(hub);
		expect(textOf(all.bytes)).toBe('kept');
		expect(all.ended?.data).toContain('"stopped"');
	});

	test('a provider that breaks off is said to have failed, after all that it said', async () => {
		const { hub, writer } = world();
		start(hub);
		await writer.write(bytesOf('half'));
		void writer.abort(new Error('cut')).catch(() => undefined);
		const all = await read(hub);
		expect(all.ended?.data).toContain('"failed"');
	});

	test('after a restart of its own it replays what was stored, then says that the rest is lost', async () => {
		const before = world();
		start(before.hub);
		await before.writer.write(bytesOf('stored'));
		await new Promise((done) => setTimeout(done, 20));
		const after = world({ store: before.store, epoch: 'e2' });
		const all = await read(after.hub);
		expect(textOf(all.bytes)).toBe('stored');
		expect(all.ended?.data).toContain('"upstream-lost"');
		expect(start(after.hub)).toBe('known');
		expect(after.asked()).toBe(0);
	});

	test('OT-81 what is no longer kept is answered with a reset, never with a gap; after its time it is forgotten', async () => {
		const { hub, writer, at } = world({ limits: { maxFrames: 3, maxBytes: 1 << 20, maxAgeMs: 1000 } });
		start(hub);
		for (let i = 0; i < 10; i++) {
			await writer.write(bytesOf(`${i} `));
			await new Promise((done) => setTimeout(done, 2));
		}
		await writer.close();
		await new Promise((done) => setTimeout(done, 20));
		expect(hub.info()).toMatchObject({ first: 9, seq: 11 });
		const late = await read(hub, 0);
		expect(late.ended).toEqual({ event: 'reset', data: '{"first":9,"seq":11}' });
		expect(textOf((await read(hub, 8)).bytes)).toBe('7 8 9 ');
		expect((await read(hub, 12)).ended?.event).toBe('reset');
		expect(hub.expire()).toBe(false);
		at(1000);
		expect(hub.expire()).toBe(true);
		expect(hub.info()).toBeUndefined();
	});

	test('a connection cut at any byte of a 1 MiB answer goes on with exactly the next frame', async () => {
		const { hub, store, writer } = world();
		start(hub);
		const whole = new Uint8Array(1 << 20).map((_, i) => 32 + ((i * 31) % 90));
		const writing = (async () => {
			for (let at = 0, i = 0; at < whole.length; i++) {
				const next = at + 1 + ((i * 7919) % 9973);
				await writer.write(whole.subarray(at, next));
				at = next;
			}
			await writer.close();
		})();
		const all = await read(hub);
		await writing;
		expect(sameBytes(all.bytes, whole)).toBe(true);
		const wire = new Uint8Array(await new Response(hub.read(0)).arrayBuffer());
		let got = 0;
		let wrong = 0;
		const scanner = createSseScanner((_, event, lastId) => {
			if (event === 'message') got = Number(lastId.split('-')[1]);
		});
		for (let at = 0; at < wire.length; at++) {
			scanner.push(wire.subarray(at, at + 1));
			const next = store.after(got, 0)[0]?.seq;
			if (next !== (got === all.seq ? undefined : got + 1)) wrong += 1;
		}
		expect({ cuts: wire.length > 1 << 20, wrong, got }).toEqual({ cuts: true, wrong: 0, got: all.seq });
	});

	test('nobody is shown a frame that is not on disk yet, not even who asks in between', async () => {
		const disk = Promise.withResolvers<undefined>();
		let isSlow = false;
		const { hub, writer } = world({ synced: () => (isSlow ? disk.promise : Promise.resolve()) });
		start(hub);
		await writer.write(bytesOf('one '));
		while (hub.info()?.seq !== 2) await new Promise((done) => setTimeout(done, 1));
		isSlow = true;
		await writer.write(bytesOf('two'));
		while (hub.info()?.seq !== 3) await new Promise((done) => setTimeout(done, 1));
		const reader = hub.read(0)?.getReader();
		let text = '';
		while (!text.includes(':\n\n')) text += new TextDecoder().decode((await reader?.read())?.value);
		expect(text).toContain('id: e1-2');
		expect(text).not.toContain('id: e1-3');
		disk.resolve(undefined);
		while (!text.includes('id: e1-3')) text += new TextDecoder().decode((await reader?.read())?.value);
		await writer.close();
		await reader?.cancel();
	});

	test('whoever waits gets a sign of life', async () => {
		const { hub, writer } = world();
		start(hub);
		const reader = hub.read(0)?.getReader();
		let text = '';
		while (!text.includes(':\n\n:')) text += new TextDecoder().decode((await reader?.read())?.value);
		await writer.close();
		await reader?.cancel();
	});

	test('a frame opens only with its key, its number, its stream and its epoch', async () => {
		const { hub, writer } = world();
		start(hub);
		await writer.write(bytesOf('secret words'));
		await writer.close();
		const wrong = new Uint8Array(32).fill(8);
		const body = () => hub.read(0) ?? new ReadableStream();
		await expect(readHub(body(), { secret: wrong, id }, nothingRead())).rejects.toThrow();
		await expect(readHub(body(), { secret, id: `${id}x` }, nothingRead())).rejects.toThrow();
		const raw = await new Response(body()).text();
		expect(raw).not.toContain('secret words');
		expect(raw).not.toContain(btoa('secret words').slice(0, 12));
	});
});
