/**
 * Names and keys of a turn's hub streams, all from one secret in the turn's journal row: a life that
 * recovers the turn asks in the same order and so finds, by name, the answers that were already asked for.
 */

import { sha256 } from '@noble/hashes/sha2.js';

const text = new TextEncoder();

export interface HubStream {
	readonly id: string;
	readonly secret: Uint8Array<ArrayBuffer>;
	/** An earlier life may have asked already: look before asking. */
	readonly mayExist: boolean;
}

export interface StreamNames {
	/** For the next request of this step: a retry and the next model of a chain are requests of their own. */
	next(): HubStream;
}

/** @param responseOrd which response of the turn is being asked for, from 0 */
export function createStreamNames(secret: string, responseOrd: number, mayExist: boolean): StreamNames {
	let count = 0;
	const derive = (what: string): Uint8Array<ArrayBuffer> =>
		new Uint8Array(
			sha256(text.encode(`wherry-stream/v1|${what}|${secret}|${String(responseOrd)}|${String(count)}`))
		);
	return {
		next() {
			const stream = { id: toHex(derive('id')), secret: derive('seal'), mayExist };
			count += 1;
			return stream;
		}
	};
}

export function newStreamSecret(bytes: Uint8Array): string {
	return toHex(bytes);
}

function toHex(bytes: Uint8Array): string {
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
