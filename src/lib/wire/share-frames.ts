/**
 * What travels in a live share, sealed and signed. A frame is the owner's: numbered, chained to the one before and
 * signed, so that nothing can be left out, moved, doubled or put in. A word is a participant's. A beat says that the
 * owner is there and how far the log goes: without one that is fresh, nobody is shown as live.
 */

import { fromBase64Url, toBase64Url } from './base64';
import { parseJson, type Json } from './json';
import { joinBytes, utf8 } from './bytes';
import { sha256, type ShareSecret } from './share-keys';
import type { ShareSigner } from './share-sign';

export interface Frame {
	readonly seq: number;
	/** SHA-256 of the frame before; empty for the first. */
	readonly prev: string;
	/** Nonce and AES-256-GCM, base64url. */
	readonly body: string;
	readonly sig: string;
}
export interface Word {
	/** 128 random bits of the visitor's page. */
	readonly from: string;
	/** Its words count up from 1. */
	readonly n: number;
	readonly body: string;
	readonly sig: string;
}
export interface Beat {
	readonly n: number;
	/** The owner's newest frame. */
	readonly seq: number;
	readonly sig: string;
}

export interface LiveKeys {
	readonly frames: CryptoKey;
	readonly words: CryptoKey;
}

/** Of the same secret as a snapshot's, each key for one purpose (trust.md C4). */
export async function deriveLiveKeys({ shareId, secret, stretched }: ShareSecret): Promise<LiveKeys> {
	const material = joinBytes([secret, stretched ?? new Uint8Array()]);
	const salt = await sha256(utf8(`wherry-share/v1${shareId}`));
	const key = await crypto.subtle.importKey('raw', material, 'HKDF', false, ['deriveKey']);
	const aes = (info: string) =>
		crypto.subtle.deriveKey(
			{ name: 'HKDF', hash: 'SHA-256', salt, info: utf8(info) },
			key,
			{ name: 'AES-GCM', length: 256 },
			false,
			['encrypt', 'decrypt']
		);
	const [frames, words] = await Promise.all([aes('live-frames'), aes('live-words')]);
	return { frames, words };
}

/** What is signed and hashed: whatever is not in it could be changed. */
export const frameText = (shareId: string, { seq, prev, body }: Omit<Frame, 'sig'>): string =>
	`wherry-share/frame/v1\n${shareId}\n${seq}\n${prev}\n${body}`;
export const wordText = (shareId: string, { from, n, body }: Omit<Word, 'sig'>): string =>
	`wherry-share/word/v1\n${shareId}\n${from}\n${n}\n${body}`;
export const beatText = (shareId: string, { n, seq }: Omit<Beat, 'sig'>): string =>
	`wherry-share/beat/v1\n${shareId}\n${n}\n${seq}`;

export async function frameHash(shareId: string, frame: Frame): Promise<string> {
	return toBase64Url(await sha256(utf8(`${frameText(shareId, frame)}\n${frame.sig}`)));
}

export interface Sealing {
	readonly shareId: string;
	readonly signer: ShareSigner;
	readonly random: (length: number) => Uint8Array<ArrayBuffer>;
}

export async function sealFrame(
	content: Json,
	place: { readonly seq: number; readonly prev: string },
	{ shareId, signer, random, key }: Sealing & { readonly key: CryptoKey }
): Promise<Frame> {
	const about = `frame\n${shareId}\n${place.seq}\n${place.prev}`;
	const unsigned = { ...place, body: await seal(content, key, about, random(12)) };
	return { ...unsigned, sig: await signer.sign(frameText(shareId, unsigned)) };
}

/** Undefined where it was not sealed for this place of this share. */
export function openFrame(frame: Frame, shareId: string, key: CryptoKey): Promise<Json | undefined> {
	return open(frame.body, key, `frame\n${shareId}\n${frame.seq}\n${frame.prev}`);
}

export async function sealWord(
	content: Json,
	place: { readonly from: string; readonly n: number },
	{ shareId, signer, random, key }: Sealing & { readonly key: CryptoKey }
): Promise<Word> {
	const about = `word\n${shareId}\n${place.from}\n${place.n}`;
	const unsigned = { ...place, body: await seal(content, key, about, random(12)) };
	return { ...unsigned, sig: await signer.sign(wordText(shareId, unsigned)) };
}

export function openWord(word: Word, shareId: string, key: CryptoKey): Promise<Json | undefined> {
	return open(word.body, key, `word\n${shareId}\n${word.from}\n${word.n}`);
}

/** How long a word of an answer is, is the word to whoever guesses: lengths come in steps of half a kilobyte. */
const step = 512;

async function seal(
	content: Json,
	key: CryptoKey,
	about: string,
	iv: Uint8Array<ArrayBuffer>
): Promise<string> {
	const text = utf8(JSON.stringify(content));
	const padded = new Uint8Array(Math.ceil(text.length / step) * step).fill(32);
	padded.set(text);
	const how = { name: 'AES-GCM', iv, additionalData: utf8(about) };
	return toBase64Url(joinBytes([iv, new Uint8Array(await crypto.subtle.encrypt(how, key, padded))]));
}

async function open(body: string, key: CryptoKey, about: string): Promise<Json | undefined> {
	const bytes = fromBase64Url(body);
	// Two texts of the same bytes would be two frames.
	if (bytes === undefined || bytes.length < 28 || toBase64Url(bytes) !== body) return undefined;
	try {
		const how = { name: 'AES-GCM', iv: bytes.subarray(0, 12), additionalData: utf8(about) };
		const plain = await crypto.subtle.decrypt(how, key, bytes.subarray(12));
		return parseJson(new TextDecoder().decode(plain));
	} catch {
		// It does not fit its tag; WebCrypto says no more than that.
		return undefined;
	}
}
