/**
 * Where a link or a picture of a text may point: `http`, `https` and `mailto` addresses that are
 * absolute by themselves, and small bitmaps that came inside the text. Everything else is text.
 */

import { visible } from './visible';

/** One mebibyte of picture, written in base64. */
const MAX_IMAGE_CHARS = Math.ceil((1024 * 1024 * 4) / 3) + 64;
const IMAGE = /^data:image\/(?:png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/]+={0,2}$/i;
const MAX_SHOWN_URL = 2048;

export interface SafeLink {
	readonly href: string;
	readonly host: string;
}

/**
 * The link as it may stand in `a href`, or null. `host` is the real host (punycode, port included),
 * for mail the address; never what the text claims.
 */
export function safeLink(target: string): SafeLink | null {
	if (target.length > 65_536) return null;
	let url: URL;
	try {
		url = new URL(target);
	} catch {
		return null;
	}
	if (url.protocol === 'mailto:') return { href: url.href, host: visible(url.pathname) };
	if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
	if (url.hostname === '') return null;
	return { href: url.href, host: url.host };
}

/** True for a picture whose bytes are in the address itself, of a closed set of formats. */
export function isOwnImage(src: string): boolean {
	return src.length <= MAX_IMAGE_CHARS && IMAGE.test(src);
}

/** An address to be read, not followed: whole, unless it is absurdly long. */
export function shownUrl(target: string): string {
	return visible(target.length > MAX_SHOWN_URL ? target.slice(0, MAX_SHOWN_URL) + '…' : target);
}
