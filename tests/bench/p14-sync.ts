/**
 * P14: a home's devices and their room. A new device joins 100,000 operations (a signed snapshot and a tail of 1,000
 * envelopes with one operation each, which is the worst that it may be); two devices that are there exchange edits;
 * and what an edit weighs. Ours signs, seals, verifies and stores every envelope; Yjs does none of it.
 */

import * as Y from 'yjs';
import { packSnapshot } from '../../src/lib/agent/sync/pack-snapshot';
import { stateText } from '../../src/lib/agent/sync/state-text';
import { toBase64Url } from '../../src/lib/wire/device';
import { opsPerEnvelope } from '../../src/lib/wire/sync';
import { answer, compare, median, mustEqual, type Line } from './measure';
import { serveRoom, type Served } from './hub-workers';
import {
	connectOurs,
	connectYjs,
	countingLine,
	makeDevice,
	nodeOf,
	serveYjs,
	until,
	type YjsServer
} from './sync-peers';

const joinedOperations = 100_000;
const tail = 1_000;
const joins = 7;
const limitMs = 5_000;
const burst = 800;
const secret = new Uint8Array(32).fill(5);
const newRoomId = (): string => toBase64Url(crypto.getRandomValues(new Uint8Array(16)));

export async function bench(): Promise<Line[]> {
	const room = await serveRoom();
	const yjs = await serveYjs();
	try {
		return [...(await steady(room, yjs)), ...(await join(room, yjs))];
	} finally {
		room.stop();
		yjs.stop();
	}
}

async function home(port: number) {
	const room = newRoomId();
	const writer = await makeDevice(room, secret);
	const reader = await makeDevice(room, secret);
	for (const { member } of [writer, reader]) writer.replica.queuePurpose({ kind: 'add', member });
	const ours = connectOurs(port, room, secret, writer, false);
	await until(() => ours.replica.cursor() === 2 && ours.replica.isSettled(), 'founded');
	return { room, writer, reader, ours };
}

async function join(served: Served, yjs: YjsServer): Promise<Line[]> {
	const { room, writer, reader, ours } = await home(served.port);
	for (let index = 0; index < joinedOperations - tail; index++)
		ours.replica.write({ kind: 'known', op: nodeOf(index, writer.kid) });
	const settled = (): boolean => ours.replica.isSettled() && ours.replica.cursor() === sent();
	const sent = (): number => ours.replica.acknowledged().devSeq;
	await ours.connection.send();
	await until(settled, 'all is there');
	ours.replica.queueSnapshot(await packSnapshot(ours.replica.snapshot()));
	await ours.connection.send();
	await until(settled, 'the snapshot is there');
	for (let index = joinedOperations - tail; index < joinedOperations; index++) {
		ours.replica.write({ kind: 'known', op: nodeOf(index, writer.kid) });
		await ours.connection.send();
		await until(() => ours.replica.unacknowledged().length < 8, 'a place in the queue');
	}
	await until(settled, 'the tail is there');
	const last = ours.replica.cursor();
	const expected = stateText(ours.replica.state);

	const theirs = connectYjs(yjs.port, room);
	theirs.doc.transact(() => {
		for (let index = 0; index < joinedOperations; index++)
			theirs.nodes.set(`n${String(index)}`, nodeOf(index, '').body);
	});
	const times: number[] = [];
	const others: number[] = [];
	for (let round = 0; round <= joins; round++) {
		globalThis.gc?.();
		const start = performance.now();
		const joined = connectOurs(served.port, room, secret, reader);
		await until(() => joined.replica.cursor() === last, 'joined');
		const ms = performance.now() - start;
		if (round === 0) mustEqual('the state', true, expected === stateText(joined.replica.state));
		mustEqual('nodes', joinedOperations, joined.replica.state.nodes.size);
		joined.close();
		globalThis.gc?.();
		const again = performance.now();
		const other = connectYjs(yjs.port, room);
		await until(() => other.nodes.size === joinedOperations, 'Yjs joined');
		const otherMs = performance.now() - again;
		other.close();
		if (round === 0) continue;
		times.push(ms);
		others.push(otherMs);
	}
	ours.close();
	theirs.close();
	const shares = times.map((ms) => ms / limitMs);
	const ratios = times.map((ms, round) => ms / (others[round] ?? Number.NaN));
	const what = `first join of ${String(joinedOperations)} operations`;
	return [
		{
			id: 'P14',
			what,
			ours: median(times),
			other: { name: 'the limit', value: limitMs },
			unit: 'ms',
			ratio: [median(shares), Math.min(...shares), Math.max(...shares)],
			goal: { is: 'at most', value: 1 }
		},
		{
			id: 'P14',
			what,
			ours: median(times),
			other: { name: 'Yjs, nothing sealed', value: median(others) },
			unit: 'ms',
			ratio: [median(ratios), Math.min(...ratios), Math.max(...ratios)]
		}
	];
}

async function steady(served: Served, yjs: YjsServer): Promise<Line[]> {
	const { room, writer, reader, ours } = await home(served.port);
	const line = await countingLine(served.port);
	const mine = connectOurs(line.port, room, secret, reader);
	await until(() => mine.connection.status().kind === 'joined', 'the other device is there');
	let written = 0;
	const plain = { bytes: 0 };
	const pairs = ['each', 'some'].map((name) => {
		const [one, other] = [connectYjs(yjs.port, `${room}-${name}`), connectYjs(yjs.port, `${room}-${name}`)];
		return { one, other, count: 0 };
	});
	const [each, some] = pairs;
	if (each === undefined || some === undefined) throw new Error('two pairs were made');
	const edit = async (pair: typeof each, atOnce: number): Promise<void> => {
		for (let from = 0; from < burst; from += atOnce)
			pair.one.doc.transact(() => {
				for (let i = 0; i < atOnce; i++, pair.count++)
					pair.one.nodes.set(`n${String(pair.count)}`, nodeOf(pair.count, '').body);
			});
		await until(() => pair.other.nodes.size === pair.count, 'Yjs has it');
	};
	const rates = await compare([
		{
			name: 'ours',
			units: burst,
			async run() {
				for (let i = 0; i < burst; i += opsPerEnvelope) {
					const operations = Array.from({ length: opsPerEnvelope }, () => nodeOf(written++, writer.kid));
					plain.bytes += JSON.stringify(operations).length;
					for (const op of operations) ours.replica.write({ kind: 'known', op });
				}
				await ours.connection.send();
				await until(
					() => mine.replica.state.nodes.size === written && ours.replica.isSettled(),
					'we have it'
				);
			}
		},
		{ name: 'Yjs', units: burst, run: () => edit(each, 1) },
		{
			name: `Yjs, ${String(opsPerEnvelope)} a transaction`,
			units: burst,
			run: () => edit(some, opsPerEnvelope)
		}
	]);
	mustEqual('what both have', true, stateText(ours.replica.state) === stateText(mine.replica.state));
	for (const { one, other } of pairs)
		mustEqual(
			'what both have',
			true,
			Buffer.from(Y.encodeStateVector(one.doc)).equals(Y.encodeStateVector(other.doc))
		);
	const weight = mine.received / plain.bytes;
	const onTheWay = line.bytes() / plain.bytes;
	const asked = { id: 'P14', ours: 'ours', unit: 'edits/s', as: 'speed' } as const;
	const lines: Line[] = [
		answer(rates, {
			...asked,
			what: 'edits between two devices',
			other: 'Yjs',
			goal: { is: 'at least', value: 1 }
		}),
		answer(rates, {
			...asked,
			what: 'edits between two devices',
			other: `Yjs, ${String(opsPerEnvelope)} a transaction`
		}),
		{
			id: 'P14',
			what: `an edit at ${String(opsPerEnvelope)} an envelope`,
			ours: mine.received / written,
			other: { name: 'plain JSON', value: plain.bytes / written },
			unit: 'bytes',
			ratio: [weight, weight, weight],
			goal: { is: 'at most', value: 1.3 }
		},
		{
			id: 'P14',
			what: 'the same, on the way (WebSockets deflate)',
			ours: line.bytes() / written,
			other: { name: 'plain JSON', value: plain.bytes / written },
			unit: 'bytes',
			ratio: [onTheWay, onTheWay, onTheWay]
		},
		{
			id: 'P14',
			what: 'an edit',
			ours: mine.received / written,
			other: { name: 'Yjs', value: each.other.received / each.count },
			unit: 'bytes',
			ratio: [1, 1, 1].map(() => mine.received / written / (each.other.received / each.count)) as [
				number,
				number,
				number
			]
		}
	];
	for (const { one, other } of pairs) {
		one.close();
		other.close();
	}
	mine.close();
	ours.close();
	line.close();
	return lines;
}
