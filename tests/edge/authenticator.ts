/** An authenticator in software: makes an ES256 passkey and signs as one does, or as one must not. */

import { toBase64Url } from '../../src/lib/wire/device';
import { passkeyChallenge, type PasskeyAssertion, type PasskeyRequest } from '../../src/lib/wire/passkey';
import type { SignedRequest } from '../../src/lib/wire/proof';

export interface Deviation {
	/** Default: somebody was there and was verified. */
	readonly flags?: number;
	readonly host?: string;
	readonly type?: string;
	readonly origin?: string;
	readonly crossOrigin?: boolean;
	readonly ts?: number;
	readonly nonce?: string;
	readonly id?: string;
	/** Signed instead of what the challenge is made of. */
	readonly request?: Partial<SignedRequest>;
}

export interface Authenticator {
	readonly request: PasskeyRequest;
	confirm(request: SignedRequest, deviation?: Deviation): Promise<PasskeyAssertion>;
}

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));
const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
	new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
const join = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> =>
	new Uint8Array(parts.flatMap((part) => [...part]));

async function dataFor(host: string, flags: number): Promise<Uint8Array<ArrayBuffer>> {
	return join(await sha256(utf8(host)), Uint8Array.of(flags, 0, 0, 0, 1));
}

export async function newAuthenticator(host: string): Promise<Authenticator> {
	const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
		'sign',
		'verify'
	]);
	if (!('privateKey' in pair)) throw new Error('no pair');
	const spki = await crypto.subtle.exportKey('spki', pair.publicKey);
	if (!(spki instanceof ArrayBuffer)) throw new Error('no key');
	const ownId = toBase64Url(crypto.getRandomValues(new Uint8Array(16)));
	return {
		request: {
			id: ownId,
			key: toBase64Url(new Uint8Array(spki)),
			name: 'Finger',
			authenticatorData: toBase64Url(await dataFor(host, 0x05))
		},
		async confirm(asked, deviation = {}) {
			const {
				flags = 0x05,
				host: at = host,
				type = 'webauthn.get',
				origin = asked.aud,
				crossOrigin = false,
				ts = Math.floor(Date.now() / 1000),
				nonce = toBase64Url(crypto.getRandomValues(new Uint8Array(16))),
				id = ownId
			} = deviation;
			const challenge = await passkeyChallenge({ ...asked, ...deviation.request }, { ts, nonce });
			const clientData = utf8(JSON.stringify({ type, challenge, origin, crossOrigin }));
			const authenticatorData = await dataFor(at, flags);
			const signed = join(authenticatorData, await sha256(clientData));
			const raw = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, signed);
			return {
				id,
				ts,
				nonce,
				clientData: toBase64Url(clientData),
				authenticatorData: toBase64Url(authenticatorData),
				signature: toBase64Url(toDer(new Uint8Array(raw)))
			};
		}
	};
}

function toDer(raw: Uint8Array): Uint8Array<ArrayBuffer> {
	const numbers = [raw.subarray(0, 32), raw.subarray(32)].map((part) => {
		const from = part.findIndex((byte) => byte !== 0);
		const short = part.subarray(from === -1 ? 31 : from);
		return (short[0] ?? 0) >= 0x80 ? join(Uint8Array.of(0), short) : short;
	});
	const body = join(...numbers.flatMap((part) => [Uint8Array.of(2, part.byteLength), part]));
	return join(Uint8Array.of(0x30, body.byteLength), body);
}
