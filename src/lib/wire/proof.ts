/**
 * How a device proves to a relay that a request is its own:
 *
 *   Authorization: Wherry1 kid=…,ts=…,nonce=…,sig=…
 *
 * signed over `method \n path?query \n SHA-256(body) \n ts \n nonce \n aud`. The time and the nonce make it
 * good once, `aud` (the relay's origin) at one relay, the rest for one request. Where `Authorization`
 * belongs to a provider, the same text stands in `x-wherry-authorization`.
 */

import { fromBase64Url, toBase64Url, verifyDevice, type DevicePublicKey } from './device';

export const authorizationHeader = 'x-wherry-authorization';

/** How far the two clocks may be apart, seconds. */
export const proofSkewSeconds = 300;

export interface SignedRequest {
	readonly method: string;
	/** As it is sent: path, and query with its question mark. */
	readonly target: string;
	/** Base64url of SHA-256 over the body; of nothing where there is none. */
	readonly bodyHash: string;
	readonly aud: string;
}

export interface Proof {
	readonly kid: string;
	/** Seconds since 1970. */
	readonly ts: number;
	/** 16 random bytes, base64url. */
	readonly nonce: string;
	readonly sig: string;
}

export interface Signer {
	readonly publicKey: DevicePublicKey;
	sign(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
}

const text = new TextEncoder();

export async function hashBody(body: string | Uint8Array<ArrayBuffer>): Promise<string> {
	const bytes = typeof body === 'string' ? new Uint8Array(text.encode(body)) : body;
	return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

/** Undefined for a part that could be read as two. */
function signedBytes(request: SignedRequest, ts: number, nonce: string): Uint8Array<ArrayBuffer> | undefined {
	const parts = [request.method, request.target, request.bodyHash, String(ts), nonce, request.aud];
	return parts.some((part) => part.includes('\n'))
		? undefined
		: new Uint8Array(text.encode(parts.join('\n')));
}

/** The header's value. @param at.now milliseconds */
export async function makeProof(
	signer: Signer,
	request: SignedRequest,
	at: { readonly now: number; readonly random: Uint8Array }
): Promise<string> {
	const ts = Math.floor(at.now / 1000);
	const nonce = toBase64Url(at.random.subarray(0, 16));
	const bytes = signedBytes(request, ts, nonce);
	if (bytes === undefined) throw new TypeError('A request cannot hold a line break.');
	const sig = toBase64Url(await signer.sign(bytes));
	return `Wherry1 kid=${signer.publicKey.kid},ts=${String(ts)},nonce=${nonce},sig=${sig}`;
}

const shape =
	/^Wherry1 kid=([A-Za-z0-9_-]{22}),ts=(\d{1,12}),nonce=([A-Za-z0-9_-]{22}),sig=([A-Za-z0-9_-]{86})$/;

/** Undefined for anything else than one whole proof. */
export function parseProof(header: string): Proof | undefined {
	const [, kid, ts, nonce, sig] = shape.exec(header) ?? [];
	if (kid === undefined || ts === undefined || nonce === undefined || sig === undefined) return undefined;
	return { kid, ts: Number(ts), nonce, sig };
}

/** Time and signature. That its nonce is new is for the relay to know. @param now milliseconds */
export async function verifyProof(
	proof: Proof,
	by: DevicePublicKey,
	request: SignedRequest,
	now: number
): Promise<boolean> {
	if (proof.kid !== by.kid || Math.abs(now / 1000 - proof.ts) > proofSkewSeconds) return false;
	const signature = fromBase64Url(proof.sig);
	const bytes = signedBytes(request, proof.ts, proof.nonce);
	if (signature === undefined || bytes === undefined) return false;
	return await verifyDevice(by, signature, bytes);
}
