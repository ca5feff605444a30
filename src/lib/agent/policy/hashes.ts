/**
 * The hashes that decisions and effects hang on. SHA-256 is synchronous here on purpose:
 * WebCrypto's costs a thread hop (measured 15–50 µs), which is more than a whole loop step.
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { canonicalJson } from '../../wire/json';
import type { Json } from '../../wire/json';

const encoder = new TextEncoder();
const separator = '\u001f';

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** One hasher and one buffer for all short texts: making them anew cost more than the hashing. */
const blank = sha256.create();
const hasher = sha256.create();
const input = new Uint8Array(4096);
const digest = new Uint8Array(32);

export function sha256Hex(text: string): string {
	// A UTF-16 unit is at most three bytes.
	if (text.length * 3 > input.length) return toHex(sha256(encoder.encode(text)));
	const { written } = encoder.encodeInto(text, input);
	blank._cloneInto(hasher);
	hasher.update(input.subarray(0, written)).digestInto(digest);
	return toHex(digest);
}

function toHex(bytes: Uint8Array): string {
	let hex = '';
	for (let at = 0; at < bytes.length; at++) hex += hexPairs[bytes[at] ?? 0] ?? '';
	return hex;
}

export interface CallIdentity {
	readonly sessionId: string;
	readonly turnId: string;
	/** Which model response of the turn, from 0. */
	readonly responseOrd: number;
	readonly callIndex: number;
	readonly action: string;
	readonly args: Json;
}

/**
 * The idempotency key: positional in a journalled response, so the same after any recovery,
 * and independent of the ids that providers give to calls (trust.md C1 rule 4).
 */
export function effectKey(call: CallIdentity): string {
	const { sessionId, turnId, responseOrd, callIndex, action, args } = call;
	const place = `wherry/v1${separator}${sessionId}${separator}${turnId}${separator}${String(responseOrd)}`;
	const what = `${String(callIndex)}${separator}${action}${separator}${sha256Hex(canonicalJson(args))}`;
	return `e1.${sha256Hex(`${place}${separator}${what}`)}`;
}

/**
 * What an approval is bound to: change anything and it no longer fits (trust.md C10). The key says
 * which call it is, down to its arguments; the definition is as the person knew it.
 */
export function callHash(key: string, defHash: string): string {
	return sha256Hex(`${key}${separator}${defHash}`);
}

/** SHA-256 (hex) of bytes: the key of a blob. */
export function sha256Bytes(bytes: Uint8Array): string {
	return toHex(sha256(bytes));
}
