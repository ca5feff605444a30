/** P4: events from the worker to the page, in a flood and paced as a fast model speaks. */

import { proxy, transfer, wrap } from 'comlink';
import type { Patch, ToPage } from '../../src/lib/wire/view';
import { answer, compare, median, mustEqual, percentile, type Line } from './measure';
import type { Api, Load, Way } from './p4-worker';

/** What a page may fall behind before it is sent a snapshot instead is 4,000. */
const floodCount = 3_000;
const floodBursts = 4;
const pacedCount = 1_500;
const ways: readonly Way[] = ['ours', 'comlink', 'postMessage', 'batches of 256'];

const worker = wrap<Api>(new Worker('/p4-worker.mjs', { type: 'module' }));

interface Received {
	readonly seqs: readonly number[];
	readonly latencies: readonly number[];
	/** The longest time that the page drew nothing, ms. */
	readonly longestFrame: number;
}

async function send(way: Way, count: number, perSecond: number | null, bursts = 1): Promise<Received> {
	const { port1, port2 } = new MessageChannel();
	const arrival = new MessageChannel();
	const seqs: number[] = [];
	const latencies: number[] = [];
	let done: () => void = () => undefined;
	const finished = new Promise<void>((resolve) => (done = resolve));
	const take = (patch: Patch): void => {
		if (patch.op !== 'event') return;
		seqs.push(patch.event.seq);
		latencies.push(performance.timeOrigin + performance.now() - patch.at);
		if (seqs.length % count === 0) arrival.port1.postMessage(null);
		if (seqs.length === count * bursts) done();
	};
	let lost: string | null = null;
	port1.onmessage = ({ data }: MessageEvent<ToPage | Patch | readonly Patch[]>) => {
		if (Array.isArray(data)) data.forEach(take);
		else if ('type' in data) {
			if (data.type === 'snapshot') {
				lost = 'the page was sent a snapshot: it fell too far behind';
				done();
				return;
			}
			data.patches.forEach(take);
			port1.postMessage({ ack: data.cursor });
		} else take(data as Patch);
	};
	let longestFrame = 0;
	let before = performance.now();
	let isOver = false;
	const watch = (): void => {
		const now = performance.now();
		longestFrame = Math.max(longestFrame, now - before);
		before = now;
		if (!isOver) requestAnimationFrame(watch);
	};
	requestAnimationFrame(watch);
	const callback = proxy((patch: Patch) => {
		take(patch);
	});
	const load: Load = { count, bursts, perSecond, arrived: arrival.port2 };
	const running = worker.run(
		way,
		transfer(port2, [port2]),
		callback as never,
		transfer(load, [arrival.port2])
	);
	await Promise.race([running, finished]);
	await finished;
	isOver = true;
	if (lost === null) await running;
	port1.close();
	arrival.port1.close();
	if (lost !== null) throw new Error(lost);
	return { seqs, latencies, longestFrame };
}

export async function bench(): Promise<Line[]> {
	const all = Array.from({ length: floodCount * floodBursts }, (_, seq) => seq);
	for (const way of ways)
		mustEqual(`events by ${way}`, all, (await send(way, floodCount, null, floodBursts)).seqs);
	const flood = await compare(
		ways.map((name) => ({
			name,
			units: floodCount * floodBursts,
			run: async () => {
				await send(name, floodCount, null, floodBursts);
			}
		})),
		{ sliceMs: 300 }
	);
	const speed = {
		id: 'P4',
		what: 'worker → page, flood',
		ours: 'ours',
		unit: 'thousand/s',
		as: 'speed',
		show: (rate: number) => rate / 1_000
	} as const;
	const latencies = new Map<Way, number[]>(ways.map((way) => [way, []]));
	let longest = 0;
	for (let round = 0; round < 3; round++) {
		for (const way of ways) {
			if (way === 'batches of 256') continue;
			const received = await send(way, pacedCount, 1_000);
			latencies.get(way)?.push(percentile(received.latencies, 0.5));
			if (way === 'ours') longest = Math.max(longest, received.longestFrame);
		}
	}
	const paced = (other: Way, goal?: number): Line => {
		const ours = latencies.get('ours') ?? [];
		const theirs = latencies.get(other) ?? [];
		const ratios = ours.map((ms, round) => ms / (theirs[round] ?? Number.NaN));
		return {
			id: 'P4',
			what: 'worker → page, 1,000/s, p50',
			ours: median(ours),
			other: { name: other, value: median(theirs) },
			unit: 'ms',
			ratio: [median(ratios), Math.min(...ratios), Math.max(...ratios)],
			...(goal === undefined ? {} : { goal: { is: 'at most', value: goal } })
		};
	};
	const frame = longest / (1_000 / 60);
	return [
		answer(flood, { ...speed, other: 'comlink', goal: { is: 'at least', value: 10 } }),
		answer(flood, { ...speed, other: 'postMessage', goal: { is: 'at least', value: 5 } }),
		answer(flood, { ...speed, other: 'batches of 256' }),
		paced('postMessage', 1.5),
		paced('comlink'),
		{
			id: 'P4',
			what: 'longest frame while paced',
			ours: longest,
			other: { name: 'one at 60 fps', value: 1_000 / 60 },
			unit: 'ms',
			ratio: [frame, frame, frame]
		}
	];
}
