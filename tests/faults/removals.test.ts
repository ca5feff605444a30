/** Devices of one home that show each other the door, at once or while somebody comes: who stays reads on. */

import { describe, expect, test } from 'vitest';
import { createConnection, type SyncConnection, type SyncKeeper } from '../../src/lib/agent/sync/connection';
import { openLink } from '../../src/lib/agent/sync/link';
import { createRoomKeys, type RoomKeys } from '../../src/lib/agent/sync/room-keys';
import { createMemoryRelay, type DeviceNetwork, type MemoryRelay } from '../fakes/memory-relay';
import { createSyncDevice, newRoom, type SyncDevice } from '../fakes/sync-devices';

interface Client extends SyncDevice {
	readonly connection: SyncConnection;
	readonly network: DeviceNetwork;
	go(): void;
}

const clock = {
	now: () => Date.now(),
	sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, Math.min(ms, 20)).unref())
};
const random = { float: Math.random, bytes: (length: number) => new Uint8Array(length) };

async function client(
	relay: MemoryRelay,
	room: string,
	secret: Uint8Array<ArrayBuffer>,
	{ keys, keeper }: { keys?: RoomKeys; keeper?: SyncKeeper } = {}
): Promise<Client> {
	const device = await createSyncDevice(room, secret, 'Ed25519', keys);
	const { reading, signer } = device;
	const connection = createConnection({
		reading,
		signer,
		clock,
		...(keeper === undefined ? {} : { keeper })
	});
	const network = relay.network();
	const address = `ws://localhost/api/sync/${room}`;
	return {
		...device,
		connection,
		network,
		go() {
			network.setOnline(true);
			openLink({ connection, network, address, clock, random, changed: () => undefined });
		}
	};
}

async function until(what: () => boolean, why: string): Promise<void> {
	for (let tries = 0; tries < 1_000; tries++) {
		if (what()) return;
		await new Promise((done) => setTimeout(done, 5));
	}
	throw new Error(`never: ${why}`);
}

/** A home of so many; the first is connected and has let all of them in, the others have read it and are apart. */
async function home(count: number) {
	const relay = createMemoryRelay();
	const room = newRoom();
	const secret = crypto.getRandomValues(new Uint8Array(32));
	const clients = await Promise.all(Array.from({ length: count }, () => client(relay, room, secret)));
	const [founder] = clients;
	if (founder === undefined) throw new Error('nobody');
	for (const one of clients) founder.replica.queuePurpose({ kind: 'add', member: one.member });
	founder.go();
	await until(() => founder.replica.cursor() === count, 'founded');
	for (const one of clients.slice(1)) {
		one.go();
		await until(() => one.replica.cursor() === count, 'let in');
		one.network.setOnline(false);
	}
	return { relay, room, secret, clients };
}

async function hearEachOther(...some: readonly Client[]): Promise<void> {
	for (const one of some) {
		const word = `from ${one.kid}`;
		one.set('word', word);
		await one.connection.send();
		await until(
			() => some.every(({ replica }) => replica.state.registers.get('word')?.value === word),
			`all heard it: ${some.map(({ connection }) => JSON.stringify(connection.status())).join()}`
		);
	}
}

const isOut = (by: Client, who: Client): boolean => by.replica.place().members[who.kid]?.isRemoved === true;

describe('removing devices', () => {
	test('two that remove another at once both get their way, one after the other', async () => {
		const { clients } = await home(4);
		const [ann, bob, carl, dora] = clients as [Client, Client, Client, Client];
		bob.replica.queuePurpose({ kind: 'remove', kid: dora.kid });
		expect((await bob.seal())?.header.purpose).toMatchObject({ kind: 'remove', epoch: 2 });
		// What it made for the next epoch is nobody's key before the room has taken it.
		expect(bob.reading.keys.secrets().size).toBe(1);
		bob.set('said', 'before the key of two was known');
		ann.replica.queuePurpose({ kind: 'remove', kid: carl.kid });
		await ann.connection.send();
		await until(() => isOut(ann, carl), 'the first is out');
		bob.network.setOnline(true);
		await until(() => isOut(ann, dora) && isOut(bob, dora), 'the second is out');
		await hearEachOther(ann, bob);
		expect(ann.replica.place().epoch).toBe(3);
		expect(ann.replica.state.registers.has('said')).toBe(true);
	});

	test('asked for twice it is done once, and a second one waits until the first is read', async () => {
		const { clients } = await home(4);
		const [ann, bob, carl, dora] = clients as [Client, Client, Client, Client];
		for (const { kid } of [carl, carl, dora]) ann.replica.queuePurpose({ kind: 'remove', kid });
		expect(ann.replica.isLeaving(carl.kid)).toBe(true);
		ann.set('said', 'right after');
		await ann.connection.send();
		ann.replica.queuePurpose({ kind: 'remove', kid: carl.kid });
		await ann.connection.send();
		await until(() => isOut(ann, carl) && isOut(ann, dora) && ann.replica.isSettled(), 'both are out');
		expect(ann.replica.isLeaving(carl.kid)).toBe(false);
		bob.network.setOnline(true);
		await hearEachOther(ann, bob);
		expect(ann.replica.place().epoch).toBe(3);
	});

	test('two that remove the same one do it once', async () => {
		const { clients } = await home(3);
		const [ann, bob, carl] = clients as [Client, Client, Client];
		bob.replica.queuePurpose({ kind: 'remove', kid: carl.kid });
		await bob.seal();
		ann.replica.queuePurpose({ kind: 'remove', kid: carl.kid });
		await ann.connection.send();
		await until(() => isOut(ann, carl), 'out');
		bob.network.setOnline(true);
		await hearEachOther(ann, bob);
		await until(() => bob.replica.isSettled(), 'nothing waits');
		expect(ann.replica.place().epoch).toBe(2);
	});

	test('who came after a removal was sealed, and before the room had it, reads what follows', async () => {
		const { relay, room, secret, clients } = await home(3);
		const [ann, bob, carl] = clients as [Client, Client, Client];
		bob.replica.queuePurpose({ kind: 'remove', kid: carl.kid });
		await bob.seal();
		const late = await client(relay, room, secret);
		ann.replica.queuePurpose({ kind: 'add', member: late.member });
		await ann.connection.send();
		await until(() => late.kid in ann.replica.place().members, 'let in');
		bob.network.setOnline(true);
		await until(() => isOut(ann, carl), 'out');
		late.go();
		await hearEachOther(ann, bob, late);
	});

	test('a member to whom nothing can be sealed keeps nobody from going', async () => {
		const { clients } = await home(3);
		const [ann, bob, carl] = clients as [Client, Client, Client];
		const stranger = await createSyncDevice(newRoom(), new Uint8Array(32));
		ann.replica.queuePurpose({ kind: 'add', member: { ...stranger.member, agree: 'AAAA' } });
		ann.replica.queuePurpose({ kind: 'remove', kid: carl.kid });
		await ann.connection.send();
		await until(() => isOut(ann, carl), 'out');
		bob.network.setOnline(true);
		await hearEachOther(ann, bob);
	});
});

test('that it was removed a device believes a member, and no relay', async () => {
	const { room, clients } = await home(3);
	const [ann, bob, carl] = clients as [Client, Client, Client];
	const stranger = await createSyncDevice(room, new Uint8Array(32));
	const told = async (...by: unknown[]): Promise<string> => {
		bob.connection.open({ send: () => undefined, close: () => undefined });
		await bob.connection.received(JSON.stringify({ type: 'revoked', ...(by.length > 0 ? { by } : {}) }));
		return bob.connection.status().kind;
	};
	ann.replica.queuePurpose({ kind: 'add', member: stranger.member });
	const added = await ann.seal();
	carl.replica.queuePurpose({ kind: 'remove', kid: bob.kid });
	const removed = await carl.seal();
	if (added === undefined || removed === undefined) throw new Error('nothing sealed');
	const { header } = removed;
	expect(await told()).toBe('not-admitted');
	expect(await told({ ...removed, header: { ...header, dev: ann.kid } })).toBe('not-admitted');
	expect(await told({ ...added, header: { ...added.header, purpose: header.purpose } })).toBe('not-admitted');
	expect(await told(added)).toBe('not-admitted');
	expect(await told(added, removed)).toBe('revoked');
});

describe('a newcomer whom a relay and a removed device lead to a log of their own', () => {
	const secretOf = () => crypto.getRandomValues(new Uint8Array(32));

	/** Carl was removed from the home; he knows its address and its first key. His log has the newcomer as a member. */
	async function captured() {
		const relay = createMemoryRelay();
		const room = newRoom();
		const [first, second] = [secretOf(), secretOf()];
		let kept = 0;
		const count = async () => void (kept += 1);
		const keys = createRoomKeys(
			room,
			[
				[1, first],
				[2, second]
			],
			2
		);
		const late = await client(relay, room, first, {
			keys,
			keeper: { sealed: count, acknowledged: count, advanced: count }
		});
		late.set('secret', 'what only the home may know');
		const carl = await client(relay, room, first);
		for (const one of [carl, late]) carl.replica.queuePurpose({ kind: 'add', member: one.member });
		carl.set('rule', 'everything is allowed');
		carl.go();
		await until(() => carl.replica.isSettled() && carl.replica.cursor() === 3, 'founded');
		const end = async (kind: string): Promise<void> => {
			late.go();
			await until(() => late.connection.status().kind === 'broken', 'found out');
			expect(late.connection.status()).toMatchObject({ fault: { kind } });
			expect(relay.room(room).head(late.kid).devSeq).toBe(0);
			expect(kept).toBe(0);
			expect(keys.secrets().get(2)).toEqual(second);
		};
		return { relay, room, first, carl, end };
	}

	test('tells nothing and keeps nothing where the log ends before the key it was given', async () => {
		const { end } = await captured();
		await end('rolled-back');
	});

	test('takes no other key for the one it was given', async () => {
		const { relay, room, first, carl, end } = await captured();
		const twin = await client(relay, room, first);
		carl.replica.queuePurpose({ kind: 'add', member: twin.member });
		await carl.connection.send();
		await until(() => twin.kid in carl.replica.place().members, 'another of his');
		carl.replica.queuePurpose({ kind: 'remove', kid: twin.kid });
		carl.set('rule', 'still');
		await carl.connection.send();
		await until(() => carl.replica.isSettled() && carl.replica.place().epoch === 2, 'their own second key');
		await end('forged');
	});

	test('nor in a snapshot', async () => {
		const { relay, room, first, carl, end } = await captured();
		const twin = await client(relay, room, first);
		carl.replica.queuePurpose({ kind: 'add', member: twin.member });
		await carl.connection.send();
		await until(() => twin.kid in carl.replica.place().members, 'another of his');
		carl.replica.queuePurpose({ kind: 'remove', kid: twin.kid });
		await carl.connection.send();
		await until(() => carl.replica.isSettled() && carl.replica.place().epoch === 2, 'their own second key');
		carl.replica.queueSnapshot();
		await carl.connection.send();
		await until(() => relay.room(room).meta().upTo > 0, 'written down');
		await end('forged');
	});
});
