/** Covers every secret that the scanner knows, in texts and in JSON, and counts them. */

import type { Json } from '../../wire/json';
import { isJsonObject } from '../../wire/json';
import { findSecret } from '../vault/secret-scan';

export const cover = '[secret removed]';

export interface Mask {
	text(text: string): string;
	json(value: Json): Json;
	/** How many were covered so far. */
	count(): number;
}

export function createMask(): Mask {
	let count = 0;
	const text = (whole: string): string => {
		let rest = whole;
		let done = '';
		for (let found = findSecret(rest); found !== undefined; found = findSecret(rest)) {
			count += 1;
			done += rest.slice(0, found.start) + cover;
			rest = rest.slice(found.end);
		}
		return done + rest;
	};
	/** Depth is bounded where entries are read. */
	const json = (value: Json): Json => {
		if (typeof value === 'string') return text(value);
		if (Array.isArray(value)) return value.map(json);
		if (!isJsonObject(value)) return value;
		return Object.fromEntries(Object.entries(value).map(([name, inner]) => [text(name), json(inner)]));
	};
	return { text, json, count: () => count };
}
