/**
 * P23: what a day of use costs at the edge, ours and cloudflare/agents' one Durable Object a chat. What ours asks is
 * counted while the real client talks to the real Worker (one answer, one reload, one turn's sync); the rest is
 * arithmetic on the assumptions below, which are printed with the result.
 *
 * Prices and what is billed: developers.cloudflare.com/durable-objects/platform/pricing. A Durable Object is billed
 * for the wall-clock time in which it runs, or idles unable to hibernate, at 128 MB; for each request and alarm; for
 * WebSocket messages that come in, 20 as one request. Static files cost nothing.
 * How cloudflare/agents behaves: its docs/chat-agents.md. A chat is an object; a page that shows it opens a WebSocket
 * and fetches the messages once; a message is one frame to the object, which asks the model itself and streams back;
 * messages and state are broadcast (what goes out is not billed). Between two events it hibernates.
 */

import { fetchThroughHub } from '../../src/lib/agent/models/hub-stream';
import { toBase64Url } from '../../src/lib/wire/base64';
import { mustEqual, type Line } from './measure';
import { serveCounted, serveRoom, startUpstream } from './hub-workers';
import { connectOurs, makeDevice, nodeOf, until } from './sync-peers';

/** A day of one person. */
const day = {
	pageLoads: 4,
	chatsOpened: 8,
	turns: 20,
	/** Requests to a model a turn: tools make more than one. */
	callsPerTurn: 2.5,
	/** From asking to the last word. */
	answerSeconds: 9,
	eventsPerAnswer: 400,
	bytesPerEvent: 180,
	reloadsWithinAnAnswer: 1,
	devices: 2,
	/** Commits of a turn, and operations of each, as the outbox sends them. */
	commitsPerTurn: 4,
	operationsPerCommit: 2,
	/** What one WebSocket message or alarm keeps an object awake: the example of the price list. */
	handlingSeconds: 0.01,
	messagesPerChat: 20,
	bytesPerMessage: 1000
};
const gigabytes = 128 / 1024;
/** Dollars, beyond what a month includes. */
const price = { worker: 0.3e-6, object: 0.15e-6, duration: 12.5e-6 };
const included = { worker: 10e6, object: 1e6, duration: 400_000 };

interface Cost {
	readonly worker: number;
	readonly object: number;
	readonly seconds: number;
	readonly bytes: number;
}
const plus = (one: Cost, other: Cost): Cost => ({
	worker: one.worker + other.worker,
	object: one.object + other.object,
	seconds: one.seconds + other.seconds,
	bytes: one.bytes + other.bytes
});
const times = (cost: Cost, count: number): Cost => ({
	worker: cost.worker * count,
	object: cost.object * count,
	seconds: cost.seconds * count,
	bytes: cost.bytes * count
});

export async function bench(): Promise<Line[]> {
	const answer = await oneAnswer();
	const sync = await oneTurnOfSync();
	const calls = day.turns * day.callsPerTurn;
	/** A relay that is claimed asks the home's object once a call; `edge/home/door.ts`. */
	const door: Cost = { worker: 0, object: 1, seconds: day.handlingSeconds, bytes: 0 };
	const call: Cost = {
		worker: answer.worker,
		// An alarm every 20 s while it reads, counted; and one after a day, which was not waited for.
		object: answer.object + answer.alarms + 1,
		seconds: day.answerSeconds + (answer.alarms + 1) * day.handlingSeconds,
		bytes: answer.bytes
	};
	// The document comes from the Worker, everything else of a page load is static.
	const pages: Cost = { worker: day.pageLoads, object: 0, seconds: 0, bytes: 0 };
	const reload: Cost = { ...answer.reload, seconds: 0 };
	const rooms = plus(
		times({ worker: 1, object: 1, seconds: day.handlingSeconds, bytes: 0 }, day.pageLoads * day.devices),
		times(sync, day.turns)
	);
	const around = plus(plus(pages, times(reload, day.reloadsWithinAnAnswer)), rooms);
	const relayed = plus(around, times(plus(call, door), calls));
	// With a key of one's own, the browser asks the provider: no edge at all.
	const direct = plus(pages, rooms);

	const opened: Cost = {
		worker: 2,
		object: 2,
		seconds: 2 * day.handlingSeconds,
		bytes: day.messagesPerChat * day.bytesPerMessage
	};
	const turn: Cost = {
		worker: 0,
		object: 1 / 20,
		seconds: day.callsPerTurn * day.answerSeconds + day.handlingSeconds,
		bytes:
			day.callsPerTurn * day.eventsPerAnswer * day.bytesPerEvent +
			2 * day.messagesPerChat * day.bytesPerMessage
	};
	// A reloaded page opens its chat again; so does each device that looks on.
	const opens = day.chatsOpened + day.pageLoads * day.devices + day.reloadsWithinAnAnswer;
	const agents = plus(times(opened, opens), times(turn, day.turns));

	print({ 'ours, all through the relay': relayed, 'ours, own keys': direct, 'cloudflare/agents': agents });
	const requests = ({ worker, object }: Cost): number => worker + object;
	const duration = ({ seconds }: Cost): number => seconds * gigabytes;
	const line = (what: string, ours: number, value: number, unit: string, isGoal: boolean): Line => ({
		id: 'P23',
		what,
		ours,
		other: { name: 'an object a chat', value },
		unit,
		ratio: [ours / value, ours / value, ours / value],
		...(isGoal ? { goal: { is: 'at most', value: 0.1 } as const } : {})
	});
	return [
		line('requests a user-day, relay and hub', requests(relayed), requests(agents), 'requests', true),
		line('object time a user-day, relay and hub', duration(relayed), duration(agents), 'GB-s', true),
		line('bytes a user-day, relay and hub', relayed.bytes / 1e6, agents.bytes / 1e6, 'MB', false),
		line('requests a user-day, own keys', requests(direct), requests(agents), 'requests', false),
		line('object time a user-day, own keys', duration(direct), duration(agents), 'GB-s', false)
	];
}

/** An answer at its own pace through relay and hub, read by our client, and once more from the start as after a reload. */
async function oneAnswer() {
	const upstream = await startUpstream();
	const served = await serveCounted(upstream.origin);
	const origin = `http://127.0.0.1:${String(served.port)}`;
	const counts = async (): Promise<{ worker: number; object: number; alarm: number }> =>
		(await (await fetch(`${origin}/counts`)).json()) as { worker: number; object: number; alarm: number };
	let bytes = 0;
	const counting = async (request: Request): Promise<Response> => {
		const answer = await fetch(request);
		const counted = answer.body?.pipeThrough(
			new TransformStream<Uint8Array, Uint8Array>({
				transform(piece, controller) {
					bytes += piece.length;
					controller.enqueue(piece);
				}
			})
		);
		return new Response(counted, answer);
	};
	const ports = {
		fetch: counting,
		clock: {
			now: () => Date.now(),
			sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, ms).unref())
		},
		isStop: () => false
	};
	const names = { id: 'a-stream-of-the-scripted-day', secret: new Uint8Array(32).fill(3) };
	const ask = (): Request =>
		new Request(`${origin}/api/relay/openai/v1/chat/completions`, {
			method: 'POST',
			body: '{"stream":true}',
			headers: { authorization: 'Bearer k' }
		});
	try {
		const arrived = upstream.arrived();
		const start = performance.now();
		const asking = fetchThroughHub(ask(), { ...names, mayExist: false }, ports);
		const response = await arrived;
		const event = `data: ${'x'.repeat(day.bytesPerEvent - 8)}\n\n`;
		const pause = (day.answerSeconds * 1000) / day.eventsPerAnswer;
		const writing = (async () => {
			for (let index = 0; index < day.eventsPerAnswer; index++) {
				const wait = start + (index + 1) * pause - performance.now();
				await new Promise((done) => setTimeout(done, Math.max(0, wait)));
				response.write(event);
			}
			response.end();
		})();
		const text = await (await asking).text();
		await writing;
		mustEqual('the answer', day.eventsPerAnswer * day.bytesPerEvent, text.length);
		const first = await counts();
		const firstBytes = bytes;
		await (await fetchThroughHub(ask(), { ...names, mayExist: true }, ports)).text();
		const second = await counts();
		mustEqual('asked the model', 1, upstream.asked());
		// As long as the alarm that was set when the answer began could still go off.
		const patience = start + 21_000;
		while ((await counts()).alarm === 0 && performance.now() < patience)
			await new Promise((done) => setTimeout(done, 250));
		return {
			worker: first.worker,
			object: first.object,
			alarms: (await counts()).alarm,
			bytes: firstBytes,
			reload: {
				worker: second.worker - first.worker,
				object: second.object - first.object,
				bytes: bytes - firstBytes
			}
		};
	} finally {
		served.stop();
		upstream.close();
	}
}

/** A turn's commits at one device, read by the other: frames to the room, and what it sends back. */
async function oneTurnOfSync(): Promise<Cost> {
	const served = await serveRoom();
	const room = toBase64Url(crypto.getRandomValues(new Uint8Array(16)));
	const secret = new Uint8Array(32).fill(5);
	try {
		const writer = await makeDevice(room, secret);
		const reader = await makeDevice(room, secret);
		for (const { member } of [writer, reader]) writer.replica.queuePurpose({ kind: 'add', member });
		const one = connectOurs(served.port, room, secret, writer, false);
		await until(() => one.replica.cursor() === 2 && one.replica.isSettled(), 'founded');
		const other = connectOurs(served.port, room, secret, reader);
		await until(() => other.replica.cursor() === 2, 'the other device is there');
		const [sent, received] = [one.sent + other.sent, one.received + other.received];
		let index = 0;
		for (let commit = 0; commit < day.commitsPerTurn; commit++) {
			for (let i = 0; i < day.operationsPerCommit; i++)
				one.replica.write({ kind: 'known', op: nodeOf(index++, writer.kid) });
			await one.connection.send();
			await until(() => other.replica.state.nodes.size === index && one.replica.isSettled(), 'it came');
		}
		const frames = one.sent + other.sent - sent;
		const bytes = one.received + other.received - received;
		one.close();
		other.close();
		return { worker: 0, object: frames / 20, seconds: frames * day.handlingSeconds, bytes };
	} finally {
		served.stop();
	}
}

function print(costs: Readonly<Record<string, Cost>>): void {
	console.log(`      a day: ${JSON.stringify(day).replaceAll(/[{}"]/g, '').replaceAll(',', ', ')}`);
	for (const users of [1, 1_000, 1_000_000]) {
		for (const [name, { worker, object, seconds, bytes }] of Object.entries(costs)) {
			const month = 30 * users;
			const over = (count: number, free: number): number => Math.max(0, count * month - free);
			const dollars =
				over(worker, included.worker) * price.worker +
				over(object, included.object) * price.object +
				over(seconds * gigabytes, included.duration) * price.duration;
			const show = (value: number): string =>
				(value * users).toLocaleString('en', { maximumFractionDigits: 1 });
			console.log(
				`      ${users.toLocaleString('en').padStart(9)} users, ${name.padEnd(28)} a day: ${show(worker)} Worker requests, ${show(object)} object requests, ${show(seconds * gigabytes)} GB-s, ${show(bytes / 1e6)} MB; $${dollars.toFixed(0)} a month over what is included`
			);
		}
	}
}
