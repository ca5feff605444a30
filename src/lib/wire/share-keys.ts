/**
 * What a link's secret opens, each by a key of its own: HKDF-SHA-256 with SHA-256("wherry-share/v1" ‖ shareId)
 * as salt, so that two shares never have a key in common. The server learns the hash of the read token.
 */

import { toBase64Url } from './base64';
import { joinBytes, utf8 } from './bytes';

export interface ShareKeys {
	/** AES-256-GCM over the chunks. */
	readonly content: CryptoKey;
	/** AES-256-GCM over the title. */
	readonly meta: CryptoKey;
	/** Bearer of the reader, 32 bytes in base64url. */
	readonly readToken: string;
}

export interface ShareSecret {
	readonly shareId: string;
	readonly secret: Uint8Array<ArrayBuffer>;
	/** 32 bytes of Argon2id, where there is a passphrase. */
	readonly stretched?: Uint8Array<ArrayBuffer>;
}

export async function deriveShareKeys({ shareId, secret, stretched }: ShareSecret): Promise<ShareKeys> {
	const material = joinBytes([secret, stretched ?? new Uint8Array()]);
	const salt = await sha256(utf8(`wherry-share/v1${shareId}`));
	const key = await crypto.subtle.importKey('raw', material, 'HKDF', false, ['deriveKey', 'deriveBits']);
	const expand = (info: string) => ({ name: 'HKDF', hash: 'SHA-256', salt, info: utf8(info) });
	const aes = (info: string) =>
		crypto.subtle.deriveKey(expand(info), key, { name: 'AES-GCM', length: 256 }, false, [
			'encrypt',
			'decrypt'
		]);
	const [content, meta, token] = await Promise.all([
		aes('content'),
		aes('meta'),
		crypto.subtle.deriveBits(expand('read-token'), key, 256)
	]);
	return { content, meta, readToken: toBase64Url(new Uint8Array(token)) };
}

/** What the server keeps of a token. */
export async function tokenHash(token: string): Promise<string> {
	return toBase64Url(await sha256(utf8(token)));
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
	return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}
