/**
 * The recovery code: 160 random bits in Crockford's base32 (no letter is taken for a digit), in groups of
 * four, the last two characters a checksum. What is sealed under it opens with it alone.
 */

import { joinBytes } from '../../wire/bytes';
import { toBase64Url } from '../../wire/device';
import { AppError } from '../../wire/errors';
import { sha256Bytes } from '../policy/hashes';
import { derive } from './home';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const length = 32;
const checkLength = 2;

export function createRecoveryCode(): string {
	return writeRecoveryCode(crypto.getRandomValues(new Uint8Array(20)));
}

export function writeRecoveryCode(secret: Uint8Array): string {
	let bits = 0n;
	for (const byte of secret) bits = (bits << 8n) | BigInt(byte);
	let letters = '';
	for (let at = 0; at < length; at++) {
		letters = (alphabet[Number(bits & 31n)] ?? '') + letters;
		bits >>= 5n;
	}
	return (letters + checkOf(secret)).replace(/(.{4})(?=.)/g, '$1-');
}

/** However it was typed. Throws `pair/code-incomplete` and `pair/code-unknown`. */
export function readRecoveryCode(typed: string): Uint8Array<ArrayBuffer> {
	const letters = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
	if ([...letters].some((letter) => !alphabet.includes(letter))) throw new AppError('pair/code-unknown');
	if (letters.length < length + checkLength) throw new AppError('pair/code-incomplete');
	let bits = 0n;
	for (const letter of letters.slice(0, length)) bits = (bits << 5n) | BigInt(alphabet.indexOf(letter));
	const secret = new Uint8Array(20);
	for (let at = 19; at >= 0; at--) {
		secret[at] = Number(bits & 255n);
		bits >>= 8n;
	}
	if (letters.slice(length) !== checkOf(secret)) throw new AppError('pair/code-unknown');
	return secret;
}

function checkOf(secret: Uint8Array): string {
	const hash = sha256Bytes(secret);
	const [first, second] = [parseInt(hash.slice(0, 2), 16), parseInt(hash.slice(2, 4), 16)];
	return (alphabet[first & 31] ?? '') + (alphabet[second & 31] ?? '');
}

/** Where what is sealed under the code is kept: whoever has the code finds it. */
export async function recoveryPlace(secret: Uint8Array<ArrayBuffer>): Promise<string> {
	return toBase64Url(await derive(secret, 'recovery|place', 16));
}

export async function sealForRecovery(
	content: Uint8Array<ArrayBuffer>,
	secret: Uint8Array<ArrayBuffer>
): Promise<Uint8Array<ArrayBuffer>> {
	const iv = crypto.getRandomValues(new Uint8Array(12));
	const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await keyOf(secret), content);
	return joinBytes([iv, new Uint8Array(sealed)]);
}

/** Undefined where the code is another's, or a byte has changed. */
export async function openWithRecovery(
	sealed: Uint8Array<ArrayBuffer>,
	secret: Uint8Array<ArrayBuffer>
): Promise<Uint8Array<ArrayBuffer> | undefined> {
	const key = await keyOf(secret);
	try {
		const iv = sealed.subarray(0, 12);
		return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed.subarray(12)));
	} catch {
		// Another home's, or damaged: to whoever asks it is the same.
		return undefined;
	}
}

async function keyOf(secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
	const raw = await derive(secret, 'recovery', 32);
	return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
}
