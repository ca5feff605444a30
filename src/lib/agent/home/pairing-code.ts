/**
 * The code that is carried from one device to the other by a person: twelve words, or the same 128 bits in
 * a QR code. It is used once and for ten minutes; what it was used for cannot be opened with it afterwards.
 * A chunk of its own: the word list is 13 kB.
 */

import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { fromBase64Url, toBase64Url } from '../../wire/device';
import { AppError } from '../../wire/errors';

const qrPrefix = 'wherry-pair:1:';
const words = new Set(wordlist);
const count = 12;

export interface PairingCode {
	readonly secret: Uint8Array<ArrayBuffer>;
	/** Twelve words. */
	readonly phrase: string;
	/** What the QR code says. */
	readonly qr: string;
}

export function createPairingCode(): PairingCode {
	return codeOf(crypto.getRandomValues(new Uint8Array(16)));
}

function codeOf(secret: Uint8Array<ArrayBuffer>): PairingCode {
	return {
		secret,
		phrase: entropyToMnemonic(secret, wordlist),
		qr: `${qrPrefix}${toBase64Url(secret)}`
	};
}

/** Either form, however it was typed. Throws `pair/code-incomplete` and `pair/code-unknown`, which say what is wrong. */
export function readPairingCode(typed: string): PairingCode {
	const trimmed = typed.trim();
	if (trimmed.startsWith('wherry-pair:')) return readQr(trimmed);
	const found = trimmed
		.toLowerCase()
		.split(/[^a-z]+/)
		.filter((word) => word !== '');
	const strange = found.findIndex((word) => !words.has(word));
	if (strange !== -1) {
		// A last word may just not be typed to its end.
		const isCut =
			strange === found.length - 1 && wordlist.some((word) => word.startsWith(found[strange] ?? ''));
		if (!isCut) throw new AppError('pair/code-unknown', { data: { word: strange + 1 } });
		throw new AppError('pair/code-incomplete', { data: { words: strange, of: count } });
	}
	if (found.length < count)
		throw new AppError('pair/code-incomplete', { data: { words: found.length, of: count } });
	if (found.length > count) throw new AppError('pair/code-unknown', { data: { words: found.length } });
	try {
		return codeOf(new Uint8Array(mnemonicToEntropy(found.join(' '), wordlist)));
	} catch (thrown) {
		// Twelve words that do not belong together: the last one holds a checksum.
		throw new AppError('pair/code-unknown', { cause: thrown });
	}
}

function readQr(text: string): PairingCode {
	const secret = text.startsWith(qrPrefix) ? fromBase64Url(text.slice(qrPrefix.length)) : undefined;
	if (secret === undefined) throw new AppError('pair/code-unknown');
	if (secret.length < 16) throw new AppError('pair/code-incomplete');
	if (secret.length > 16) throw new AppError('pair/code-unknown');
	return codeOf(secret);
}
