/** The browser's authenticator: makes a passkey for this relay, and has it say yes to one change. */

import { fromBase64Url, toBase64Url } from '../../wire/base64';
import type { PasskeyAssertion, PasskeyQuestion, PasskeyRequest } from '../../wire/passkey';

export function hasPasskeys(): boolean {
	return typeof PublicKeyCredential === 'function';
}

const es256 = -7;

/** Undefined where the person changed their mind, or the device cannot verify anybody. */
export async function createPasskey(name: string): Promise<PasskeyRequest | undefined> {
	const made = await navigator.credentials
		.create({
			publicKey: {
				challenge: crypto.getRandomValues(new Uint8Array(32)),
				rp: { id: location.hostname, name: 'Wherry' },
				user: { id: crypto.getRandomValues(new Uint8Array(16)), name, displayName: name },
				pubKeyCredParams: [{ type: 'public-key', alg: es256 }],
				authenticatorSelection: { userVerification: 'required', residentKey: 'discouraged' },
				attestation: 'none'
			}
		})
		.catch(() => null);
	if (!(made instanceof PublicKeyCredential)) return undefined;
	const { response } = made;
	if (!(response instanceof AuthenticatorAttestationResponse)) return undefined;
	const key = response.getPublicKey();
	if (key === null || response.getPublicKeyAlgorithm() !== es256) return undefined;
	return {
		id: made.id,
		key: text(key),
		name,
		authenticatorData: text(response.getAuthenticatorData())
	};
}

/** Undefined where the person changed their mind. */
export async function confirmWithPasskey({
	ids,
	challenge,
	ts,
	nonce
}: PasskeyQuestion): Promise<PasskeyAssertion | undefined> {
	const given = await navigator.credentials
		.get({
			publicKey: {
				challenge: bytes(challenge),
				rpId: location.hostname,
				allowCredentials: ids.map((id) => ({ type: 'public-key', id: bytes(id) })),
				userVerification: 'required'
			}
		})
		.catch(() => null);
	if (!(given instanceof PublicKeyCredential)) return undefined;
	const { response } = given;
	if (!(response instanceof AuthenticatorAssertionResponse)) return undefined;
	return {
		id: given.id,
		ts,
		nonce,
		clientData: text(response.clientDataJSON),
		authenticatorData: text(response.authenticatorData),
		signature: text(response.signature)
	};
}

const text = (buffer: ArrayBuffer): string => toBase64Url(new Uint8Array(buffer));
const bytes = (encoded: string): Uint8Array<ArrayBuffer> => fromBase64Url(encoded) ?? new Uint8Array();
