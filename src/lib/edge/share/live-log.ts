/**
 * What a live share keeps beside its base: the owner's frames in one chain, and words of participants until the
 * owner has them. Pure, over a synchronous store; signatures are checked before. It can read neither.
 */

import type { Frame, Word } from '../../wire/share-frames';
import { liveLimits, type Kept } from '../../wire/share-live';

export interface LiveMeta {
	readonly shareId: string;
	readonly ownerKey: string;
	/** Absent where nobody but the owner may write. */
	readonly writeKey?: string;
	/** The frame that names the base. */
	readonly base: number;
	readonly seq: number;
	/** Of frame `seq`. */
	readonly hash: string;
	/** Characters of the log. */
	readonly size: number;
	/** Words that were ever kept. */
	readonly words: number;
}

export interface LiveStore {
	live(): LiveMeta | undefined;
	setLive(meta: LiveMeta): void;
	addFrame(seq: number, text: string): void;
	frame(seq: number): string | undefined;
	dropFrames(): void;
	/** A visitor's newest word, and how many visitors there are. */
	writer(from: string): { readonly n: number; readonly at: number } | undefined;
	setWriter(from: string, n: number, at: number): void;
	writers(): number;
	/** Answers with its place; places count up and never come again. */
	addWord(text: string): number;
	words(after: number): readonly { readonly place: number; readonly text: string }[];
	dropWords(upTo: number): void;
}

export interface LiveLog {
	meta(): LiveMeta | undefined;
	/** `hash` is the frame's own. */
	append(frame: Frame, hash: string): Kept;
	/** A frame that names a new base: everything before it is forgotten. */
	rebase(frame: Frame, hash: string): boolean;
	/** Frames after a place, oldest first; from the base on where that place is forgotten. */
	after(seq: number): readonly Frame[];
	say(word: Word): { readonly how: Kept; readonly place: number };
	waiting(): readonly { readonly place: number; readonly word: Word }[];
	took(place: number): void;
}

export function createLiveLog(store: LiveStore, now: () => number): LiveLog {
	function keep(meta: LiveMeta, frame: Frame, hash: string): void {
		const text = JSON.stringify(frame);
		store.addFrame(frame.seq, text);
		store.setLive({ ...meta, seq: frame.seq, hash, size: meta.size + text.length });
	}
	const follows = (meta: LiveMeta, frame: Frame): boolean =>
		frame.seq === meta.seq + 1 && frame.prev === meta.hash;

	return {
		meta: () => store.live(),
		append(frame, hash) {
			const meta = store.live();
			if (meta === undefined) return 'refused';
			if (frame.seq === meta.seq && hash === meta.hash) return 'again';
			if (!follows(meta, frame)) return 'refused';
			if (meta.seq - meta.base >= liveLimits.frames || meta.size >= liveLimits.log) return 'full';
			keep(meta, frame, hash);
			return 'kept';
		},
		rebase(frame, hash) {
			const meta = store.live();
			if (meta === undefined || !follows(meta, frame)) return false;
			store.dropFrames();
			keep({ ...meta, base: frame.seq, size: 0 }, frame, hash);
			return true;
		},
		after(seq) {
			const meta = store.live();
			if (meta === undefined) return [];
			const frames: Frame[] = [];
			for (let at = Math.max(seq + 1, meta.base); at <= meta.seq; at++) {
				const text = store.frame(at);
				if (text === undefined) continue;
				// Written above and by nobody else.
				const frame: Frame = JSON.parse(text);
				frames.push(frame);
			}
			return frames;
		},
		say(word) {
			const meta = store.live();
			const no = (how: Kept) => ({ how, place: 0 });
			if (meta?.writeKey === undefined) return no('refused');
			const before = store.writer(word.from);
			if (before === undefined && store.writers() >= liveLimits.writers) return no('full');
			// The answer was lost on the way, or somebody plays it again: once is enough.
			if (before !== undefined && word.n <= before.n) return no('again');
			if (before !== undefined && now() - before.at < liveLimits.wordEveryMs) return no('fast');
			if (meta.words >= liveLimits.words || store.words(0).length >= liveLimits.waiting) return no('full');
			store.setWriter(word.from, word.n, now());
			store.setLive({ ...meta, words: meta.words + 1 });
			return { how: 'kept', place: store.addWord(JSON.stringify(word)) };
		},
		waiting: () =>
			store.words(0).map(({ place, text }) => {
				const word: Word = JSON.parse(text);
				return { place, word };
			}),
		took(place) {
			store.dropWords(place);
		}
	};
}
