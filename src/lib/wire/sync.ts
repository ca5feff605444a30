/**
 * Between a device and its home's room, over `GET /api/sync/{room}` (WebSocket, JSON frames).
 *
 *   server: challenge{nonce}            device: hello{device, cursor, sig over room, nonce and kid}
 *   server: welcome{seq, yours}         then ops, from the cursor on; or reset{upTo}, see below
 *   device: push{envelopes}             server: ack{devSeq, seq} once it is on disk, or nack{expect, reason}
 *   device: got{seq}                    gives back credit: at most `window` envelopes are under way
 *   device: ping                        server: pong
 *   server: revoked{by}                 and the socket closes
 *
 * Where the cursor lies before what is kept, `reset{upTo}`: the device asks for `basis{after}` until `next`
 * is absent. A basis is every membership envelope there ever was, then the parts of a snapshot of all
 * that had come up to `upTo`; `ops` go on from there.
 *
 * `kept{after}`: the same way, the envelopes with files from before that, for a device that misses some.
 *
 * The room sees headers. What is in `ct` only members can read, and whether the room leaves something
 * out, doubles it, changes its order or goes back in time, they notice (`agent/sync/log.ts`).
 */

import * as z from 'zod/mini';
import { devicePublicKey } from './device';

export const syncPrefix = '/api/sync/';

/** Sealed bytes of an envelope, and characters of a frame. */
export const maxSealed = 256 * 1024;
export const maxFrame = 1024 * 1024;
/** What may be under way to one socket, unacknowledged. */
export const window = { envelopes: 64, bytes: 1024 * 1024 } as const;
/** Usual operations an envelope. */
export const opsPerEnvelope = 16;

/** 128 bits, derived from the home's secret. */
export const roomId = z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/));

const kid = z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/));
const count = z.number().check(z.int(), z.nonnegative());
const hash = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));
const bytes = z.string().check(z.regex(/^[A-Za-z0-9_-]*$/));
const short = bytes.check(z.maxLength(256));

/** How a device is reached: the key by which it signs, and the P-256 key to which things are sealed for it. */
export const member = z.object({ device: devicePublicKey, agree: short });
export type Member = z.infer<typeof member>;

/** The next epoch's key, sealed to one device. */
export const wrappedKey = z.object({ kid, ephemeral: short, sealed: short });
export type WrappedKey = z.infer<typeof wrappedKey>;

/** What the room itself must know of an envelope. */
export const purpose = z.discriminatedUnion('kind', [
	/** `stays`: files are in it, which no snapshot holds; so the room forgets it later than others. */
	z.object({ kind: z.literal('ops'), stays: z.exactOptional(z.literal(true)) }),
	z.object({ kind: z.literal('add'), member }),
	/** From the next envelope on nothing is sealed with an older key. */
	z.object({
		kind: z.literal('remove'),
		kid,
		epoch: count,
		keys: z.array(wrappedKey).check(z.maxLength(64))
	}),
	/** One part of the state as it was after everything up to `upTo`. */
	z.object({ kind: z.literal('snapshot'), upTo: count, part: count, of: count.check(z.positive()) })
]);
export type Purpose = z.infer<typeof purpose>;

export const envelopeHeader = z.object({
	v: z.literal(1),
	room: roomId,
	/** `kid` of the signing device. */
	dev: kid,
	/** Dense, from 1. */
	devSeq: count.check(z.positive()),
	keyEpoch: count.check(z.positive()),
	/** Length of the padded plaintext. */
	lenBucket: count,
	/** Of this device's previous envelope; the room's own for its first. */
	prevHash: hash,
	purpose
});
export type EnvelopeHeader = z.infer<typeof envelopeHeader>;

export const envelope = z.object({
	header: envelopeHeader,
	/** Nonce and sealed bytes. */
	ct: bytes.check(z.maxLength(Math.ceil((maxSealed * 4) / 3))),
	/** Over the header and `ct`. */
	sig: short
});
export type Envelope = z.infer<typeof envelope>;

export const fromDevice = z.discriminatedUnion('type', [
	z.object({ type: z.literal('hello'), v: z.literal(1), device: devicePublicKey, cursor: count, sig: short }),
	z.object({ type: z.literal('push'), envelopes: z.array(envelope).check(z.minLength(1), z.maxLength(64)) }),
	z.object({ type: z.literal('got'), seq: count }),
	z.object({ type: z.literal('basis'), after: count }),
	z.object({ type: z.literal('kept'), after: count }),
	z.object({ type: z.literal('ping') })
]);
export type FromDevice = z.infer<typeof fromDevice>;

/** `slow`: too much at once, later it is taken. `full`: the room holds as much as it may. */
export const nackReasons = [
	'gap',
	'forked',
	'epoch',
	'not-a-member',
	'forged',
	'invalid',
	'slow',
	'full'
] as const;
export type NackReason = (typeof nackReasons)[number];

export const fromRoom = z.discriminatedUnion('type', [
	z.object({ type: z.literal('challenge'), nonce: short }),
	/** `seq`: of the newest envelope. `yours`: the last of the asking device. */
	z.object({ type: z.literal('welcome'), seq: count, yours: z.object({ devSeq: count, hash }) }),
	z.object({ type: z.literal('ack'), devSeq: count, seq: count }),
	z.object({ type: z.literal('nack'), expect: count, reason: z.enum(nackReasons) }),
	z.object({ type: z.literal('ops'), fromSeq: count, envelopes: z.array(envelope) }),
	z.object({ type: z.literal('reset'), upTo: count }),
	z.object({
		type: z.literal('basis'),
		upTo: count,
		after: count,
		envelopes: z.array(envelope),
		next: z.optional(count)
	}),
	z.object({
		type: z.literal('kept'),
		after: count,
		envelopes: z.array(envelope),
		next: z.optional(count)
	}),
	/** `by`: who came and who went since what the device has read, up to its removal. */
	z.object({ type: z.literal('revoked'), by: z.optional(z.array(envelope)) }),
	z.object({ type: z.literal('pong') })
]);
export type FromRoom = z.infer<typeof fromRoom>;

/** What a device signs to be let in: the nonce makes it worthless to whoever overhears it. */
export function helloText(room: string, nonce: string, by: string): string {
	return `wherry-sync-hello/v1|${room}|${nonce}|${by}`;
}
