/**
 * From what the room sends to what the replica takes: signature, seal, and the key of a new epoch where one
 * comes along. Says at the first thing that cannot be true what it is, and reads no further.
 */

import { fromBase64Url, type DevicePublicKey } from '../../wire/device';
import type { Envelope, WrappedKey } from '../../wire/sync';
import { openEnvelope, type OpenedEnvelope } from './envelope';
import { verifyEnvelope } from './signature';
import type { LogPlace } from './log';
import type { Outcome, Replica } from './replica';
import type { RoomKeys } from './room-keys';

export interface Reading {
	readonly room: string;
	readonly replica: Replica;
	readonly keys: RoomKeys;
	/** The next epoch's secret, sealed for this device. Undefined where it is for another, or does not open. */
	readonly unwrap: (key: WrappedKey, epoch: number) => Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** Envelopes that follow each other from `fromSeq` on. */
export async function readEnvelopes(
	reading: Reading,
	fromSeq: number,
	envelopes: readonly Envelope[]
): Promise<Outcome> {
	const { replica } = reading;
	let ahead: readonly (OpenedEnvelope | Fault)[] = [];
	let aheadFrom = 0;
	for (const [at, envelope] of envelopes.entries()) {
		const seq = fromSeq + at;
		if (seq <= replica.cursor()) continue;
		if (seq > replica.cursor() + 1) return 'again';
		if (at >= aheadFrom + ahead.length) {
			aheadFrom = at;
			ahead = await readRun(reading, envelopes.slice(at));
		}
		const opened = ahead[at - aheadFrom];
		if (opened === undefined) return 'again';
		if ('fault' in opened) return replica.stop({ ...opened.fault, seq });
		const later = envelopes.slice(at + 1).map(({ header }) => header);
		const outcome = replica.accept(seq, opened, later);
		if (outcome !== 'ok') return outcome;
		await learnKey(reading, envelope);
	}
	return 'ok';
}

/**
 * Side by side as far as the same members and keys hold for all: signatures and seals are checked by other threads.
 * Up to the first that says who comes or goes, that one too.
 */
function readRun(reading: Reading, envelopes: readonly Envelope[]): Promise<(OpenedEnvelope | Fault)[]> {
	const place = reading.replica.place();
	const turn = envelopes.findIndex(
		({
			header: {
				purpose: { kind }
			}
		}) => kind === 'add' || kind === 'remove'
	);
	const run = turn < 0 ? envelopes : envelopes.slice(0, turn + 1);
	return Promise.all(run.map((envelope) => readOne(reading, envelope, place)));
}

type Fault = { readonly fault: Exclude<Outcome, 'ok' | 'again'> };

async function readOne(
	{ room, keys }: Reading,
	envelope: Envelope,
	place: LogPlace
): Promise<OpenedEnvelope | Fault> {
	const { dev, devSeq, keyEpoch } = envelope.header;
	if (envelope.header.room !== room) return { fault: { kind: 'foreign', dev, devSeq } };
	const device = signerOf(envelope, place);
	const sealed = fromBase64Url(envelope.ct);
	const hash = device === undefined ? undefined : await verifyEnvelope(envelope, device, sealed);
	if (hash === undefined) return { fault: { kind: 'forged', dev, devSeq } };
	const opened = await openEnvelope(envelope, hash, keys, sealed);
	if (opened !== undefined) return opened;
	return { fault: { kind: keyEpoch < place.epoch ? 'stale-key' : 'forged', dev, devSeq } };
}

/** A founder vouches for itself: nobody was there before. */
function signerOf(
	{ header: { dev, purpose } }: Envelope,
	{ members }: LogPlace
): DevicePublicKey | undefined {
	const known = members[dev]?.device;
	if (known !== undefined || Object.keys(members).length > 0) return known;
	return purpose.kind === 'add' ? purpose.member.device : undefined;
}

async function learnKey({ keys, unwrap }: Reading, { header: { purpose } }: Envelope): Promise<void> {
	if (purpose.kind !== 'remove') return;
	for (const key of purpose.keys) {
		const secret = await unwrap(key, purpose.epoch);
		if (secret !== undefined) keys.learn(purpose.epoch, secret);
	}
}
