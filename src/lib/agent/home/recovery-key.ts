/**
 * The device that a recovery code stands for: a member like any other, whose keys lie sealed under the code
 * instead of in a browser. It has no chain of its own before the day it lets a new device in; then it goes.
 */

import * as z from 'zod/mini';
import {
	deviceAlgorithms,
	devicePublicKey,
	fromBase64Url,
	keyParameters,
	kidOf,
	signParameters,
	toBase64Url,
	type DeviceAlgorithm
} from '../../wire/device';
import { parseJson } from '../../wire/json';
import type { Member } from '../../wire/sync';
import type { AgreementKey } from './agreement-key';
import type { DeviceKey } from './device-key';
import { homeBytes, readHome, type Home } from './home';

const curve = { name: 'ECDH', namedCurve: 'P-256' } as const;
const schema = z.object({
	v: z.literal(1),
	home: z.string(),
	device: devicePublicKey,
	sign: z.string(),
	agree: z.string(),
	agreeKey: z.string()
});

export interface RecoveryKey {
	readonly member: Member;
	/** With the home as it is then, to be sealed. */
	bytesWith(home: Home, since: number): Uint8Array<ArrayBuffer>;
}

export async function makeRecoveryKey(): Promise<RecoveryKey> {
	const { pair, algorithm } = await signingPair();
	const agreement = await pairOf(crypto.subtle.generateKey(curve, true, ['deriveBits']));
	const raw = await exported('raw', pair.publicKey);
	const device = { kid: await kidOf(algorithm, raw), algorithm, raw: toBase64Url(raw) };
	const agree = toBase64Url(await exported('raw', agreement.publicKey));
	const keys = {
		device,
		sign: toBase64Url(await exported('pkcs8', pair.privateKey)),
		agree,
		agreeKey: toBase64Url(await exported('pkcs8', agreement.privateKey))
	};
	return {
		member: { device, agree },
		bytesWith(home, since) {
			const content = { v: 1, home: toBase64Url(homeBytes(home, since)), ...keys };
			return new Uint8Array(new TextEncoder().encode(JSON.stringify(content)));
		}
	};
}

export interface Recovered {
	readonly home: Home;
	readonly signer: DeviceKey;
	readonly agreement: AgreementKey;
}

/** Undefined where these are no such bytes. */
export async function readRecoveryKey(bytes: Uint8Array<ArrayBuffer>): Promise<Recovered | undefined> {
	const read = schema.safeParse(parseJson(new TextDecoder().decode(bytes)));
	if (!read.success) return undefined;
	const { device, agree } = read.data;
	const [root, sign, agreeKey] = [read.data.home, read.data.sign, read.data.agreeKey].map(fromBase64Url);
	const home = root === undefined ? undefined : await readHome(root);
	if (home === undefined || sign === undefined || agreeKey === undefined) return undefined;
	const parameters = keyParameters(device.algorithm);
	const key = await crypto.subtle.importKey('pkcs8', sign, parameters, false, ['sign']);
	const privateKey = await crypto.subtle.importKey('pkcs8', agreeKey, curve, false, ['deriveBits']);
	return {
		home,
		agreement: { raw: agree, privateKey },
		signer: {
			publicKey: device,
			sign: async (content) =>
				new Uint8Array(await crypto.subtle.sign(signParameters(device.algorithm), key, content))
		}
	};
}

async function signingPair(): Promise<{ readonly pair: CryptoKeyPair; readonly algorithm: DeviceAlgorithm }> {
	let failure: unknown;
	for (const algorithm of deviceAlgorithms) {
		try {
			const made = crypto.subtle.generateKey(keyParameters(algorithm), true, ['sign', 'verify']);
			return { pair: await pairOf(made), algorithm };
		} catch (thrown) {
			failure = thrown;
		}
	}
	throw failure;
}

async function pairOf(made: Promise<CryptoKey | CryptoKeyPair>): Promise<CryptoKeyPair> {
	const pair = await made;
	if (!('privateKey' in pair)) throw new TypeError('no key pair');
	return pair;
}

async function exported(format: 'raw' | 'pkcs8', key: CryptoKey): Promise<Uint8Array<ArrayBuffer>> {
	const bytes = await crypto.subtle.exportKey(format, key);
	if (!(bytes instanceof ArrayBuffer)) throw new TypeError('no bytes');
	return new Uint8Array(bytes);
}
