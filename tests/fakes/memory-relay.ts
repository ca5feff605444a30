/** A relay in memory: its rooms and meeting places are the real ones over a store in memory, its sockets are queues. */

import { genesisOf } from '../../src/lib/agent/sync/signature';
import type { FetchPort, SyncNetwork } from '../../src/lib/agent/ports';
import { forgetNote, leaveNote, readNote, type Meeting } from '../../src/lib/edge/meeting/meeting';
import { receive } from '../../src/lib/edge/room/receive';
import { createRoom, type Room } from '../../src/lib/edge/room/room';
import { createMemoryRoomStore } from '../../src/lib/edge/room/room-store';
import { farewell, flow, newPlace, type SocketPlace } from '../../src/lib/edge/room/socket';
import { meetingSlot } from '../../src/lib/wire/pairing';
import { syncPrefix, type FromRoom } from '../../src/lib/wire/sync';

interface OpenSocket {
	place: SocketPlace;
	isOpen: boolean;
	frame(text: string): void;
	closed(): void;
}

export interface DeviceNetwork extends SyncNetwork {
	/** Lines break at once when it goes, and whoever waits is told when it comes back. */
	setOnline(isOnline: boolean): void;
	/** Every line breaks, and may be opened again. */
	cut(): void;
}

export interface MemoryRelay {
	readonly fetch: FetchPort;
	network(): DeviceNetwork;
	room(id: string): Room;
	/** Ids of rooms that somebody has opened. */
	rooms(): readonly string[];
	/** Places where somebody has left a note. */
	places(): readonly string[];
}

export function createMemoryRelay(): MemoryRelay {
	const rooms = new Map<
		string,
		{ readonly room: Room; readonly sockets: Set<OpenSocket>; last: Promise<void> }
	>();
	const meetings = new Map<string, Meeting>();

	function roomOf(id: string) {
		let found = rooms.get(id);
		if (found === undefined) {
			const room = createRoom(id, genesisOf(id), createMemoryRoomStore());
			rooms.set(id, (found = { room, sockets: new Set(), last: Promise.resolve() }));
		}
		return found;
	}

	const say = (socket: OpenSocket, message: FromRoom): void => {
		const text = JSON.stringify(message);
		queueMicrotask(() => {
			if (socket.isOpen) socket.frame(text);
		});
	};
	function hangUp(id: string, socket: OpenSocket): void {
		if (!socket.isOpen) return;
		queueMicrotask(() => {
			if (!socket.isOpen) return;
			socket.isOpen = false;
			roomOf(id).sockets.delete(socket);
			socket.closed();
		});
	}

	async function take(id: string, socket: OpenSocket, frame: string): Promise<void> {
		const { room, sockets } = roomOf(id);
		if (!socket.isOpen) return;
		const said = await receive(room, id, () => socket.place, frame);
		socket.place = said.place;
		for (const message of said.send) say(socket, message);
		if (said.close !== undefined) hangUp(id, socket);
		for (const other of [...sockets]) {
			if (said.revoked?.includes(other.place.kid ?? '') === true) {
				say(other, farewell(room, other.place.kid ?? '', other.place.got));
				hangUp(id, other);
				continue;
			}
			const more = flow(room, other.place);
			other.place = more.place;
			for (const message of more.send) say(other, message);
		}
	}

	return {
		room: (id) => roomOf(id).room,
		rooms: () => [...rooms.keys()],
		places: () => [...meetings.keys()],
		network() {
			let isOnline = true;
			const mine = new Map<OpenSocket, string>();
			const listeners = new Set<() => void>();
			const cut = (): void => {
				for (const [socket, id] of mine) hangUp(id, socket);
				mine.clear();
			};
			return {
				isOnline: () => isOnline,
				onChange(listener) {
					listeners.add(listener);
					return () => listeners.delete(listener);
				},
				setOnline(now) {
					isOnline = now;
					if (!now) cut();
					else for (const listener of [...listeners]) listener();
				},
				cut,
				open(address, heard) {
					const id = new URL(address).pathname.slice(syncPrefix.length);
					const nonce = crypto.randomUUID();
					const socket: OpenSocket = { place: newPlace(nonce), isOpen: true, ...heard };
					if (!isOnline) {
						hangUp(id, socket);
					} else {
						mine.set(socket, id);
						roomOf(id).sockets.add(socket);
						say(socket, { type: 'challenge', nonce });
					}
					return {
						send(frame) {
							if (!socket.isOpen) return;
							const one = roomOf(id);
							one.last = one.last.then(() => take(id, socket, frame));
						},
						close() {
							hangUp(id, socket);
						}
					};
				}
			};
		},
		async fetch(request) {
			const [, , kind, place = '', slot] = new URL(request.url).pathname.split('/');
			const at = meetingSlot.safeParse(slot);
			if (kind !== 'pair' || !at.success) return Response.json({ ok: false }, { status: 404 });
			if (request.method === 'GET')
				return Response.json({
					ok: true,
					data: { note: readNote(meetings.get(place), at.data, Date.now()) ?? null }
				});
			const held = meetings.get(place);
			if (request.method === 'DELETE') {
				const rest = held === undefined ? undefined : forgetNote(held, at.data);
				if (rest === undefined) meetings.delete(place);
				else meetings.set(place, rest);
				return Response.json({ ok: true, data: {} });
			}
			const { note } = (await request.json()) as { note: string };
			const next = leaveNote(held, at.data, note, Date.now());
			if (next === undefined)
				return Response.json({ ok: false }, { status: 409, headers: { 'x-wherry-error': 'pair/taken' } });
			meetings.set(place, next);
			return Response.json({ ok: true, data: {} });
		}
	};
}
