/**
 * A share's address: `{origin}/share/{shareId}#v1.{mode}.{secret}`. Mode `r` is a snapshot, `l` a live share, `c`
 * a collaborative one, whose link has `.{writeSeed}` next; `.a{salt}` stands behind it where a passphrase is needed
 * (Argon2id with fixed parameters: there are no numbers in a link that could be turned down).
 * What stands behind `#` never leaves the browser that opens it.
 */

import { fromBase64Url, toBase64Url } from './base64';

export interface ShareLink {
	readonly origin: string;
	/** 128 bits, base64url: random, and of a live share the fingerprint of its owner's key. */
	readonly shareId: string;
	/** 256 random bits. */
	readonly secret: Uint8Array<ArrayBuffer>;
	/** It grows, and says so: a relay cannot pass another kind off as this one. */
	readonly isLive?: true;
	/** 256 random bits in a collaborative link, which is live too: they make the key that writes. */
	readonly writeSeed?: Uint8Array<ArrayBuffer>;
	/** 128 random bits, present where a passphrase is needed. */
	readonly salt?: Uint8Array<ArrayBuffer>;
}

export const shareIdPattern = /^[A-Za-z0-9_-]{22}$/;

const path = /^\/share\/([A-Za-z0-9_-]{22})\/?$/;
const fragment =
	/^#v1\.(?:(r|l)\.([A-Za-z0-9_-]{43})|c\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43}))(?:\.a([A-Za-z0-9_-]{22}))?$/;

export function formatShareLink({ origin, shareId, secret, isLive, writeSeed, salt }: ShareLink): string {
	const mode = writeSeed === undefined ? (isLive === true ? 'l' : 'r') : 'c';
	const seed = writeSeed === undefined ? '' : `.${toBase64Url(writeSeed)}`;
	const end = salt === undefined ? '' : `.a${toBase64Url(salt)}`;
	return `${origin}/share/${shareId}#v1.${mode}.${toBase64Url(secret)}${seed}${end}`;
}

/** Undefined for anything but a whole link of this version. */
export function parseShareLink(text: string): ShareLink | undefined {
	const url = URL.parse(text.trim());
	if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '') return undefined;
	const [, shareId] = path.exec(url.pathname) ?? [];
	const [, mode, readSecret, writeSecret, seedText, saltText] = fragment.exec(url.hash) ?? [];
	const secret = exactly(readSecret ?? writeSecret, 32);
	if (shareId === undefined || secret === undefined || exactly(shareId, 16) === undefined) return undefined;
	const writeSeed = exactly(seedText, 32);
	const salt = exactly(saltText, 16);
	if ((seedText !== undefined && writeSeed === undefined) || (saltText !== undefined && salt === undefined))
		return undefined;
	return {
		origin: url.origin,
		shareId,
		secret,
		...(mode === 'r' ? {} : { isLive: true }),
		...(writeSeed === undefined ? {} : { writeSeed }),
		...(salt === undefined ? {} : { salt })
	};
}

/** Of several texts for the same bytes one is the right one: a link is never another link's double. */
function exactly(text: string | undefined, length: number): Uint8Array<ArrayBuffer> | undefined {
	const bytes = text === undefined ? undefined : fromBase64Url(text);
	return bytes?.length === length && toBase64Url(bytes) === text ? bytes : undefined;
}
