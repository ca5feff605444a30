/**
 * Whether an authenticator has said yes to one request, with the person verified (a finger, a face, a PIN), not
 * merely present. WebCrypto does the rest: keys come as SubjectPublicKeyInfo, so there is no COSE to read.
 * https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion
 */

import * as z from 'zod/mini';
import { fromBase64Url } from '../../wire/device';
import { parseJson } from '../../wire/json';
import { passkeyChallenge, type PasskeyAssertion } from '../../wire/passkey';
import type { SignedRequest } from '../../wire/proof';

const clientData = z.object({
	type: z.literal('webauthn.get'),
	challenge: z.string(),
	origin: z.string(),
	crossOrigin: z.optional(z.boolean())
});

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const present = 0x01;
const verified = 0x04;

/** Undefined for what is no ES256 key. */
export function importPasskey(key: string): Promise<CryptoKey | undefined> {
	const bytes = fromBase64Url(key);
	if (bytes === undefined) return Promise.resolve(undefined);
	return crypto.subtle.importKey('spki', bytes, ecdsa, false, ['verify']).catch(() => undefined);
}

/** For this host, somebody was there and was verified. */
export async function isVerified(authenticatorData: string, host: string): Promise<boolean> {
	const bytes = fromBase64Url(authenticatorData);
	// 32 bytes of the host's hash, flags, counter.
	if (bytes === undefined || bytes.byteLength < 37) return false;
	const wanted = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(host)));
	const flags = bytes[32] ?? 0;
	return (
		wanted.every((byte, at) => byte === bytes[at]) && (flags & present) !== 0 && (flags & verified) !== 0
	);
}

export async function verifyAssertion(
	assertion: PasskeyAssertion,
	key: CryptoKey,
	request: SignedRequest
): Promise<boolean> {
	const client = fromBase64Url(assertion.clientData);
	const authenticator = fromBase64Url(assertion.authenticatorData);
	const signature = readDer(fromBase64Url(assertion.signature));
	if (client === undefined || authenticator === undefined || signature === undefined) return false;
	const said = clientData.safeParse(parseJson(new TextDecoder().decode(client)));
	if (!said.success || said.data.crossOrigin === true || said.data.origin !== request.aud) return false;
	if (said.data.challenge !== (await passkeyChallenge(request, assertion))) return false;
	if (!(await isVerified(assertion.authenticatorData, new URL(request.aud).hostname))) return false;
	const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', client));
	const signed = new Uint8Array(authenticator.byteLength + hash.byteLength);
	signed.set(authenticator);
	signed.set(hash, authenticator.byteLength);
	return crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, signed);
}

/** `SEQUENCE { INTEGER r, INTEGER s }` to the 64 bytes that WebCrypto takes. */
function readDer(der: Uint8Array<ArrayBuffer> | undefined): Uint8Array<ArrayBuffer> | undefined {
	if (der?.[0] !== 0x30 || der[1] !== der.byteLength - 2) return undefined;
	const raw = new Uint8Array(64);
	let at = 2;
	for (const end of [32, 64]) {
		const length = der[at + 1] ?? 0;
		if (der[at] !== 0x02 || length === 0 || at + 2 + length > der.byteLength) return undefined;
		let number = der.subarray(at + 2, at + 2 + length);
		while (number.byteLength > 32 && number[0] === 0) number = number.subarray(1);
		if (number.byteLength > 32) return undefined;
		raw.set(number, end - number.byteLength);
		at += 2 + length;
	}
	return at === der.byteLength ? raw : undefined;
}
