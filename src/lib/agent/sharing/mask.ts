/** Covers secrets in texts and in JSON, and counts them: whatever looks like one, and the sharer's own to the letter. */

import type { Json } from '../../wire/json';
import { isJsonObject } from '../../wire/json';
import { findSecrets, isToldSecret } from './find-secrets';
import { createOwnSecrets, type OwnSecrets } from './own-secrets';

export const cover = '[secret removed]';

export interface Mask {
	text(text: string): string;
	json(value: Json): Json;
	/** Up to where of a text that goes on none of the sharer's own can have begun. */
	settled(text: string): number;
	/** How many were covered so far. */
	count(): number;
}

export function createMask(own: OwnSecrets = createOwnSecrets([])): Mask {
	let count = 0;
	const text = (whole: string): string => {
		const places = [...findSecrets(whole), ...own.in(whole)].sort((a, b) => a.start - b.start);
		let done = '';
		let at = 0;
		for (const { start, end } of places) {
			if (start >= at) {
				count += 1;
				done += whole.slice(at, start) + cover;
			}
			at = Math.max(at, end);
		}
		return done + whole.slice(at);
	};
	/** Depth is bounded where entries are read. */
	const json = (value: Json): Json => {
		if (typeof value === 'string') return text(value);
		if (Array.isArray(value)) return value.map(json);
		if (!isJsonObject(value)) return value;
		return Object.fromEntries(
			Object.entries(value).map(([name, inner]) => [text(name), property(name, inner)])
		);
	};
	const property = (name: string, inner: Json): Json => {
		if (typeof inner !== 'string' || !isToldSecret(name, inner)) return json(inner);
		count += 1;
		return cover;
	};
	return { text, json, settled: (whole) => own.settled(whole), count: () => count };
}
