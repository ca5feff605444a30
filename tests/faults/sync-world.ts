/**
 * A home in memory for random tests: the room's and the devices' real state machines, and between them a
 * network that loses, doubles and reorders frames, parts and comes back. Seals and signatures are left out
 * here: the same seeds run with real ones through the real Durable Object (`tests/edge/sync.test.ts`).
 */

import { createReplica, type Opened, type Replica } from '../../src/lib/agent/sync/replica';
import type { LogPlace } from '../../src/lib/agent/sync/log';
import { createRoom, type Room } from '../../src/lib/edge/room/room';
import { createMemoryRoomStore, type RoomStore } from '../../src/lib/edge/room/room-store';
import {
	flow,
	newPlace,
	onBasis,
	onEnvelope,
	onGot,
	onHello,
	type Said,
	type SocketPlace
} from '../../src/lib/edge/room/socket';
import type { OperationType } from '../../src/lib/wire/operations';
import type { Envelope, FromDevice, FromRoom, Member } from '../../src/lib/wire/sync';

export const room = 'r'.repeat(22);
export const genesis = 'g'.repeat(43);
export const kidOf = (n: number) => `device-${n}`.padEnd(22, '_');
export const memberOf = (n: number): Member => ({
	device: { kid: kidOf(n), algorithm: 'Ed25519', raw: 'A'.repeat(43) },
	agree: 'A'
});

export interface Chance {
	float(): number;
	int(below: number): number;
}

export interface Device {
	readonly dev: string;
	replica: Replica;
	/** Undefined while there is no connection. */
	socket: Socket | undefined;
	/** The newest of its envelopes that it was told is kept. */
	acknowledged: number;
	/** Gathered after a reset; undefined otherwise. */
	basis: { after: number; texts: string[]; upTo: number } | undefined;
	isWelcome: boolean;
	pushed: number;
}

interface Socket {
	place: SocketPlace;
	readonly up: FromDevice[];
	readonly down: FromRoom[];
}

export interface World {
	readonly devices: readonly Device[];
	room(): Room;
	connect(device: Device): void;
	disconnect(device: Device): void;
	/** One frame somewhere, perhaps lost, doubled or out of turn. False where nothing is under way. */
	deliver(isCalm: boolean): boolean;
	/** Seals what is written and sends what is not acknowledged. */
	pump(device: Device): void;
	/** The room's object ends, with or without the write it was at. */
	restart(isMidWrite: boolean): void;
	/** Envelopes that a device was told are kept, and that a restart has lost; snapshots that were read. */
	counts(): { readonly lost: number; readonly resets: number };
}

/** Stands for sealing: what would be readable after opening, by its `ct`. */
const contents = new Map<string, Opened & { text?: string }>();
let made = 0;

export function createWorld(
	chance: Chance,
	laggard: ReadonlySet<OperationType> | undefined,
	count = 5
): World {
	contents.clear();
	const disk = createMemoryRoomStore();
	let isDying = false;
	let lost = 0;
	let resets = 0;
	const store: RoomStore = {
		...disk,
		write(write) {
			if (!isDying) disk.write(write);
		}
	};
	let current = createRoom(room, genesis, store);
	const devices: Device[] = Array.from({ length: count }, (_, n) => ({
		dev: kidOf(n),
		replica: createReplica({
			room,
			dev: kidOf(n),
			genesis,
			...(n === count - 1 && laggard !== undefined ? { understands: laggard } : {})
		}),
		socket: undefined,
		acknowledged: 0,
		basis: undefined,
		isWelcome: false,
		pushed: 0
	}));

	function disconnect(device: Device): void {
		device.socket = undefined;
		device.basis = undefined;
		device.isWelcome = false;
		device.pushed = 0;
	}

	function said(device: Device, socket: Socket, { place, send, close }: Said): void {
		socket.place = place;
		socket.down.push(...send);
		if (close !== undefined) disconnect(device);
	}

	function toRoom(device: Device, socket: Socket, message: FromDevice): void {
		switch (message.type) {
			case 'hello':
				said(device, socket, onHello(current, socket.place, message));
				break;
			case 'push':
				for (const envelope of message.envelopes) {
					const hash = contents.get(envelope.ct)?.hash ?? '';
					said(device, socket, onEnvelope(current, socket.place, envelope, hash));
				}
				break;
			case 'got':
				socket.place = onGot(socket.place, message.seq);
				break;
			case 'basis':
				said(device, socket, onBasis(current, socket.place, message.after));
				break;
			// No device of this world has files.
			case 'kept':
			case 'ping':
				break;
		}
		for (const one of devices)
			if (one.socket !== undefined) said(one, one.socket, flow(current, one.socket.place));
	}

	function outcome(device: Device, found: ReturnType<Replica['accept']>): boolean {
		if (found === 'ok') return true;
		if (found !== 'again') throw new Error(`${device.dev} found ${JSON.stringify(found)}`);
		disconnect(device);
		return false;
	}

	function acknowledge(device: Device, upTo: number): void {
		device.acknowledged = Math.max(device.acknowledged, upTo);
	}

	function toDevice(device: Device, socket: Socket, message: FromRoom): void {
		const { replica } = device;
		// Only a network that reorders does that, and no socket is one.
		if (!device.isWelcome && message.type !== 'welcome') return disconnect(device);
		switch (message.type) {
			case 'welcome':
				// A second one is the network's doing.
				if (device.isWelcome) return;
				acknowledge(device, message.yours.devSeq);
				device.isWelcome = outcome(device, replica.welcome(message));
				return;
			case 'ack':
				acknowledge(device, message.devSeq);
				replica.ack(message.devSeq);
				return;
			case 'nack':
				if (message.reason === 'not-a-member') return disconnect(device);
				acknowledge(device, message.expect - 1);
				if (outcome(device, replica.nack(message))) device.pushed = message.expect - 1;
				return;
			case 'reset':
				device.basis = { after: 0, texts: [], upTo: message.upTo };
				socket.up.push({ type: 'basis', after: 0 });
				return;
			case 'basis': {
				const { basis } = device;
				if (basis === undefined || basis.after !== message.after) return;
				// A newer snapshot came in between.
				if (basis.upTo !== message.upTo) return disconnect(device);
				for (const { ct, header } of message.envelopes)
					if (header.purpose.kind === 'snapshot') basis.texts.push(contents.get(ct)?.text ?? '');
				if (message.next !== undefined) {
					basis.after = message.next;
					socket.up.push({ type: 'basis', after: message.next });
					return;
				}
				const whole: { place: LogPlace; state: unknown } = JSON.parse(basis.texts.join(''));
				device.basis = undefined;
				resets += 1;
				if (outcome(device, replica.acceptSnapshot(whole.place, whole.state)))
					socket.up.push({ type: 'got', seq: replica.cursor() });
				return;
			}
			case 'ops': {
				if (device.basis !== undefined) return disconnect(device);
				let seq = message.fromSeq;
				for (const envelope of message.envelopes) {
					const opened = contents.get(envelope.ct);
					if (opened === undefined || !outcome(device, replica.accept(seq++, opened))) return;
				}
				socket.up.push({ type: 'got', seq: replica.cursor() });
				return;
			}
			default:
				return;
		}
	}

	return {
		devices,
		room: () => current,
		connect(device) {
			disconnect(device);
			const socket: Socket = { place: newPlace('n'), up: [], down: [] };
			device.socket = socket;
			const { device: key } = memberOf(devices.indexOf(device));
			socket.up.push({ type: 'hello', v: 1, device: key, cursor: device.replica.cursor(), sig: '' });
		},
		disconnect,
		deliver(isCalm) {
			const ways = devices.flatMap((device) => {
				const { socket } = device;
				if (socket === undefined) return [];
				return [
					...(socket.up.length > 0 ? [{ device, socket, isUp: true }] : []),
					...(socket.down.length > 0 ? [{ device, socket, isUp: false }] : [])
				];
			});
			const way = ways[chance.int(ways.length)];
			if (way === undefined) return false;
			const { device, socket, isUp } = way;
			const odd = isCalm ? 1 : chance.float();
			const take = <Frame>(frames: Frame[]): Frame | undefined => {
				const at = odd > 0.06 && odd < 0.09 ? chance.int(frames.length) : 0;
				const frame = frames[at];
				if (odd < 0.03 || odd > 0.06) frames.splice(at, 1);
				return odd < 0.03 ? undefined : frame;
			};
			if (isUp) {
				const frame = take(socket.up);
				if (frame !== undefined) toRoom(device, socket, frame);
			} else {
				const frame = take(socket.down);
				if (frame !== undefined) toDevice(device, socket, frame);
			}
			return true;
		},
		pump(device) {
			const { replica, socket } = device;
			while (replica.unacknowledged().length < 8) {
				const draft = replica.draft();
				if (draft === undefined) break;
				const { devSeq, prevHash, keyEpoch, purpose, heads, operations, text } = draft;
				const ct = `c${++made}`;
				const hash = `h${made}`;
				const header = {
					v: 1 as const,
					room,
					dev: device.dev,
					devSeq,
					keyEpoch,
					lenBucket: 0,
					prevHash,
					purpose
				};
				const envelope: Envelope = { header, ct, sig: '' };
				contents.set(ct, { header, hash, heads, operations, ...(text === undefined ? {} : { text }) });
				replica.sealed({ envelope, hash, draft });
			}
			if (socket === undefined || !device.isWelcome) return;
			const envelopes = replica
				.unacknowledged()
				.filter(({ draft }) => draft.devSeq > device.pushed)
				.map(({ envelope }) => envelope);
			const newest = envelopes.at(-1)?.header.devSeq;
			if (newest === undefined) return;
			device.pushed = newest;
			socket.up.push({ type: 'push', envelopes });
		},
		restart(isMidWrite) {
			if (isMidWrite) {
				isDying = true;
				for (const device of devices) {
					const push = device.socket?.up.find((message) => message.type === 'push');
					if (push?.type !== 'push') continue;
					// Written and lost: nobody is told.
					for (const envelope of push.envelopes)
						current.append(envelope, contents.get(envelope.ct)?.hash ?? '');
				}
				isDying = false;
			}
			current = createRoom(room, genesis, store);
			for (const device of devices) {
				lost += Math.max(0, device.acknowledged - current.head(device.dev).devSeq);
				disconnect(device);
			}
		},
		counts: () => ({ lost, resets })
	};
}
