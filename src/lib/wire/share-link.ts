/**
 * A share's address: `{origin}/share/{shareId}#v1.r.{secret}`, and `.a{salt}` behind it where a passphrase
 * is needed (Argon2id with fixed parameters: there are no numbers in a link that could be turned down).
 * What stands behind `#` never leaves the browser that opens it.
 */

import { fromBase64Url, toBase64Url } from './base64';

export interface ShareLink {
	readonly origin: string;
	/** 128 random bits, base64url. */
	readonly shareId: string;
	/** 256 random bits. */
	readonly secret: Uint8Array<ArrayBuffer>;
	/** 128 random bits, present where a passphrase is needed. */
	readonly salt?: Uint8Array<ArrayBuffer>;
}

export const shareIdPattern = /^[A-Za-z0-9_-]{22}$/;

const path = /^\/share\/([A-Za-z0-9_-]{22})\/?$/;
const fragment = /^#v1\.r\.([A-Za-z0-9_-]{43})(?:\.a([A-Za-z0-9_-]{22}))?$/;

export function formatShareLink({ origin, shareId, secret, salt }: ShareLink): string {
	const end = salt === undefined ? '' : `.a${toBase64Url(salt)}`;
	return `${origin}/share/${shareId}#v1.r.${toBase64Url(secret)}${end}`;
}

/** Undefined for anything but a whole link of this version. */
export function parseShareLink(text: string): ShareLink | undefined {
	const url = URL.parse(text.trim());
	if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '') return undefined;
	const [, shareId] = path.exec(url.pathname) ?? [];
	const [, secretText, saltText] = fragment.exec(url.hash) ?? [];
	const secret = secretText === undefined ? undefined : exactly(secretText, 32);
	if (shareId === undefined || secret === undefined || exactly(shareId, 16) === undefined) return undefined;
	const link = { origin: url.origin, shareId, secret };
	if (saltText === undefined) return link;
	const salt = exactly(saltText, 16);
	return salt === undefined ? undefined : { ...link, salt };
}

/** Of several texts for the same bytes one is the right one: a link is never another link's double. */
function exactly(text: string, length: number): Uint8Array<ArrayBuffer> | undefined {
	const bytes = fromBase64Url(text);
	return bytes?.length === length && toBase64Url(bytes) === text ? bytes : undefined;
}
