/** Bytes as base64 text and back. `atob` and `btoa` are in all three runtimes. */

const piece = 0x8000;

export function toBase64(bytes: Uint8Array): string {
	const texts: string[] = [];
	for (let at = 0; at < bytes.length; at += piece)
		texts.push(String.fromCharCode(...bytes.subarray(at, at + piece)));
	return btoa(texts.join(''));
}

/** Undefined where it is no base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
	let raw: string;
	try {
		raw = atob(text);
	} catch {
		return undefined;
	}
	const bytes = new Uint8Array(raw.length);
	for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
	return bytes;
}

export function toBase64Url(bytes: Uint8Array): string {
	return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Undefined where it is no base64url. */
export function fromBase64Url(encoded: string): Uint8Array<ArrayBuffer> | undefined {
	return fromBase64(encoded.replaceAll('-', '+').replaceAll('_', '/'));
}
