/**
 * The key by which others know this device: it signs requests, operations and decisions. Made once, and
 * kept where it cannot be taken out of: a non-extractable CryptoKey. Ed25519 where the platform has it,
 * else P-256; whoever verifies learns which from the public key.
 */

import {
	deviceAlgorithms,
	devicePublicKey,
	keyParameters,
	kidOf,
	signParameters,
	toBase64Url
} from '../../wire/device';
import type { DeviceAlgorithm, DevicePublicKey } from '../../wire/device';
import { toAppError } from '../../wire/errors';
import { epochOf } from '../storage/rules';
import type { Store } from '../storage/store';

export interface DeviceKey {
	readonly publicKey: DevicePublicKey;
	/** 64 bytes over exactly these bytes. */
	sign(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
}

interface DeviceKeyRow {
	readonly v: number;
	readonly publicKey: DevicePublicKey;
	readonly privateKey: CryptoKey;
}

const deviceRow = 'device/sign';

/** Two tabs that ask at once get the same key. @param rowKey a home has a key of its own: one that was removed never comes back. */
export async function openDeviceKey(store: Store, rowKey = deviceRow): Promise<DeviceKey> {
	for (;;) {
		const row = readRow(await store.get('vault', rowKey));
		if (row !== undefined) return signerOf(row);
		const made = await makeKey();
		try {
			await store.commit({
				epoch: epochOf(await store.get('meta', 'epoch')),
				expect: [{ table: 'vault', key: rowKey, absent: true }],
				put: [{ table: 'vault', key: rowKey, row: made }]
			});
		} catch (thrown) {
			const { id } = toAppError(thrown);
			if (id !== 'storage/conflict' && id !== 'storage/stale-epoch') throw thrown;
		}
	}
}

async function makeKey(): Promise<DeviceKeyRow> {
	let failure: unknown;
	for (const algorithm of deviceAlgorithms) {
		try {
			return await makeKeyOf(algorithm);
		} catch (thrown) {
			failure = thrown;
		}
	}
	throw failure;
}

async function makeKeyOf(algorithm: DeviceAlgorithm): Promise<DeviceKeyRow> {
	const pair = await crypto.subtle.generateKey(keyParameters(algorithm), false, ['sign', 'verify']);
	if (!('privateKey' in pair)) throw new TypeError('no key pair');
	const exported = await crypto.subtle.exportKey('raw', pair.publicKey);
	if (!(exported instanceof ArrayBuffer)) throw new TypeError('no raw key');
	const raw = new Uint8Array(exported);
	return {
		v: 1,
		publicKey: { kid: await kidOf(algorithm, raw), algorithm, raw: toBase64Url(raw) },
		privateKey: pair.privateKey
	};
}

function signerOf({ publicKey, privateKey }: DeviceKeyRow): DeviceKey {
	return {
		publicKey,
		async sign(bytes) {
			return new Uint8Array(await crypto.subtle.sign(signParameters(publicKey.algorithm), privateKey, bytes));
		}
	};
}

function readRow(row: unknown): DeviceKeyRow | undefined {
	if (typeof row !== 'object' || row === null || !('publicKey' in row) || !('privateKey' in row))
		return undefined;
	const publicKey = devicePublicKey.safeParse(row.publicKey);
	const { privateKey } = row;
	return publicKey.success && privateKey instanceof CryptoKey
		? { v: 1, publicKey: publicKey.data, privateKey }
		: undefined;
}
