/**
 * A passphrase made slow to guess: Argon2id with 64 MiB, three passes, one lane. Half a second in a browser;
 * a chunk of its own, as few links have one. There is no second, weaker way: a link names none.
 */

import { argon2idAsync } from '@noble/hashes/argon2.js';

export async function stretch(
	passphrase: string,
	salt: Uint8Array<ArrayBuffer>
): Promise<Uint8Array<ArrayBuffer>> {
	const stretched = await argon2idAsync(new TextEncoder().encode(passphrase.normalize('NFKC')), salt, {
		m: 65_536,
		t: 3,
		p: 1,
		dkLen: 32
	});
	return new Uint8Array(stretched);
}
