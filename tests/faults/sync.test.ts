/**
 * A6: five devices, a network that does what it likes, and a room that is restarted under them. At the end
 * all agree, with each other and with a list of everything that was ever written.
 */

import { describe, expect, test } from 'vitest';
import { readKept, stateText } from '../../src/lib/agent/sync/state-text';
import { canonicalJson, type Json } from '../../src/lib/wire/json';
import { readOperation, type KnownOperation, type OperationType } from '../../src/lib/wire/operations';
import { createWorld, kidOf, memberOf, type Device, type World } from './sync-world';

const isDeep = process.env.WHERRY_DEEP === '1';
const seeds = isDeep ? 10_000 : 500;
const opsADevice = 200;

/** What the lagging build knows. */
const laggard: ReadonlySet<OperationType> = new Set(['node.add', 'reg.set', 'node.hide', 'blob.ref']);

function chanceOf(seed: number) {
	let state = seed >>> 0;
	const float = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
	return { float, int: (below: number) => Math.floor(float() * below) };
}
type Chance = ReturnType<typeof chanceOf>;

const dayMs = 86_400_000;

interface Writer {
	readonly device: Device;
	readonly skew: number;
	lam: number;
	left: number;
}

function writeSome(writer: Writer, n: number, chance: Chance, written: KnownOperation[]): void {
	const { device } = writer;
	const { state } = device.replica;
	const opId = `${n}-${writer.left--}`;
	// As a device does: later than all it has seen.
	writer.lam = Math.max(writer.lam, device.replica.cursor()) + 1 + chance.int(3);
	const common = {
		v: 1 as const,
		opId,
		dev: device.dev,
		lam: writer.lam,
		hlc: [1_700_000_000_000 + writer.skew + writer.left, 0] as [number, number],
		deps: []
	};
	const some = (keys: IterableIterator<string>): string | undefined => {
		const all = [...keys].slice(-12);
		return all[chance.int(all.length)];
	};
	const make = (): KnownOperation => {
		const dice = chance.int(100);
		if (dice < 40) {
			const parent = some(state.nodes.keys()) ?? null;
			return {
				...common,
				type: 'node.add',
				body: { node: `node-${opId}`, parent, session: `s${chance.int(3)}`, content: { text: opId } }
			};
		}
		if (dice < 62) return { ...common, type: 'reg.set', body: { key: `r${chance.int(12)}`, value: opId } };
		if (dice < 76)
			return { ...common, type: 'set.add', body: { key: `s${chance.int(4)}`, value: chance.int(9) } };
		if (dice < 86) {
			const key = `s${chance.int(4)}`;
			const seen = [...(state.sets.get(key)?.added.keys() ?? [])].filter(() => chance.float() < 0.4);
			return { ...common, type: 'set.remove', body: { key, tags: seen } };
		}
		if (dice < 92) {
			const node = some(state.nodes.keys());
			if (node !== undefined) return { ...common, type: 'node.hide', body: { node } };
		}
		if (dice < 97) return { ...common, type: 'doc.update', body: { doc: `d${chance.int(3)}`, update: opId } };
		const body = { hash: `b${chance.int(20)}`, size: n, mediaType: 'text/plain', chunks: [] };
		return { ...common, type: 'blob.ref', body };
	};
	const op = make();
	written.push(op);
	device.replica.write({ kind: 'known', op });
}

/** Everything ever written, in one thread, by other means than the merge: sort, then go through it once. */
function oracle(written: readonly KnownOperation[]): string {
	const sorted = [...written].sort((a, b) => a.lam - b.lam || (a.dev < b.dev ? -1 : 1));
	const nodes: Record<string, Json> = {};
	const hidden: string[] = [];
	const registers: Record<string, Json> = {};
	const sets: Record<string, { added: Record<string, Json>; removed: string[] }> = {};
	const docs: Record<string, Record<string, Json>> = {};
	const blobs: Record<string, Json> = {};
	for (const { lam, dev, opId, ...op } of sorted) {
		if (op.type === 'node.add') {
			const { node, ...rest } = op.body;
			nodes[node] ??= { ...rest, lam, dev };
		}
		if (op.type === 'node.hide') hidden.push(op.body.node);
		if (op.type === 'reg.set') registers[op.body.key] = { value: op.body.value, lam, dev };
		if (op.type === 'set.add') (sets[op.body.key] ??= { added: {}, removed: [] }).added[opId] = op.body.value;
		if (op.type === 'set.remove')
			(sets[op.body.key] ??= { added: {}, removed: [] }).removed.push(...op.body.tags);
		if (op.type === 'doc.update') (docs[op.body.doc] ??= {})[opId] = op.body.update;
		if (op.type === 'blob.ref') {
			const { hash, ...rest } = op.body;
			const held = blobs[hash];
			if (held === undefined || canonicalJson(rest) < canonicalJson(held)) blobs[hash] = rest;
		}
	}
	for (const set of Object.values(sets)) {
		for (const tag of set.removed) delete set.added[tag];
		set.removed = [...new Set(set.removed)].sort();
	}
	return canonicalJson({
		nodes,
		hidden: [...new Set(hidden)].sort(),
		registers,
		sets,
		docs,
		blobs,
		opaque: {},
		foreign: []
	});
}

function settle(world: World): void {
	for (let round = 0; round < 400; round++) {
		for (const device of world.devices) {
			if (device.socket === undefined) world.connect(device);
			world.pump(device);
		}
		while (world.deliver(true));
		const { seq } = world.room().meta();
		if (world.devices.every(({ replica }) => replica.isSettled() && replica.cursor() === seq)) return;
		// What the network swallowed is only noticed by its absence.
		if (round % 4 === 3) for (const device of world.devices) world.disconnect(device);
	}
	const { seq } = world.room().meta();
	const where = world.devices.map(
		({ replica }) =>
			`${replica.cursor()} ${replica.isSettled()} ${replica.isMember()} ${replica.unacknowledged().length}`
	);
	throw new Error(`it never came to rest: ${seq}; ${where.join(', ')}`);
}

/** One whole life; answers what happened in it. */
function run(seed: number) {
	const chance = chanceOf(seed);
	const world = createWorld(chance, laggard);
	const [founder] = world.devices;
	if (founder === undefined) throw new Error('nobody');
	for (let n = 0; n < world.devices.length; n++)
		founder.replica.queuePurpose({ kind: 'add', member: memberOf(n) });
	const written: KnownOperation[] = [];
	const writers = world.devices.map((device) => ({
		device,
		skew: chance.int(2 * dayMs) - dayMs,
		lam: 0,
		left: opsADevice
	}));
	const counts = { restarts: 0, snapshots: 0 };
	let parted: Device | undefined;
	while (writers.some(({ left }) => left > 0)) {
		const n = chance.int(writers.length);
		const writer = writers[n];
		if (writer === undefined) continue;
		const { device } = writer;
		for (let more = 1 + chance.int(12); more > 0 && writer.left > 0; more--)
			writeSome(writer, n, chance, written);
		if (device.socket === undefined && device !== parted) world.connect(device);
		world.pump(device);
		for (let frames = chance.int(14); frames > 0; frames--) if (!world.deliver(false)) break;
		const dice = chance.float();
		if (dice < 0.04) world.disconnect(device);
		else if (dice < 0.06) {
			world.restart(dice < 0.05);
			counts.restarts += 1;
		} else if (dice < 0.08) {
			parted = parted === undefined ? device : undefined;
			if (parted !== undefined) world.disconnect(parted);
		} else if (dice < 0.1 && device.replica.isMember()) {
			device.replica.queueSnapshot();
			counts.snapshots += 1;
		}
	}
	settle(world);
	return { world, written, counts };
}

function check(seed: number) {
	const { world, written, counts } = run(seed);
	const expected = oracle(written);
	const [last] = world.devices.slice(-1);
	if (last === undefined) throw new Error('nobody');
	// What a lagging build's snapshot could not say otherwise is in the others as it came: they read it at once.
	for (const { replica, dev } of world.devices.slice(0, -1))
		if (stateText(replica.state) !== expected) throw new Error(`${dev} differs`);
	// The old build kept what it could not read; updated, it reads it.
	if (
		last.replica.state.sets.size > 0 ||
		last.replica.state.opaque.size + last.replica.state.foreign.size === 0
	)
		throw new Error('the lagging build did not lag');
	readKept(last.replica.state);
	if (stateText(last.replica.state) !== expected) throw new Error('the lagging one differs once updated');
	world.restart(false);
	return { ...counts, ...world.counts(), ops: written.length };
}

describe('A6 sync', () => {
	test(`A6 ${seeds} seeds of five devices that write 200 operations each all agree with a simple list`, () => {
		const first = Number(process.env.WHERRY_SEED ?? '0') || Math.floor(Math.random() * 2 ** 30) + 1;
		console.log(`sync: seeds ${first} to ${first + seeds - 1}`);
		const started = process.cpuUsage();
		const total = { restarts: 0, snapshots: 0, resets: 0, ops: 0, lost: 0 };
		for (let seed = first; seed < first + seeds; seed++) {
			try {
				const found = check(seed);
				for (const name of ['restarts', 'snapshots', 'resets', 'ops', 'lost'] as const)
					total[name] += found[name];
			} catch (thrown) {
				throw new Error(`seed ${seed}`, { cause: thrown });
			}
		}
		const { user } = process.cpuUsage(started);
		console.log(JSON.stringify({ ...total, seconds: user / 1e6 }));
		expect(total.lost).toBe(0);
		expect(Math.min(total.restarts, total.snapshots, total.resets)).toBeGreaterThan(seeds);
	}, 3_600_000);
});

test('operations of a newer version are kept as they are', () => {
	const value = {
		v: 2,
		opId: 'x',
		dev: kidOf(0),
		lam: 1,
		hlc: [0, 0],
		deps: [],
		type: 'node.add',
		body: { odd: 1 }
	};
	expect(readOperation(value)).toEqual({ kind: 'opaque', op: value });
	expect(readOperation({ ...value, lam: -1 })).toBeUndefined();
	expect(readOperation({ ...value, v: 1 })?.kind).toBe('opaque');
});
