/**
 * P12: one answer to many readers. Ours: the hub as deployed, which seals and stores each frame before anybody sees
 * it. The other: a hibernating Durable Object that sends each event to each socket and stores nothing; for
 * information, the same one storing each event first. Both in local workerd, each in its own process, fed by the same provider. A flood is an answer that comes all at once.
 */

import { createSeal, frameKind } from '../../src/lib/wire/hub';
import { median, mustEqual, percentile, type Line } from './measure';
import {
	processorTime,
	serveOurs,
	servePlain,
	startUpstream,
	type Served,
	type Upstream
} from './hub-workers';
import {
	getRequest,
	serverSentEvents,
	subscribe,
	upgradeRequest,
	webSocketMessages,
	type Arrival,
	type Subscriber
} from './subscribers';

const rounds = 7;
const floods = [
	{ subscribers: 100, events: 1000 },
	{ subscribers: 1000, events: 200 }
];
const pace = { subscribers: 100, events: 25, everyMs: 40 };
const secret = new Uint8Array(32).fill(9);
const eventAt = (index: number): string =>
	`data: {"index":${String(index)},"delta":"some words of an answer"}`;

interface Fan {
	/** Everybody reads, the provider waits. */
	open(subscribers: number): Promise<Reading>;
	readonly served: Served;
}
interface Reading {
	readonly readers: readonly Subscriber[];
	write(text: string): void;
	/** The provider says no more; resolves when each reader has everything. */
	end(): Promise<void>;
	/** For each reader: every event of the provider, and when it was there. */
	arrivals(): Promise<Arrival[][]>;
	close(): Promise<void>;
}

interface Flood {
	readonly rate: number;
	readonly cpu: number;
}

export async function bench(): Promise<Line[]> {
	const upstream = await startUpstream();
	const ours = ourFan(await serveOurs(upstream.origin), upstream);
	const sender = await servePlain(upstream.origin);
	const plain = plainFan(sender, upstream, 'plain');
	const storing = plainFan(sender, upstream, 'stored');
	const lines: Line[] = [];
	try {
		for (const { subscribers, events } of floods) {
			const runs = await alternate(ours, plain, (fan) => flood(fan, subscribers, events));
			const what = `flood of ${String(events)} events to ${String(subscribers)}`;
			lines.push({
				...compared(runs, ({ rate }) => rate),
				id: 'P12',
				what,
				unit: 'deliveries/s',
				goal: { is: 'at least', value: 20 }
			});
			lines.push({
				...compared(runs, ({ cpu }) => cpu),
				id: 'P12',
				what: `${what}, processor`,
				unit: 'µs each'
			});
		}
		const what = `${String(1000 / pace.everyMs)} events/s to ${String(pace.subscribers)}`;
		const stored = await alternate(ours, storing, paced);
		lines.push({
			...compared(stored, ({ p50 }) => p50, 'storing first'),
			id: 'P12',
			what: `${what}, p50`,
			unit: 'ms'
		});
		const runs = await alternate(ours, plain, paced);
		lines.push({
			...compared(runs, ({ p50 }) => p50),
			id: 'P12',
			what: `${what}, p50`,
			unit: 'ms',
			goal: { is: 'at most', value: 1.1 }
		});
		lines.push({ ...compared(runs, ({ p95 }) => p95), id: 'P12', what: `${what}, p95`, unit: 'ms' });
		lines.push({
			...compared(runs, ({ cpu }) => cpu),
			id: 'P12',
			what: `${what}, processor`,
			unit: 'µs each'
		});
	} finally {
		ours.served.stop();
		plain.served.stop();
		upstream.close();
	}
	return lines;
}

/** Another one begins each time; the first round warms up. */
async function alternate<Result>(ours: Fan, plain: Fan, run: (fan: Fan) => Promise<Result>) {
	const results: { ours: Result; plain: Result }[] = [];
	for (let round = 0; round <= rounds; round++) {
		const first = await run(round % 2 === 0 ? ours : plain);
		const second = await run(round % 2 === 0 ? plain : ours);
		if (round > 0)
			results.push(round % 2 === 0 ? { ours: first, plain: second } : { ours: second, plain: first });
	}
	return results;
}

function compared<Result>(
	runs: readonly { ours: Result; plain: Result }[],
	of: (result: Result) => number,
	name = 'sending each'
): Pick<Line, 'ours' | 'other' | 'ratio'> {
	const ratios = runs.map(({ ours, plain }) => of(ours) / of(plain));
	return {
		ours: median(runs.map(({ ours }) => of(ours))),
		other: { name, value: median(runs.map(({ plain }) => of(plain))) },
		ratio: [median(ratios), Math.min(...ratios), Math.max(...ratios)]
	};
}

async function flood(fan: Fan, subscribers: number, events: number): Promise<Flood> {
	const reading = await fan.open(subscribers);
	const expected = Array.from({ length: events }, (_, index) => eventAt(index));
	const text = expected.map((event) => `${event}\n\n`).join('');
	globalThis.gc?.();
	const processor = processorTime(fan.served.pid);
	const start = performance.now();
	reading.write(text);
	await reading.end();
	const ms = performance.now() - start;
	const cpu = (processorTime(fan.served.pid) - processor) / (subscribers * events);
	for (const arrivals of await reading.arrivals())
		mustEqual(
			'what a reader has',
			expected,
			arrivals.map((arrival) => arrival.text)
		);
	await reading.close();
	return { rate: (subscribers * events * 1000) / ms, cpu };
}

async function paced(fan: Fan): Promise<{ p50: number; p95: number; cpu: number }> {
	const reading = await fan.open(pace.subscribers);
	const processor = processorTime(fan.served.pid);
	const written: number[] = [];
	const start = performance.now();
	for (let index = 0; index < pace.events; index++) {
		const wait = start + (index + 1) * pace.everyMs - performance.now();
		await new Promise((done) => setTimeout(done, Math.max(0, wait)));
		written.push(performance.now());
		reading.write(`${eventAt(index)}\n\n`);
	}
	await reading.end();
	const cpu = (processorTime(fan.served.pid) - processor) / (pace.subscribers * pace.events);
	const latencies: number[] = [];
	for (const arrivals of await reading.arrivals()) {
		mustEqual('events', pace.events, arrivals.length);
		for (const [index, { text, at }] of arrivals.entries()) {
			mustEqual('an event', eventAt(index), text);
			latencies.push(at - (written[index] ?? Number.NaN));
		}
	}
	await reading.close();
	return { p50: percentile(latencies, 0.5), p95: percentile(latencies, 0.95), cpu };
}

let streams = 0;

function ourFan(served: Served, upstream: Upstream): Fan {
	return {
		served,
		async open(subscribers) {
			const id = `stream-to-many-readers-${String(streams++).padStart(4, '0')}`;
			const arrived = upstream.arrived();
			const asking = fetch(`http://127.0.0.1:${String(served.port)}/api/relay/openai/v1/chat/completions`, {
				method: 'POST',
				body: id,
				headers: {
					'x-wherry-stream': id,
					'x-wherry-seal': Buffer.from(secret).toString('base64url'),
					authorization: 'Bearer k'
				}
			});
			const response = await arrived;
			await (await asking).body?.cancel();
			const readers = await openAll(subscribers, () =>
				subscribe(served.port, getRequest(`/api/streams/${id}?after=0`))
			);
			await Promise.all(readers.map((reader) => reader.until('-1\ndata: ')));
			return {
				readers,
				write: (text) => response.write(text),
				async end() {
					response.end();
					await Promise.all(readers.map((reader) => reader.until('event: end')));
				},
				arrivals: () => opened(readers, id),
				async close() {
					for (const reader of readers) reader.close();
					await Promise.resolve();
				}
			};
		}
	};
}

/** A frame is opened once; that all readers have the same ones is compared. */
async function opened(readers: readonly Subscriber[], id: string): Promise<Arrival[][]> {
	const known = new Map<string, string>();
	let seal: Awaited<ReturnType<typeof createSeal>> | undefined;
	const all: Arrival[][] = [];
	for (const reader of readers) {
		const events: Arrival[] = [];
		let rest = '';
		let expected = 1;
		for (const { text, at } of serverSentEvents(reader)) {
			const [, epoch = '', seq = '', data = ''] = /^id: (\w+)-(\d+)\ndata: (.*)$/.exec(text) ?? [];
			if (data === '') continue;
			mustEqual('the next frame', expected++, Number(seq));
			let content = known.get(`${seq} ${data}`);
			if (content === undefined) {
				seal ??= await createSeal(secret, id, epoch);
				const frame = await seal.open(Number(seq), new Uint8Array(Buffer.from(data, 'base64')));
				content = frame.kind === frameKind.body ? Buffer.from(frame.content).toString() : '';
				known.set(`${seq} ${data}`, content);
			}
			const parts = (rest + content).split('\n\n');
			rest = parts.pop() ?? '';
			for (const part of parts) events.push({ text: part, at });
		}
		all.push(events);
	}
	return all;
}

function plainFan(served: Served, upstream: Upstream, name: 'plain' | 'stored'): Fan {
	return {
		served,
		async open(subscribers) {
			const path = `/${name}-stream-${String(streams++)}`;
			const readers = await openAll(subscribers, () => subscribe(served.port, upgradeRequest(path)));
			await Promise.all(readers.map((reader) => reader.until('\r\n\r\n')));
			const arrived = upstream.arrived();
			const asking = fetch(`http://127.0.0.1:${String(served.port)}${path}`, { method: 'POST' });
			const response = await arrived;
			return {
				readers,
				write: (text) => response.write(text),
				async end() {
					response.end();
					await Promise.all(readers.map((reader) => reader.until('the very end')));
				},
				arrivals: () =>
					Promise.resolve(
						readers.map((reader) => webSocketMessages(reader).filter(({ text }) => text !== 'the very end'))
					),
				async close() {
					await (await asking).text();
					for (const reader of readers) reader.close();
				}
			};
		}
	};
}

/** Fifty at a time: a thousand at once overrun the listening socket's queue. */
async function openAll(count: number, open: () => Promise<Subscriber>): Promise<Subscriber[]> {
	const all: Subscriber[] = [];
	while (all.length < count)
		all.push(...(await Promise.all(Array.from({ length: Math.min(50, count - all.length) }, open))));
	return all;
}
