import { env, evictDurableObject, SELF } from 'cloudflare:test';
import { describe, expect, inject, test } from 'vitest';
import { admit, listDevices, revoke } from '../../src/lib/agent/home/devices';
import { createHome, derive } from '../../src/lib/agent/home/home';
import { createMeetingPlace } from '../../src/lib/agent/home/meeting';
import { answer, ask, receiveHome, whoAsks } from '../../src/lib/agent/home/pairing';
import { createPairingCode, readPairingCode } from '../../src/lib/agent/home/pairing-code';
import { sealEnvelope } from '../../src/lib/agent/sync/envelope';
import { createReplica } from '../../src/lib/agent/sync/replica';
import { genesisOf } from '../../src/lib/agent/sync/signature';
import { pair } from '../../src/lib/edge/pair.server';
import { createConnection, type SyncConnection } from '../../src/lib/agent/sync/connection';
import { fileType } from '../../src/lib/agent/sync/files';
import { stateText } from '../../src/lib/agent/sync/state-text';
import { toBase64Url } from '../../src/lib/wire/device';
import { fromRoom, helloText, type Envelope, type FromRoom } from '../../src/lib/wire/sync';
import { seeded } from '../contract/random';
import { createSyncDevice, newRoom, type SyncDevice } from '../fakes/sync-devices';

const random = seeded('sync', inject('seed'));
const pause = (ms = 5) => new Promise((done) => setTimeout(done, ms));

const clock = { sleep: async (ms: number) => void (await pause(ms)) };

/** SvelteKit is not here: its route hands on exactly this. */
function handlePair(to: Request | string, init?: RequestInit): Promise<Response> {
	const request = new Request(to, init);
	const url = new URL(request.url);
	const [, , , place = '', slot = ''] = url.pathname.split('/');
	return pair(request, env, { url, place, slot });
}

interface Client extends SyncDevice {
	readonly connection: SyncConnection;
	socket: WebSocket | undefined;
	/** What the room said, newest last. */
	readonly heard: FromRoom[];
}

async function upgrade(room: string): Promise<WebSocket> {
	const response = await SELF.fetch(`https://wherry.example.net/api/sync/${room}`, {
		headers: { upgrade: 'websocket' }
	});
	const { webSocket } = response;
	if (webSocket === null) throw new Error(`no socket: ${response.status}`);
	return webSocket;
}

async function client(room: string, secret: Uint8Array<ArrayBuffer>): Promise<Client> {
	const device = await createSyncDevice(room, secret, random.pick(['Ed25519', 'P-256']));
	const connection = createConnection({ reading: device.reading, signer: device.signer, clock });
	return { ...device, connection, socket: undefined, heard: [] };
}

async function connect(one: Client, room: string): Promise<void> {
	const socket = await upgrade(room);
	one.socket = socket;
	one.connection.open({
		send: (frame) => {
			if (socket.readyState === WebSocket.OPEN) socket.send(frame);
		},
		close: () => {
			if (socket.readyState === WebSocket.OPEN) socket.close(1000);
		}
	});
	socket.addEventListener('message', ({ data }) => {
		const frame = String(data);
		const message = fromRoom.safeParse(JSON.parse(frame));
		if (message.success) one.heard.push(message.data);
		if (one.socket === socket) void one.connection.received(frame);
	});
	socket.addEventListener('close', () => {
		if (one.socket !== socket) return;
		one.socket = undefined;
		one.connection.closed();
	});
	socket.accept();
}

function hangUp(one: Client): void {
	const { socket } = one;
	one.socket = undefined;
	one.connection.closed();
	socket?.close(1000);
}

async function until(what: () => boolean, why: string): Promise<void> {
	for (let tries = 0; tries < 2_000; tries++) {
		if (what()) return;
		await pause();
	}
	throw new Error(`never: ${why}`);
}

/** A home of so many devices, all connected and let in. */
async function home(count: number) {
	const room = newRoom();
	const secret = crypto.getRandomValues(new Uint8Array(32));
	const clients = await Promise.all(Array.from({ length: count }, () => client(room, secret)));
	const [founder] = clients;
	if (founder === undefined) throw new Error('nobody');
	for (const one of clients) founder.replica.queuePurpose({ kind: 'add', member: one.member });
	await connect(founder, room);
	await until(() => founder.replica.isSettled() && founder.replica.cursor() === count, 'founded');
	for (const one of clients.slice(1)) await connect(one, room);
	await until(() => clients.every(({ replica }) => replica.cursor() === count), 'all let in');
	return { room, secret, clients, founder };
}

const agree = (clients: readonly Client[]) => {
	const [first] = clients;
	const text = stateText(first?.replica.state as never);
	return clients.every(
		({ replica }) =>
			replica.isSettled() && replica.cursor() === first?.replica.cursor() && stateText(replica.state) === text
	);
};

/** Twice in a row finds it asleep already. */
const evict = (room: string) => evictDurableObject(env.ROOMS.getByName(room)).catch(() => undefined);

describe('A6 the room at the edge', () => {
	test('two devices write, one of them away from time to time, and agree', async () => {
		const { room, clients } = await home(2);
		const [ann, bob] = clients as [Client, Client];
		ann.set('title', 'from Ann');
		await ann.connection.send();
		await until(() => bob.replica.state.registers.get('title')?.value === 'from Ann', 'heard');
		hangUp(bob);
		for (let n = 0; n < 40; n++) bob.set(`offline-${n}`, 'x');
		ann.set('title', 'again');
		await ann.connection.send();
		await connect(bob, room);
		await until(() => agree(clients), 'agreed');
		expect(ann.replica.state.registers.size).toBe(41);
	});

	test('what is sent twice has one place; what is missing is asked for; nothing is stored unsigned', async () => {
		const { room, clients } = await home(2);
		const [ann, bob] = clients as [Client, Client];
		hangUp(ann);
		for (let n = 0; n < 3; n++) ann.set(`k${n}`, 'v');
		const one = await ann.seal();
		ann.set('later', 'v');
		const two = await ann.seal();
		if (one === undefined || two === undefined) throw new Error('nothing sealed');
		await connect(ann, room);
		await until(() => ann.replica.isSettled(), 'sent');
		const push = (envelopes: unknown[]) => ann.socket?.send(JSON.stringify({ type: 'push', envelopes }));
		const before = ann.heard.length;
		push([one, two, one]);
		await until(() => ann.heard.length >= before + 3, 'acknowledged again');
		expect(ann.heard.slice(before)).toEqual([
			{ type: 'ack', devSeq: 3, seq: 3 },
			{ type: 'ack', devSeq: 4, seq: 4 },
			{ type: 'ack', devSeq: 3, seq: 3 }
		]);
		// A hole, another device's name, a touched header: all refused, in words.
		const gap = structuredClone(two);
		gap.header.devSeq += 5;
		push([gap]);
		push([{ ...two, header: { ...two.header, dev: bob.kid } }]);
		await until(() => ann.heard.at(-1)?.type === 'nack', 'refused');
		expect(ann.heard.at(-1)).toMatchObject({ type: 'nack' });
		await pause(50);
		expect(bob.replica.cursor()).toBe(4);
	});

	test('a hole in what is pushed is answered with what is expected', async () => {
		const { room, clients } = await home(1);
		const [ann] = clients as [Client];
		hangUp(ann);
		ann.set('a', '1');
		await ann.seal();
		ann.set('b', '2');
		const second = await ann.seal();
		const socket = await upgrade(room);
		const heard: FromRoom[] = [];
		socket.addEventListener('message', ({ data }) => {
			const message = fromRoom.parse(JSON.parse(String(data)));
			heard.push(message);
		});
		socket.accept();
		await until(() => heard.length === 1, 'challenged');
		const [challenge] = heard;
		if (challenge?.type !== 'challenge') throw new Error('no challenge');
		const text = new TextEncoder().encode(helloText(room, challenge.nonce, ann.kid));
		const sig = toBase64Url(await ann.signer.sign(new Uint8Array(text)));
		const hello = { type: 'hello', v: 1, device: ann.signer.publicKey, cursor: 1, sig };
		socket.send(JSON.stringify(hello));
		socket.send(JSON.stringify({ type: 'push', envelopes: [second] }));
		await until(() => heard.some(({ type }) => type === 'nack'), 'nacked');
		expect(heard.find(({ type }) => type === 'nack')).toEqual({ type: 'nack', expect: 2, reason: 'gap' });
		socket.close(1000);
	});

	test('asleep under open sockets, it wakes with everything it had acknowledged', async () => {
		const { room, clients } = await home(2);
		const [ann, bob] = clients as [Client, Client];
		for (let round = 0; round < 5; round++) {
			ann.set('round', String(round));
			await ann.connection.send();
			await until(() => ann.replica.isSettled(), 'kept');
			await evict(room);
			bob.set(`b${round}`, 'awake');
			await bob.connection.send();
			await until(() => agree(clients), `agreed in round ${round}`);
		}
		expect(ann.connection.status().kind).toBe('joined');
	});

	test('who was removed is shown the door at once, and every old key and socket opens nothing new', async () => {
		const { room, clients } = await home(3);
		const [ann, bob, eve] = clients as [Client, Client, Client];
		// Eve has a second socket of her own making, and one more thing to say.
		const asleep = eve.socket;
		ann.replica.queuePurpose({ kind: 'remove', kid: eve.kid });
		await ann.connection.send();
		await until(() => eve.connection.status().kind === 'revoked', 'shown the door');
		ann.set('secret', 'after');
		await ann.connection.send();
		await until(() => bob.replica.state.registers.get('secret')?.value === 'after', 'the others go on');
		const seq = ann.replica.cursor();
		eve.set('evil', '1');
		const envelope = await eve.seal();
		if (asleep?.readyState === WebSocket.OPEN)
			asleep.send(JSON.stringify({ type: 'push', envelopes: [envelope] }));
		await connect(eve, room);
		await until(() => eve.heard.at(-1)?.type === 'revoked', 'refused again');
		await pause(50);
		expect(ann.replica.cursor()).toBe(seq);
		expect(eve.replica.state.registers.get('secret')).toBeUndefined();
	});

	test('a stranger who knows the address is told nothing', async () => {
		const { room, founder } = await home(1);
		founder.set('a', 'b');
		await founder.connection.send();
		const stranger = await client(room, crypto.getRandomValues(new Uint8Array(32)));
		await connect(stranger, room);
		await until(() => stranger.connection.status().kind === 'not-admitted', 'not let in');
		expect(stranger.heard.map(({ type }) => type)).toEqual(['challenge', 'nack']);
	});

	test('foreign pages, no rooms and plain requests get no socket', async () => {
		const ask = (path: string, headers: Record<string, string>) =>
			SELF.fetch(`https://wherry.example.net/api/sync/${path}`, { headers });
		const room = newRoom();
		expect((await ask(room, { upgrade: 'websocket', origin: 'https://evil.example' })).status).toBe(403);
		expect((await ask('short', { upgrade: 'websocket' })).status).toBe(404);
		const plain = await ask(room, {});
		expect(plain.status).toBe(426);
		expect(plain.headers.get('x-content-type-options')).toBe('nosniff');
	});

	test('a newcomer begins with the snapshot and the tail', async () => {
		const { room, secret, clients, founder } = await home(2);
		const file = { opId: 'file', dev: founder.kid, lam: 0, type: fileType, body: { data: 'abc' } };
		founder.replica.write({ kind: 'opaque', op: { v: 1, hlc: [0, 0], deps: [], ...file } });
		for (let n = 0; n < 600; n++) founder.set(`k${n}`, 'x'.repeat(200));
		await founder.connection.send();
		await until(() => founder.replica.isSettled(), 'sent');
		await until(() => agree(clients), 'agreed');
		founder.replica.queueSnapshot();
		founder.set('tail', 'yes');
		await founder.connection.send();
		await until(() => founder.replica.isSettled(), 'snapshot sent');
		const late = await client(room, secret);
		founder.replica.queuePurpose({ kind: 'add', member: late.member });
		await founder.connection.send();
		await until(() => founder.replica.isSettled(), 'admitted');
		await connect(late, room);
		await until(() => agree([...clients, late]), 'all the same');
		expect(late.heard.some(({ type }) => type === 'reset')).toBe(true);
		// No snapshot holds files: what told one is still there.
		late.connection.askKept();
		const kept = () => late.heard.find((one) => one.type === 'kept');
		await until(() => kept() !== undefined, 'asked');
		expect(kept()?.envelopes.map(({ header }) => header.purpose)).toEqual([{ kind: 'ops', stays: true }]);
		late.set('mine', 'too');
		await late.connection.send();
		await until(() => agree([...clients, late]), 'all the same again');
	});
});

test('A6 a device that is paired by twelve words reads what was written before it came, until it is revoked', async () => {
	const place = createMeetingPlace((to, init) => handlePair(to, init), 'https://wherry.example.net');
	const home = await createHome();
	const secret = await derive(home.root, 'epoch|1', 32);
	const laptop = await client(home.room, secret);
	admit(laptop.replica, laptop.member);
	laptop.set('session/1/title', 'before');
	await connect(laptop, home.room);
	await until(() => laptop.replica.isSettled(), 'founded');
	const code = createPairingCode();
	// The phone knows nothing but the words.
	const { secret: typed } = readPairingCode(code.phrase);
	const signer = await client('x'.repeat(22), new Uint8Array(32));
	await ask(typed, { member: signer.member, name: 'Phone' }, place);
	const asking = await whoAsks(code.secret, place);
	if (asking === undefined) throw new Error('nobody asks');
	admit(laptop.replica, asking.member);
	await laptop.connection.send();
	await until(() => laptop.replica.isSettled(), 'let in');
	await answer(code.secret, asking, { home, since: 1 }, place);
	const received = (await receiveHome(typed, signer, place))?.home;
	if (received === undefined) throw new Error('no home');
	const replica = createReplica({ room: received.room, dev: signer.kid, genesis: genesisOf(received.room) });
	const reading = { ...signer.reading, room: received.room, keys: received.keys, replica };
	const connection = createConnection({ reading, signer: signer.signer, clock });
	const phone: Client = { ...signer, replica, reading, connection, heard: [], socket: undefined };
	await connect(phone, received.room);
	await until(() => replica.state.registers.get('session/1/title')?.value === 'before', 'read');
	expect(listDevices(replica, phone.kid).map(({ isThis }) => isThis)).toEqual([false, true]);
	expect(revoke(laptop.replica, phone.kid)).toBe(true);
	await laptop.connection.send();
	await until(() => connection.status().kind === 'revoked', 'shown the door');
	laptop.set('session/1/title', 'after');
	await laptop.connection.send();
	await until(() => laptop.replica.isSettled(), 'goes on');
	expect(replica.state.registers.get('session/1/title')?.value).toBe('before');
	await expect(ask(typed, { member: laptop.member, name: '' }, place)).rejects.toMatchObject({
		id: 'pair/taken'
	});
});

test('a recovery code’s note is gone once it was deleted, and a code that pairs cannot be made good again', async () => {
	const place = createMeetingPlace((to, init) => handlePair(to, init), 'https://wherry.example.net');
	const [code, pairs] = [newRoom(), newRoom()];
	await place.put(code, 'recovery', 'sealed');
	expect(await place.get(code, 'recovery')).toBe('sealed');
	await place.forget(code, 'recovery');
	await place.forget(code, 'recovery');
	expect(await place.get(code, 'recovery')).toBeUndefined();
	await place.put(pairs, 'ask', 'sealed');
	await expect(place.forget(pairs, 'ask')).rejects.toMatchObject({ id: 'sync/unavailable' });
	expect(await place.put(pairs, 'ask', 'another')).toBe('taken');
});

test('two removals in one push close both sockets', async () => {
	const { clients } = await home(3);
	const [ann, bob, eve] = clients as [Client, Client, Client];
	const wraps = (...kids: string[]) => kids.map((kid) => ({ kid, ephemeral: '', sealed: '' }));
	const envelopes: Envelope[] = [];
	const by = { room: ann.reading.room, keys: ann.reading.keys, signer: ann.signer };
	ann.reading.keys.learn(2, new Uint8Array(32));
	let { devSeq, hash: prevHash } = ann.replica.acknowledged();
	for (const [keyEpoch, kid, keys] of [
		[1, bob.kid, wraps(ann.kid, eve.kid)],
		[2, eve.kid, wraps(ann.kid)]
	] as const) {
		const purpose = { kind: 'remove' as const, kid, epoch: keyEpoch + 1, keys };
		devSeq += 1;
		const draft = { devSeq, prevHash, keyEpoch, purpose, heads: {}, operations: [] };
		const sealed = await sealEnvelope(draft, by);
		if (sealed === undefined) throw new Error('nothing sealed');
		envelopes.push(sealed.envelope);
		prevHash = sealed.hash;
	}
	ann.socket?.send(JSON.stringify({ type: 'push', envelopes }));
	await until(
		() => [bob, eve].every(({ heard }) => heard.some(({ type }) => type === 'revoked')),
		'both are shown the door'
	);
});

test('A6 25 seeds with real envelopes through the real object, which falls asleep under them', async () => {
	for (let seed = 0; seed < 25; seed++) {
		const { room, clients } = await home(5);
		let written = 0;
		for (let step = 0; step < 24; step++) {
			const one = random.pick(clients);
			for (let more = random.int(8); more > 0; more--) {
				one.set(`r${random.int(12)}`, `${seed}-${step}-${more}`);
				written += 1;
			}
			const dice = random.float();
			if (dice < 0.15) hangUp(one);
			else if (dice < 0.25) await evict(room);
			else if (dice < 0.3) one.replica.queueSnapshot();
			if (one.socket === undefined && dice > 0.5) await connect(one, room);
			await one.connection.send();
		}
		for (let tries = 0; !agree(clients); tries++) {
			if (tries > 400) throw new Error(`they never agreed: ${written} written`);
			for (const one of clients) {
				if (one.connection.status().kind === 'broken')
					throw new Error(JSON.stringify(one.connection.status()));
				if (one.socket === undefined || one.connection.status().kind === 'apart') await connect(one, room);
				await one.connection.send();
			}
			await pause(10);
		}
		for (const one of clients) hangUp(one);
	}
}, 180_000);
