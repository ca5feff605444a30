/**
 * The Worker killed in the middle of streams, and started again on the same state: what was stored is
 * replayed with no gap and no duplicate, then `upstream-lost` is said, and nobody asks the model again.
 */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seeded } from '../contract/random';
import { allUpstreams, serveWorker, type ServedWorker } from '../e2e/served-worker';
import { bigStream } from './big-stream';
import { nothingRead, readHub, sameBytes, type ReadSoFar } from './hub-reader';

const isBuilt = existsSync('.svelte-kit/cloudflare/_worker.js');
/** A start takes some seconds: each kill interrupts several streams instead. */
const kills = process.env.WHERRY_DEEP === undefined ? 4 : 100;
const streamsAKill = 5;
const random = seeded('hub kills');
const answer = bigStream(1 << 20);

interface Stream {
	readonly id: string;
	readonly secret: Uint8Array<ArrayBuffer>;
	readonly soFar: ReadSoFar;
}

test('OT-79 OT-88 a hub whose Worker is killed replays what it stored, then says upstream-lost', async () => {
	if (!isBuilt) return;
	const upstream = await startUpstream();
	const state = mkdtempSync(join(tmpdir(), 'wherry-kills-'));
	const environment = { RELAY_UPSTREAMS: allUpstreams(upstream.origin), RELAY_RATE_LIMIT: '0' };
	let worker = await serveWorker(environment, state);
	let frames = 0;
	let oldest: Stream | undefined;
	try {
		for (let kill = 0; kill < kills; kill++) {
			const streams = Array.from({ length: streamsAKill }, newStream);
			const reading = streams.map((stream) => begin(worker, stream));
			await new Promise((done) => setTimeout(done, 60 + random.int(900)));
			await worker.kill();
			await Promise.all(reading);
			worker = await serveWorker(environment, state);
			for (const stream of streams) {
				const seen = stream.soFar.bytes.length;
				const answered = await ask(worker, stream, stream.soFar.seq);
				// Killed before its first row was on disk: then nothing was handed out either.
				if (answered === undefined) {
					expect(stream.soFar.seq).toBe(0);
					continue;
				}
				const resumed = await readHub(answered, stream, stream.soFar);
				const whole = await readHub(await mustAsk(worker, stream, 0), stream, nothingRead());
				expect(resumed.ended).toMatchObject({ event: 'end' });
				expect(resumed.ended?.data).toContain('"upstream-lost"');
				expect(resumed.bytes.length).toBeGreaterThanOrEqual(seen);
				expect(sameBytes(resumed.bytes, answer.subarray(0, resumed.bytes.length))).toBe(true);
				expect(sameBytes(whole.bytes, resumed.bytes)).toBe(true);
				frames += whole.seq;
				oldest ??= stream;
			}
		}
		// What was stored before the first kill has outlived all the others.
		if (oldest === undefined) throw new Error('no stream was ever stored');
		const again = await readHub(await mustAsk(worker, oldest, 0), oldest, nothingRead());
		expect(sameBytes(again.bytes, oldest.soFar.bytes)).toBe(true);
		expect(upstream.asked()).toBeLessThanOrEqual(kills * streamsAKill);
		expect(frames).toBeGreaterThan(kills * streamsAKill);
		console.log(`note: ${kills} kills, ${kills * streamsAKill} streams, ${frames} stored frames replayed`);
	} finally {
		await worker.stop();
		upstream.close();
		rmSync(state, { recursive: true, force: true });
	}
}, 1_200_000);

function newStream(): Stream {
	const secret = crypto.getRandomValues(new Uint8Array(32));
	return { id: `stream-${crypto.randomUUID()}`, secret, soFar: nothingRead() };
}

/** Starts the stream and reads along until the connection breaks. */
async function begin(worker: ServedWorker, stream: Stream): Promise<void> {
	const response = await fetch(`${worker.origin}/api/relay/openai/v1/chat/completions`, {
		method: 'POST',
		body: '{}',
		headers: {
			authorization: 'Bearer k',
			'x-wherry-stream': stream.id,
			'x-wherry-seal': Buffer.from(stream.secret).toString('base64url')
		}
	}).catch(() => undefined);
	const body = response?.body ?? undefined;
	if (body === undefined) return;
	await readHub(untilBroken(body), stream, stream.soFar);
}

async function ask(worker: ServedWorker, { id }: Stream, after: number) {
	const response = await fetch(`${worker.origin}/api/streams/${id}?after=${after}`);
	if (response.status === 404) return undefined;
	return response.body ?? undefined;
}

async function mustAsk(worker: ServedWorker, stream: Stream, after: number) {
	const body = await ask(worker, stream, after);
	if (body === undefined) throw new Error('the stream is gone');
	return body;
}

/** A broken connection ends it, as it does for a page that reconnects. */
function untilBroken(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
	const reader = body.getReader();
	return new ReadableStream({
		async pull(controller) {
			const read = await reader.read().catch(() => ({ done: true, value: undefined }));
			if (read.value === undefined) controller.close();
			else controller.enqueue(read.value);
		}
	});
}

/** The same long answer to everybody, in small pieces, slowly enough to be interrupted. */
async function startUpstream() {
	let asked = 0;
	const server = createServer((request, response) => {
		asked += 1;
		request.resume();
		response.writeHead(200, { 'content-type': 'text/event-stream' });
		let at = 0;
		const timer = setInterval(() => {
			const size = 1 + random.int(3000);
			response.write(answer.subarray(at, at + size));
			at += size;
			if (at >= answer.length) response.end();
		}, 4);
		response.on('close', () => clearInterval(timer));
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const address = server.address();
	const port = typeof address === 'object' && address !== null ? address.port : 0;
	return {
		origin: `http://127.0.0.1:${port}`,
		asked: () => asked,
		close() {
			server.closeAllConnections();
			server.close();
		}
	};
}
