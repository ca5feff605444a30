/**
 * What one socket is told, and when. Its memory is a few numbers, so that a room can sleep under open
 * sockets. Pure over the room: signatures are checked before, writes are on disk before `send` leaves.
 */

import type { Envelope, FromDevice, FromRoom } from '../../wire/sync';
import { maxFrame, window } from '../../wire/sync';
import type { Page, Room } from './room';

/** Kept with the socket. */
export interface SocketPlace {
	readonly nonce: string;
	/** Who it is, once it has said so. */
	readonly kid?: string;
	/** Sent up to this place, and what of it the device has said to have. */
	readonly sent: number;
	readonly got: number;
	/** Characters under way. */
	readonly bytes: number;
	/** It is reading the snapshot: nothing is sent until it says to have got there. */
	readonly isReset: boolean;
}

export interface Said {
	readonly place: SocketPlace;
	readonly send: readonly FromRoom[];
	/** WebSocket close code. */
	readonly close?: number;
	/** Something was stored: it has to be on disk before anybody is told. */
	readonly hasStored?: boolean;
	/** Who was shown the door. */
	readonly revoked?: readonly string[];
}

export const closeCodes = { revoked: 4003, notMember: 4004, protocol: 4000 } as const;

/** Room for a frame's own words around its envelopes. */
const maxContent = maxFrame - 4096;

export const newPlace = (nonce: string): SocketPlace => ({
	nonce,
	sent: 0,
	got: 0,
	bytes: 0,
	isReset: false
});

/** @param cursor what the device has read. */
export function farewell(room: Room, kid: string, cursor: number): FromRoom {
	return { type: 'revoked', by: [...room.farewell(kid, cursor, maxContent)] };
}

/** The signature of `hello` held. */
export function onHello(
	room: Room,
	place: SocketPlace,
	{ device: { kid }, cursor }: Extract<FromDevice, { type: 'hello' }>
): Said {
	if (room.isRevoked(kid)) return { place, send: [farewell(room, kid, cursor)], close: closeCodes.revoked };
	if (room.member(kid) === undefined && !room.isEmpty())
		return {
			place,
			send: [{ type: 'nack', expect: 0, reason: 'not-a-member' }],
			close: closeCodes.notMember
		};
	const { seq, upTo } = room.meta();
	const welcome: FromRoom = { type: 'welcome', seq, yours: room.head(kid) };
	const isThere = room.holds(cursor);
	const from = isThere ? Math.min(cursor, seq) : upTo;
	return {
		place: { ...place, kid, sent: from, got: from, bytes: 0, isReset: !isThere },
		send: isThere ? [welcome] : [welcome, { type: 'reset', upTo }]
	};
}

/** The signature held; `hash` is the envelope's. */
export function onEnvelope(room: Room, place: SocketPlace, envelope: Envelope, hash: string): Said {
	const { dev, purpose } = envelope.header;
	if (dev !== place.kid) return refuse(room, place, dev);
	const appended = room.append(envelope, hash);
	if (appended.kind === 'nack') {
		const { expect, reason } = appended;
		return { place, send: [{ type: 'nack', expect, reason }] };
	}
	const { devSeq, seq, isNew } = appended;
	return {
		place,
		send: [{ type: 'ack', devSeq, seq }],
		hasStored: isNew,
		...(isNew && purpose.kind === 'remove' ? { revoked: [purpose.kid] } : {})
	};
}

/** Taken later, or never: nothing of it is stored. */
export function putOff(room: Room, place: SocketPlace, reason: 'slow' | 'full'): Said {
	const kid = place.kid ?? '';
	return { place, send: [{ type: 'nack', expect: room.head(kid).devSeq + 1, reason }] };
}

/** An envelope that its signature or its signer does not bear out. */
export function refuse(room: Room, place: SocketPlace, dev: string): Said {
	return { place, send: [{ type: 'nack', expect: room.head(dev).devSeq + 1, reason: 'forged' }] };
}

export function onGot(place: SocketPlace, seq: number): SocketPlace {
	const got = Math.min(place.sent, Math.max(place.got, seq));
	const isReset = place.isReset && seq < place.sent;
	return { ...place, got, isReset, bytes: got === place.sent ? 0 : place.bytes };
}

export function onBasis(room: Room, place: SocketPlace, after: number): Said {
	const { upTo } = room.meta();
	return { place, send: [{ type: 'basis', upTo, after, ...worded(room.basis(after, maxContent)) }] };
}

export function onKept(room: Room, place: SocketPlace, after: number): Said {
	return { place, send: [{ type: 'kept', after, ...worded(room.kept(after, maxContent)) }] };
}

function worded({ envelopes, next }: Page) {
	const sent = envelopes.map(({ envelope }) => envelope);
	return next === undefined ? { envelopes: sent } : { envelopes: sent, next };
}

/** As much of what is new as the device has given credit for. */
export function flow(room: Room, place: SocketPlace): Said {
	const { kid } = place;
	if (kid === undefined || place.isReset || (room.member(kid) === undefined && !room.isEmpty()))
		return { place, send: [] };
	let now = place;
	const send: FromRoom[] = [];
	for (;;) {
		const credit = window.envelopes - (now.sent - now.got);
		if (credit <= 0 || now.bytes >= window.bytes) break;
		// Forgotten behind a slow reader's back: it has to begin again with the snapshot.
		if (!room.holds(now.sent)) {
			const { upTo } = room.meta();
			send.push({ type: 'reset', upTo });
			now = { ...now, sent: upTo, got: upTo, bytes: 0, isReset: true };
			break;
		}
		const found = room.read(now.sent, credit, maxContent);
		const newest = found.at(-1)?.seq;
		if (newest === undefined) break;
		send.push({
			type: 'ops',
			fromSeq: now.sent + 1,
			envelopes: found.map(({ envelope }) => envelope)
		});
		const bytes = now.bytes + found.reduce((sum, { size }) => sum + size, 0);
		now = { ...now, sent: newest, bytes };
	}
	return { place: now, send };
}
