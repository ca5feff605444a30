/** Devices of one home with real keys, and what they need to read each other. */

import { makeAgreementKey, unwrapEpoch, type AgreementKey } from '../../src/lib/agent/home/agreement-key';
import type { DeviceKey } from '../../src/lib/agent/home/device-key';
import { sealEnvelope } from '../../src/lib/agent/sync/envelope';
import { genesisOf } from '../../src/lib/agent/sync/signature';
import type { Reading } from '../../src/lib/agent/sync/read-envelopes';
import { createReplica, type Replica } from '../../src/lib/agent/sync/replica';
import { withKeys } from '../../src/lib/agent/sync/removal';
import { createRoomKeys } from '../../src/lib/agent/sync/room-keys';
import {
	keyParameters,
	kidOf,
	signParameters,
	toBase64Url,
	type DeviceAlgorithm
} from '../../src/lib/wire/device';
import type { KnownOperation } from '../../src/lib/wire/operations';
import type { Envelope, Member } from '../../src/lib/wire/sync';

export interface SyncDevice {
	readonly kid: string;
	readonly signer: DeviceKey;
	readonly agreement: AgreementKey;
	readonly member: Member;
	readonly replica: Replica;
	readonly reading: Reading;
	/** Seals the next envelope, or says that there is none. */
	seal(): Promise<Envelope | undefined>;
	/** Writes a register. */
	set(key: string, value: string): void;
}

async function makeSigner(algorithm: DeviceAlgorithm): Promise<DeviceKey> {
	const pair = (await crypto.subtle.generateKey(keyParameters(algorithm), true, [
		'sign',
		'verify'
	])) as CryptoKeyPair;
	const raw = new Uint8Array((await crypto.subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer);
	return {
		publicKey: { kid: await kidOf(algorithm, raw), algorithm, raw: toBase64Url(raw) },
		sign: async (bytes) =>
			new Uint8Array(await crypto.subtle.sign(signParameters(algorithm), pair.privateKey, bytes))
	};
}

export const newRoom = (): string => toBase64Url(crypto.getRandomValues(new Uint8Array(16)));

export async function createSyncDevice(
	room: string,
	secret: Uint8Array<ArrayBuffer>,
	algorithm: DeviceAlgorithm = 'Ed25519',
	keys = createRoomKeys(room, [[1, secret]])
): Promise<SyncDevice> {
	const signer = await makeSigner(algorithm);
	const agreement = await makeAgreementKey();
	const { kid } = signer.publicKey;
	const replica = createReplica({ room, dev: kid, genesis: genesisOf(room) });
	let lam = 0;
	return {
		kid,
		signer,
		agreement,
		member: { device: signer.publicKey, agree: agreement.raw },
		replica,
		reading: {
			room,
			replica,
			keys,
			unwrap: async (key, epoch) => (key.kid === kid ? unwrapEpoch(agreement, key, room, epoch) : undefined)
		},
		async seal() {
			const draft = replica.draft();
			if (draft === undefined) return undefined;
			const whole = await withKeys(draft, room, replica.place().members);
			const sealed = await sealEnvelope(whole, { room, keys, signer });
			if (sealed === undefined) throw new Error('too large, or no key');
			replica.sealed(sealed);
			return sealed.envelope;
		},
		set(key, value) {
			lam = Math.max(lam, replica.cursor()) + 1;
			const op: KnownOperation = {
				v: 1,
				opId: `${kid.slice(0, 8)}-${String(lam)}`,
				dev: kid,
				lam,
				hlc: [0, 0],
				deps: [],
				type: 'reg.set',
				body: { key, value }
			};
			replica.write({ kind: 'known', op });
		}
	};
}
