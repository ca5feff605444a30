/**
 * A passkey's word for one change of a relay, beside the device's signature: `x-wherry-passkey`, JSON. What the
 * authenticator signs is a challenge made of the request itself, so that it is good for this very change, once.
 * https://www.w3.org/TR/webauthn-3/
 */

import * as z from 'zod/mini';
import { toBase64Url } from './device';
import type { SignedRequest } from './proof';

export const passkeyHeader = 'x-wherry-passkey';

const base64Url = (longest: number) =>
	z.string().check(z.regex(/^[A-Za-z0-9_-]+$/), z.minLength(1), z.maxLength(longest));

export const passkeyAssertion = z.strictObject({
	/** The credential's id. */
	id: base64Url(400),
	/** Seconds since 1970. */
	ts: z.int(),
	nonce: base64Url(22),
	clientData: base64Url(4000),
	authenticatorData: base64Url(1000),
	signature: base64Url(200)
});
export type PasskeyAssertion = z.infer<typeof passkeyAssertion>;

/** `PUT /api/passkeys`. */
export const passkeyRequest = z.strictObject({
	id: base64Url(400),
	/** SubjectPublicKeyInfo, as the browser gives it; ES256 only. */
	key: base64Url(400),
	name: z.string().check(z.minLength(1), z.maxLength(60)),
	/** What the authenticator said of itself when it made the key. */
	authenticatorData: base64Url(1000)
});
export type PasskeyRequest = z.infer<typeof passkeyRequest>;

export const passkey = z.object({ id: z.string(), name: z.string(), addedAt: z.number() });
export type Passkey = z.infer<typeof passkey>;

/** What a device is told that asked for a change without one. */
export const passkeyWanted = z.object({ code: z.literal('passkey'), ids: z.array(z.string()) });

/** What the page asks the authenticator, for a change that the relay wants confirmed. */
export interface PasskeyQuestion {
	readonly ids: readonly string[];
	readonly challenge: string;
	readonly ts: number;
	readonly nonce: string;
}

/** Base64url, as it stands in the client data. */
export async function passkeyChallenge(
	{ method, target, bodyHash, aud }: SignedRequest,
	{ ts, nonce }: { readonly ts: number; readonly nonce: string }
): Promise<string> {
	const text = ['wherry-passkey/v1', method, target, bodyHash, aud, String(ts), nonce].join('\n');
	const bytes = new TextEncoder().encode(text);
	return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
