/**
 * What is said over the socket of a live share, to the object and from it. Read by hand, as the page of a link is
 * small; whatever does not read is nothing.
 */

import { isJsonObject, parseJson, type Json } from './json';
import type { Beat, Frame, Word } from './share-frames';

/** WebSocket subprotocol; the second one offered is the token, as a browser can set no other header. */
export const liveProtocol = 'wherry.share.v1';
export const tokenProtocol = (token: string): string => `token.${token}`;

export const liveLimits = {
	/** Characters of a frame as JSON. */
	frame: 200_000,
	/** The log between two bases: frames, and characters. */
	frames: 5_000,
	log: 8 * 1024 * 1024,
	readers: 100,
	/** Characters of a word as JSON: 4,000 typed ones, sealed. */
	word: 24_000,
	/** Words that wait for the owner. */
	waiting: 50,
	/** Of one visitor's page, between two words. */
	wordEveryMs: 3_000,
	/** Pages that ever wrote, and their words in all. */
	writers: 500,
	words: 2_000,
	/** Characters that a participant may type. */
	message: 4_000,
	name: 40
} as const;

/** Without a beat for this long nobody is shown as live. */
export const beatEveryMs = 15_000;
export const silentAfterMs = 40_000;

export const liveClose = { gone: 4004, replaced: 4001, protocol: 4000, full: 4029 } as const;

export type ToShare =
	/** Frames after this one, and all that come; -1 for all there are. */
	| { readonly type: 'read'; readonly after: number }
	| { readonly type: 'frame'; readonly frame: Frame }
	| { readonly type: 'beat'; readonly beat: Beat }
	/** Words up to this place have arrived. */
	| { readonly type: 'took'; readonly place: number }
	| { readonly type: 'word'; readonly word: Word };

export type Kept = 'kept' | 'again' | 'fast' | 'full' | 'refused';

export type FromShare =
	/** To the owner `last` is their newest frame, as proof of where the log stands. */
	| {
			readonly type: 'hello';
			readonly ownerKey: string;
			readonly seq: number;
			readonly readers: number;
			readonly last?: Frame;
	  }
	| { readonly type: 'frame'; readonly frame: Frame }
	| { readonly type: 'beat'; readonly beat: Beat }
	| { readonly type: 'away' }
	| { readonly type: 'readers'; readonly readers: number }
	/** What became of a frame or of a word, by its number. */
	| { readonly type: 'kept'; readonly n: number; readonly how: Kept }
	| { readonly type: 'word'; readonly place: number; readonly word: Word };

export function readToShare(text: string): ToShare | undefined {
	if (text.length > liveLimits.frame + 200) return undefined;
	const value = parseJson(text);
	if (!isJsonObject(value)) return undefined;
	const { type, after, place } = value;
	switch (type) {
		case 'read':
			return isCount(after, -1) ? { type, after } : undefined;
		case 'took':
			return isCount(place, 0) ? { type, place } : undefined;
		case 'frame': {
			const frame = readFrame(value['frame']);
			return frame && { type, frame };
		}
		case 'beat': {
			const beat = readBeat(value['beat']);
			return beat && { type, beat };
		}
		case 'word': {
			const word = text.length > liveLimits.word ? undefined : readWord(value['word']);
			return word && { type, word };
		}
		default:
			return undefined;
	}
}

const hows: readonly Kept[] = ['kept', 'again', 'fast', 'full', 'refused'];

export function readFromShare(text: string): FromShare | undefined {
	const value = parseJson(text);
	if (!isJsonObject(value)) return undefined;
	const { type, ownerKey, seq, readers, n, place } = value;
	switch (type) {
		case 'hello': {
			if (!isText(ownerKey) || !isCount(seq, 0) || !isCount(readers, 0)) return undefined;
			const last = readFrame(value['last']);
			return { type, ownerKey, seq, readers, ...(last === undefined ? {} : { last }) };
		}
		case 'frame': {
			const frame = readFrame(value['frame']);
			return frame && { type, frame };
		}
		case 'beat': {
			const beat = readBeat(value['beat']);
			return beat && { type, beat };
		}
		case 'away':
			return { type };
		case 'readers':
			return isCount(readers, 0) ? { type, readers } : undefined;
		case 'kept': {
			const how = hows.find((one) => one === value['how']);
			return how !== undefined && isCount(n, 0) ? { type, n, how } : undefined;
		}
		case 'word': {
			const word = readWord(value['word']);
			return word && isCount(place, 0) ? { type, place, word } : undefined;
		}
		default:
			return undefined;
	}
}

export function readFrame(value: Json | undefined): Frame | undefined {
	if (!isJsonObject(value)) return undefined;
	const { seq, prev, body, sig } = value;
	return isCount(seq, 0) && isText(prev) && isText(body) && isText(sig)
		? { seq, prev, body, sig }
		: undefined;
}

function readBeat(value: Json | undefined): Beat | undefined {
	if (!isJsonObject(value)) return undefined;
	const { n, seq, sig } = value;
	return isCount(n, 0) && isCount(seq, 0) && isText(sig) ? { n, seq, sig } : undefined;
}

const visitor = /^[A-Za-z0-9_-]{22}$/;

function readWord(value: Json | undefined): Word | undefined {
	if (!isJsonObject(value)) return undefined;
	const { from, n, body, sig } = value;
	return isText(from) && visitor.test(from) && isCount(n, 1) && isText(body) && isText(sig)
		? { from, n, body, sig }
		: undefined;
}

/** Letters of base64url and nothing else: what is signed is one line a field. */
function isText(value: Json | undefined): value is string {
	return typeof value === 'string' && /^[\w-]*$/.test(value);
}

function isCount(value: Json | undefined, least: number): value is number {
	return typeof value === 'number' && Number.isSafeInteger(value) && value >= least;
}
