/**
 * A token that a relay gives a device for a quarter of an hour, for requests whose body is not to be
 * read (the provider proxy) and for WebSockets: `w1.{claims}.{HMAC-SHA-256}`, base64url. Travels in
 * `x-wherry-authorization: Bearer …` or as a WebSocket subprotocol, never in an address.
 */

import * as z from 'zod/mini';
import { fromBase64Url, toBase64Url } from './device';
import { parseJson } from './json';

export const tokenLifeMs = 15 * 60_000;
/** `Sec-WebSocket-Protocol: wherry-token.{token}`. */
export const tokenProtocol = 'wherry-token.';

const tokenClaims = z.object({
	dev: z.string(),
	scope: z.array(z.string()),
	/** The relay's origin. */
	aud: z.string(),
	/** Milliseconds. */
	exp: z.number(),
	jti: z.string()
});
export type TokenClaims = z.infer<typeof tokenClaims>;

const text = new TextEncoder();

export function importTokenKey(secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
	return crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}

export async function makeToken(key: CryptoKey, claims: TokenClaims): Promise<string> {
	const content = `w1.${toBase64Url(text.encode(JSON.stringify(claims)))}`;
	const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, text.encode(content)));
	return `${content}.${toBase64Url(mac)}`;
}

/** Undefined where it is not ours, another relay's, or over. @param at.now milliseconds */
export async function readToken(
	key: CryptoKey,
	token: string,
	at: { readonly now: number; readonly aud: string }
): Promise<TokenClaims | undefined> {
	const dot = token.lastIndexOf('.');
	const content = token.slice(0, dot);
	const mac = fromBase64Url(token.slice(dot + 1));
	if (!content.startsWith('w1.') || mac === undefined) return undefined;
	if (!(await crypto.subtle.verify('HMAC', key, mac, text.encode(content)))) return undefined;
	const json = fromBase64Url(content.slice(3));
	const parsed = tokenClaims.safeParse(parseJson(new TextDecoder().decode(json ?? new Uint8Array())));
	return parsed.success && parsed.data.aud === at.aud && parsed.data.exp > at.now ? parsed.data : undefined;
}

/** What stands in the subprotocols that a WebSocket's client offers. */
export function tokenOfProtocols(header: string | null): string | undefined {
	const offered = (header ?? '').split(',').map((one) => one.trim());
	return offered.find((one) => one.startsWith(tokenProtocol))?.slice(tokenProtocol.length);
}
