/**
 * P13: a page is reloaded in the middle of an answer. How long until the first replayed event, what was missed,
 * how often the model was asked; and what asking again would have cost, with the same provider at the same pace.
 */

import { createSeal, frameKind } from '../../src/lib/wire/hub';
import { createSseScanner } from '../../src/lib/agent/models/sse';
import { median, mustEqual, type Line } from './measure';
import { serveOurs, startUpstream, type Served, type Upstream } from './hub-workers';

const rounds = 9;
const events = 80;
const paceMs = 20;
const event = (index: number): string =>
	`data: {"index":${String(index)},"delta":"some words of an answer"}\n\n`;
const whole = Array.from({ length: events }, (_, index) => event(index)).join('');
const secret = new Uint8Array(32).fill(9);

export async function bench(): Promise<Line[]> {
	const upstream = await startUpstream();
	const ours = await serveOurs(upstream.origin);
	const resumed: number[] = [];
	const caughtUp: number[] = [];
	const again: number[] = [];
	try {
		for (let round = 0; round <= rounds; round++) {
			const one = await reload(ours, upstream, `resumed-stream-number-${String(round).padStart(4, '0')}`);
			const other = await askAgain(upstream, one.seenBytes);
			if (round === 0) continue;
			resumed.push(one.firstMs);
			caughtUp.push(one.caughtUpMs);
			again.push(other);
		}
	} finally {
		ours.stop();
		upstream.close();
	}
	const limit = 200;
	const shares = resumed.map((ms) => ms / limit);
	const ratios = caughtUp.map((ms, round) => ms / (again[round] ?? Number.NaN));
	const spread = (values: readonly number[]) =>
		[median(values), Math.min(...values), Math.max(...values)] as const;
	return [
		{
			id: 'P13',
			what: 'reload to the first replayed event; 0 missed, asked once',
			ours: median(resumed),
			other: { name: 'the limit', value: limit },
			unit: 'ms',
			ratio: spread(shares),
			goal: { is: 'at most', value: 1 }
		},
		{
			id: 'P13',
			what: 'reload to where it was',
			ours: median(caughtUp),
			other: { name: 'asking again', value: median(again) },
			unit: 'ms',
			ratio: spread(ratios)
		}
	];
}

/** Reads half, hangs up, and reads from the start as a page does whose memory is gone. */
async function reload(ours: Served, upstream: Upstream, id: string) {
	const before = upstream.asked();
	const headers = {
		'x-wherry-stream': id,
		'x-wherry-seal': Buffer.from(secret).toString('base64url'),
		authorization: 'Bearer k'
	};
	const arrived = upstream.arrived();
	const origin = `http://127.0.0.1:${String(ours.port)}`;
	const asking = fetch(`${origin}/api/relay/openai/v1/chat/completions`, {
		method: 'POST',
		body: id,
		headers
	});
	const response = await arrived;
	const writing = (async () => {
		for (let index = 0; index < events; index++) {
			response.write(event(index));
			await new Promise((done) => setTimeout(done, paceMs));
		}
		response.end();
	})();
	const page = (await asking).body?.getReader();
	let half = 0;
	const until = performance.now() + (events * paceMs) / 2;
	while (performance.now() < until) half += (await page?.read())?.value?.length ?? 0;
	await page?.cancel();
	const seen = Math.floor(events / 2) - 2;
	const seenBytes = seen * event(10).length;

	const start = performance.now();
	const body = (await fetch(`${origin}/api/streams/${id}?after=0`)).body?.getReader();
	let firstMs = 0;
	let caughtUpMs = 0;
	let text = '';
	let expected = 1;
	let seal: Awaited<ReturnType<typeof createSeal>> | undefined;
	const frames: { id: string; data: string }[] = [];
	const scanner = createSseScanner((data, name, frameId) => {
		if (name === 'message') frames.push({ id: frameId, data });
	});
	for (;;) {
		const { done, value } = (await body?.read()) ?? { done: true, value: undefined };
		if (value !== undefined) scanner.push(value);
		for (const frame of frames.splice(0)) {
			const [epoch = '', seq = ''] = frame.id.split('-');
			mustEqual('the next frame', expected++, Number(seq));
			seal ??= await createSeal(secret, id, epoch);
			const opened = await seal.open(Number(seq), new Uint8Array(Buffer.from(frame.data, 'base64')));
			if (opened.kind !== frameKind.body) continue;
			if (firstMs === 0) firstMs = performance.now() - start;
			text += Buffer.from(opened.content).toString();
			if (caughtUpMs === 0 && text.length >= seenBytes) caughtUpMs = performance.now() - start;
		}
		if (done) break;
	}
	await writing;
	mustEqual('bytes seen before', true, half > 0);
	mustEqual('the answer', whole, text);
	mustEqual('requests to the model', 1, upstream.asked() - before);
	return { firstMs, caughtUpMs, seenBytes };
}

/** The same answer at the same pace, from its beginning to where the page was. */
async function askAgain(upstream: Upstream, bytes: number): Promise<number> {
	const start = performance.now();
	const arrived = upstream.arrived();
	const asking = fetch(upstream.origin, { method: 'POST', body: '{}' });
	const response = await arrived;
	let isOver = false;
	const writing = (async () => {
		for (let index = 0; index < events && !isOver; index++) {
			response.write(event(index));
			await new Promise((done) => setTimeout(done, paceMs));
		}
		response.end();
	})();
	const reader = (await asking).body?.getReader();
	let got = 0;
	while (got < bytes) got += (await reader?.read())?.value?.length ?? 0;
	const ms = performance.now() - start;
	isOver = true;
	await reader?.cancel();
	await writing;
	return ms;
}
