import { describe, expect, test } from 'vitest';
import { createSyncDevice, newRoom, type SyncDevice } from '../../../../tests/fakes/sync-devices';
import { receive, type May } from '../../edge/room/receive';
import { createRoom, type Room } from '../../edge/room/room';
import { createMemoryRoomStore } from '../../edge/room/room-store';
import { flow, newPlace } from '../../edge/room/socket';
import type { FromRoom } from '../../wire/sync';
import { revoke } from '../home/devices';
import { createConnection, type SyncConnection } from './connection';
import { genesisOf } from './signature';

interface Line {
	readonly device: SyncDevice;
	readonly connection: SyncConnection;
	/** Envelopes that were sent, each time. */
	pushed: number;
	isClosed: boolean;
	/** Lets the waits end that have begun. */
	wake(): void;
	readonly waits: number[];
}

/** One home at one room; what the room takes is the test's to say. */
function world() {
	const id = newRoom();
	const secret = new Uint8Array(32).fill(7);
	const room: Room = createRoom(id, genesisOf(id), createMemoryRoomStore());
	const lines: { deliver(messages: readonly FromRoom[]): Promise<void>; pull(): Promise<void> }[] = [];
	let may: May = () => 'yes';
	let last: Promise<unknown> = Promise.resolve();

	async function open(): Promise<Line> {
		const device = await createSyncDevice(id, secret);
		const sleeping: (() => void)[] = [];
		const waits: number[] = [];
		const connection = createConnection({
			reading: device.reading,
			signer: device.signer,
			clock: {
				sleep(ms) {
					waits.push(ms);
					return new Promise((done) => sleeping.push(done));
				}
			}
		});
		const line: Line = {
			device,
			connection,
			pushed: 0,
			isClosed: false,
			waits,
			wake() {
				for (const done of sleeping.splice(0)) done();
			}
		};
		let place = newPlace('nonce');
		const deliver = async (messages: readonly FromRoom[]): Promise<void> => {
			for (const message of messages) await connection.received(JSON.stringify(message));
		};
		const pull = async (): Promise<void> => {
			const said = flow(room, place);
			({ place } = said);
			void deliver(said.send);
		};
		lines.push({ deliver, pull });
		connection.open({
			send(frame) {
				line.pushed += frame.split('"header"').length - 1;
				last = last.then(async () => {
					const said = await receive(
						room,
						id,
						() => place,
						frame,
						(kid, envelope) => may(kid, envelope)
					);
					({ place } = said);
					void deliver(said.send);
					for (const one of lines) await one.pull();
				});
			},
			close: () => (line.isClosed = true)
		});
		await connection.received('{"type":"challenge","nonce":"nonce"}');
		return line;
	}
	return { id, room, open, allow: (next: May) => (may = next), quiet: () => quiet(() => last) };
}

/** Nothing is under way any more. */
async function quiet(last: () => Promise<unknown>): Promise<void> {
	for (let n = 0; n < 40; n++) {
		await last();
		await new Promise((done) => setTimeout(done, 1));
	}
}

async function pair() {
	const made = world();
	const one = await made.open();
	const other = await createMember(made, one);
	return { ...made, one, other };
}

async function createMember(made: ReturnType<typeof world>, one: Line): Promise<Line> {
	one.device.replica.queuePurpose({ kind: 'add', member: one.device.member });
	await one.connection.send();
	await made.quiet();
	const next = await made.open();
	// It comes before it is let in, and again once it is.
	one.device.replica.queuePurpose({ kind: 'add', member: next.device.member });
	await one.connection.send();
	await made.quiet();
	return next;
}

describe('what the room does not take now', () => {
	test('slow: the line stays, and little is sent in vain', async () => {
		const { one, allow, quiet: settled } = await pair();
		const before = one.pushed;
		let left = 3;
		allow(() => (left-- > 0 ? 'yes' : 'slow'));
		for (let n = 0; n < 16 * 20; n++) one.device.set(`key/${String(n)}`, 'x');
		await one.connection.send();
		await settled();
		let rounds = 0;
		for (; !one.device.replica.isSettled() && rounds < 200; rounds++) {
			// While it waits, what is written is not sent.
			const sent = one.pushed;
			await one.connection.send();
			await settled();
			expect(one.pushed).toBe(sent);
			left = rounds % 3 === 2 ? 1 : 0;
			one.wake();
			await settled();
		}
		expect(one.device.replica.isSettled()).toBe(true);
		expect(one.isClosed).toBe(false);
		// 20 envelopes, the first 16 at once, and at each waking one or two.
		expect(one.pushed - before).toBeLessThanOrEqual(16 + 2 * rounds + 2);
		expect(Math.max(...one.waits)).toBeGreaterThan(1_000);
	}, 30_000);

	test('full: it reads on and members may go; what it wrote goes out when there is room', async () => {
		const { room, one, other, allow, quiet: settled } = await pair();
		allow((_, { header }) => (header.purpose.kind === 'ops' ? 'full' : 'yes'));
		one.device.set('mine', 'x');
		await one.connection.send();
		await settled();
		expect(one.connection.isFull()).toBe(true);
		expect(one.connection.status()).toEqual({ kind: 'joined' });
		expect(one.isClosed).toBe(false);

		const { kid } = other.device;
		expect(revoke(one.device.replica, kid)).toBe(true);
		await one.connection.send();
		await settled();
		expect(room.isRevoked(kid)).toBe(true);
		expect(one.device.replica.place().members[kid]?.isRemoved).toBe(true);
		expect(one.connection.isFull()).toBe(true);

		allow(() => 'yes');
		one.wake();
		await settled();
		expect(one.connection.isFull()).toBe(false);
		expect(one.device.replica.isSettled()).toBe(true);
		expect(one.connection.status()).toEqual({ kind: 'joined' });
	}, 30_000);
});
