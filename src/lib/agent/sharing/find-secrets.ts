/**
 * Everything in a text that looks like a secret, for what leaves. Less shy than the composer's warning: what is covered
 * for nothing costs a word, what is missed is with everybody who has the link. Pure, and linear in the text.
 */

import { looksRandom, privateKeys, shapes } from '../vault/secret-scan';
import type { Place } from './own-secrets';

/** A letter before a key belongs to it, unless it ends an escape of an address, of JSON or of a terminal. */
const before = String.raw`(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2}|\\(?:[nrtbfv0]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})|\[[\d;]{0,9}m))`;
const key = new RegExp(`${before}(?:${shapes.map(({ pattern }) => `(${pattern})`).join('|')})`, 'g');
/** In what a key may hold, these are no part of one: with more around them it can be one all the same. */
const placeholder = /example|x{6,}|placeholder|your[_-]?(?:api|key|token)|redacted/gi;

/** Of no known shape, but said to be one: what follows a scheme, a telling name, or a user's name in an address. */
const told = [
	/(?:bearer|basic)(?:\s|\+|%20){1,10}([\w.~+/=%-]{20,})/gi,
	/(?:secret|token|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|credential)[\w-]{0,40}["'\\]{0,4}\s{0,10}(?:[:=]|%3D)\s{0,10}["'\\]{0,4}([\w.~+/=%-]{16,})/gi
];
const inAddress = /:\/\/[^\s/:@]{0,100}:([^\s/@]{3,200})(?=@)/g;
const tellingName =
	/secret|token|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|credential/i;

export function findSecrets(text: string): readonly Place[] {
	const places: Place[] = [...privateKeys(text)];
	for (const match of text.matchAll(key)) {
		const [found, ...groups] = match;
		const shape = shapes[groups.findIndex((group) => group !== undefined)];
		const isKnown = shape?.provider !== undefined && found.search(placeholder) < 0;
		if (isKnown || looksRandom(found.replaceAll(placeholder, '')))
			places.push({ start: match.index, end: match.index + found.length });
	}
	for (const pattern of told)
		for (const { 0: found, 1: value = '', index } of text.matchAll(pattern))
			if (looksRandom(value.replaceAll(placeholder, '')))
				places.push({ start: index + found.length - value.length, end: index + found.length });
	for (const { 0: found, 1: value = '', index } of text.matchAll(inAddress))
		places.push({ start: index + found.length - value.length, end: index + found.length });
	return places;
}

/** Whether a value in JSON is a secret because of what it is called. */
export function isToldSecret(name: string, value: string): boolean {
	return tellingName.test(name) && /^\S{16,}$/.test(value) && looksRandom(value.replaceAll(placeholder, ''));
}
