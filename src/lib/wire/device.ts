/**
 * How a device is known to others: by its public key. Its `kid` is the key's own fingerprint, so that
 * nobody can claim another key under it.
 */

import * as z from 'zod/mini';
import { fromBase64Url, toBase64Url } from './base64';
import { joinBytes, utf8 } from './bytes';

export { fromBase64Url, toBase64Url };

export const deviceAlgorithms = ['Ed25519', 'P-256'] as const;
export type DeviceAlgorithm = (typeof deviceAlgorithms)[number];

export const devicePublicKey = z.object({
	/** First 16 bytes of SHA-256 over algorithm, `|` and raw key; base64url. */
	kid: z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/)),
	algorithm: z.enum(deviceAlgorithms),
	/** 32 bytes (Ed25519) or 65 (P-256, uncompressed), base64url. */
	raw: z.string().check(z.regex(/^[A-Za-z0-9_-]{43,88}$/))
});
export type DevicePublicKey = z.infer<typeof devicePublicKey>;

const parameters = {
	Ed25519: { key: { name: 'Ed25519' }, sign: { name: 'Ed25519' } },
	'P-256': { key: { name: 'ECDSA', namedCurve: 'P-256' }, sign: { name: 'ECDSA', hash: 'SHA-256' } }
} as const;

export const keyParameters = (algorithm: DeviceAlgorithm) => parameters[algorithm].key;
export const signParameters = (algorithm: DeviceAlgorithm) => parameters[algorithm].sign;

export async function kidOf(algorithm: DeviceAlgorithm, raw: Uint8Array): Promise<string> {
	const named = joinBytes([utf8(`${algorithm}|`), raw]);
	const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', named));
	return toBase64Url(digest.subarray(0, 16));
}

/** A home's few devices sign all that is read: taking a key in costs more than checking a signature. */
const taken = new Map<string, CryptoKey>();
const mostTaken = 64;

/** Undefined where it is no key, or not the one that its `kid` names. */
async function takeIn({ algorithm, kid, raw }: DevicePublicKey): Promise<CryptoKey | undefined> {
	const name = `${algorithm}|${kid}|${raw}`;
	const known = taken.get(name);
	if (known !== undefined) return known;
	const bytes = fromBase64Url(raw);
	if (bytes === undefined || (await kidOf(algorithm, bytes)) !== kid) return undefined;
	const key = await crypto.subtle.importKey('raw', bytes, keyParameters(algorithm), false, ['verify']);
	if (taken.size >= mostTaken) taken.clear();
	taken.set(name, key);
	return key;
}

/** False for a signature, a key or a `kid` that does not fit; never throws. */
export async function verifyDevice(
	by: DevicePublicKey,
	signature: Uint8Array<ArrayBuffer>,
	bytes: Uint8Array<ArrayBuffer>
): Promise<boolean> {
	try {
		const key = await takeIn(by);
		return (
			key !== undefined && (await crypto.subtle.verify(signParameters(by.algorithm), key, signature, bytes))
		);
	} catch {
		return false;
	}
}
