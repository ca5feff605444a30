/**
 * A picture from elsewhere, when a person asks for it: through the relay's guard (no cookies, no
 * referrer, a cap), so that the page still talks to its own origin only. Bytes that are no bitmap
 * are refused, whatever they are called.
 */

import { m } from '../../paraglide/messages';
import { isJsonObject, parseJson } from '../../wire/json';

const maximumBytes = 8 * 1024 * 1024;

export type LoadedImage = { readonly blob: Blob } | { readonly why: string };

export async function loadImage(url: string, send: typeof fetch = fetch): Promise<LoadedImage> {
	try {
		const response = await send('/api/fetch', {
			method: 'POST',
			headers: { 'content-type': 'application/json', 'x-wherry': '1' },
			body: JSON.stringify({ url, headers: { accept: 'image/avif,image/webp,image/*' } }),
			signal: AbortSignal.timeout(30_000)
		});
		if (response.headers.get('x-wherry-url') === null) return { why: reasonOf(await response.text()) };
		const status = Number(response.headers.get('x-wherry-status') ?? response.status);
		if (status >= 400) return { why: m.image_unreachable({ reason: String(status) }) };
		const bytes = new Uint8Array(await response.arrayBuffer());
		if (bytes.length > maximumBytes) return { why: m.image_too_large() };
		const type = bitmapType(bytes);
		return type === undefined ? { why: m.image_unknown() } : { blob: new Blob([bytes], { type }) };
	} catch (thrown) {
		return { why: m.image_unreachable({ reason: thrown instanceof Error ? thrown.message : '' }) };
	}
}

function reasonOf(text: string): string {
	const body = parseJson(text);
	const error = isJsonObject(body) ? body['error'] : undefined;
	const reason = isJsonObject(error) && typeof error['message'] === 'string' ? error['message'] : '';
	return m.image_unreachable({ reason });
}

/** By its first bytes: PNG, JPEG, GIF, WebP, AVIF. */
export function bitmapType(bytes: Uint8Array): string | undefined {
	const head = Array.from(bytes.subarray(0, 16), (byte) => String.fromCharCode(byte)).join('');
	if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
	if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg';
	if (/^GIF8[79]a/.test(head)) return 'image/gif';
	if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'image/webp';
	if (/^ftypavi[fs]/.test(head.slice(4))) return 'image/avif';
	return undefined;
}
