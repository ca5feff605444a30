/**
 * What a newcomer begins with, or somebody who was away for long: who came and who went, each vouched for by
 * a member of that time, and a snapshot signed by a member of now.
 */

import { canonicalJson, isJsonObject, parseJson } from '../../wire/json';
import { fromBase64Url, type DevicePublicKey } from '../../wire/device';
import type { Envelope } from '../../wire/sync';
import { openEnvelope, type OpenedEnvelope } from './envelope';
import { unpackSnapshot } from './pack-snapshot';
import { readPlace } from './place';
import { verifyEnvelope } from './signature';
import type { FaultKind, KnownMember, LogPlace } from './log';
import type { Reading } from './read-envelopes';
import type { Outcome } from './replica';

const partsAtOnce = 16;

/** @param envelopes all of the basis: membership in its order, then the snapshot's parts in theirs. */
export async function readBasis(
	reading: Reading,
	upTo: number,
	envelopes: readonly Envelope[]
): Promise<Outcome> {
	const { replica, room, keys } = reading;
	const fail = (kind: FaultKind, dev?: string): Outcome =>
		replica.stop({ kind, seq: upTo, ...(dev === undefined ? {} : { dev }) });
	const members = new Map<string, KnownMember>();
	const pieces: string[] = [];
	let epoch = 1;
	const read = async (envelope: Envelope, by: DevicePublicKey): Promise<OpenedEnvelope | undefined> => {
		const sealed = fromBase64Url(envelope.ct);
		const hash = await verifyEnvelope(envelope, by, sealed);
		return hash === undefined ? undefined : openEnvelope(envelope, hash, keys, sealed);
	};
	/** Parts of a snapshot are of one author and read side by side: signatures and seals are checked by other threads. */
	const ahead: Promise<OpenedEnvelope | undefined>[] = [];
	for (const [at, envelope] of envelopes.entries()) {
		const { dev, keyEpoch, purpose, room: of } = envelope.header;
		if (of !== room) return fail('foreign', dev);
		const founder = members.size === 0 && purpose.kind === 'add' ? purpose.member : undefined;
		const signer = founder ?? members.get(dev);
		if (signer === undefined || members.get(dev)?.isRemoved === true) return fail('forged', dev);
		// No way around a key that was taken into use: who was removed before does not have it.
		if (purpose.kind === 'snapshot' ? keyEpoch < epoch : keyEpoch !== epoch) return fail('stale-key', dev);
		if (purpose.kind === 'snapshot' && ahead.length === 0) {
			const next = envelopes.slice(at, at + partsAtOnce);
			const end = next.findIndex(({ header }) => header.dev !== dev || header.purpose.kind !== 'snapshot');
			const same = end < 0 ? next : next.slice(0, end);
			ahead.push(...same.map((part) => read(part, signer.device)));
		}
		const opened = await (ahead.shift() ?? read(envelope, signer.device));
		if (opened === undefined) return fail('forged', dev);
		switch (purpose.kind) {
			case 'add':
				members.set(purpose.member.device.kid, { ...purpose.member, isRemoved: false });
				break;
			case 'remove': {
				if (purpose.epoch !== ++epoch) return fail('forged', dev);
				const gone = members.get(purpose.kid);
				if (gone !== undefined) members.set(purpose.kid, { ...gone, isRemoved: true });
				for (const key of purpose.keys) {
					const secret = await reading.unwrap(key, purpose.epoch);
					if (secret !== undefined) keys.learn(purpose.epoch, secret);
				}
				break;
			}
			case 'snapshot':
				if (purpose.upTo !== upTo || purpose.part !== pieces.length) return fail('dropped', dev);
				pieces.push(opened.text ?? '');
				break;
			case 'ops':
				return fail('forged', dev);
		}
	}
	const last = envelopes.at(-1)?.header.purpose;
	if (last?.kind !== 'snapshot' || last.of !== pieces.length) return fail('dropped');
	const whole = parseJson((await unpackSnapshot(pieces.join(''))) ?? '');
	const place = isJsonObject(whole) ? readPlace(whole.place) : undefined;
	if (!isJsonObject(whole) || place?.cursor !== upTo || place.epoch !== epoch) return fail('forged');
	// Who is a member is not the room's to say: what it showed must be what the snapshot's author saw.
	if (textOf(place.members) !== textOf(Object.fromEntries(members))) return fail('dropped');
	for (const kid of Object.keys(replica.place().members)) if (!members.has(kid)) return fail('forked', kid);
	return replica.acceptSnapshot(place, whole.state);
}

function textOf(members: LogPlace['members']): string {
	const rows = Object.entries(members).map(([kid, row]) => [kid, { ...row }] as const);
	return canonicalJson(Object.fromEntries(rows));
}
