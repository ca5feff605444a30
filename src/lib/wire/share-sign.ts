/**
 * Who may say something in a live share: Ed25519 keys made from 32 bytes. The owner's seed never leaves their
 * browser; a collaborative link carries the seed that its writers share. The relay and the other side check both.
 */

import { fromBase64Url, toBase64Url } from './base64';
import { joinBytes, utf8 } from './bytes';
import { sha256 } from './share-keys';

export interface ShareSigner {
	/** 32 bytes, base64url. */
	readonly publicKey: string;
	sign(text: string): Promise<string>;
}

/** PKCS #8 around the seed of an Ed25519 key (RFC 8410): WebCrypto takes a private key in no shorter form. */
const pkcs8 = new Uint8Array([48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32]);

export async function shareSigner(seed: Uint8Array<ArrayBuffer>): Promise<ShareSigner> {
	const name = { name: 'Ed25519' };
	const key = await crypto.subtle.importKey('pkcs8', joinBytes([pkcs8, seed]), name, true, ['sign']);
	const jwk = await crypto.subtle.exportKey('jwk', key);
	return {
		publicKey: 'x' in jwk ? (jwk.x ?? '') : '',
		sign: async (text) => toBase64Url(new Uint8Array(await crypto.subtle.sign(name, key, utf8(text))))
	};
}

/** The key that a collaborative link's seed makes: never the seed itself (trust.md C4). */
export async function writeSigner(writeSeed: Uint8Array<ArrayBuffer>): Promise<ShareSigner> {
	const key = await crypto.subtle.importKey('raw', writeSeed, 'HKDF', false, ['deriveBits']);
	const by = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: utf8('write') };
	return shareSigner(new Uint8Array(await crypto.subtle.deriveBits(by, key, 256)));
}

/** Checks signatures of one key. Never throws: a key or a signature that is none fits nothing. */
export function shareVerifier(publicKey: string): (text: string, signature: string) => Promise<boolean> {
	const raw = fromBase64Url(publicKey);
	let imported: Promise<CryptoKey> | undefined;
	return async (text, signature) => {
		const bytes = fromBase64Url(signature);
		// Of several texts for the same bytes one is the right one: a frame is never another frame's double.
		if (raw?.length !== 32 || bytes?.length !== 64 || toBase64Url(bytes) !== signature) return false;
		try {
			imported ??= crypto.subtle.importKey('raw', raw, { name: 'Ed25519' }, false, ['verify']);
			return await crypto.subtle.verify({ name: 'Ed25519' }, await imported, bytes, utf8(text));
		} catch {
			return false;
		}
	};
}

/** A live share is named by its owner's key: whoever has the link knows whom to believe, and nobody else can be named so. */
export async function ownedShareId(publicKey: string): Promise<string> {
	return toBase64Url((await sha256(utf8(`wherry-share/owner/v1${publicKey}`))).subarray(0, 16));
}
