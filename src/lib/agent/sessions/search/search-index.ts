/**
 * Full-text search over messages: a packed inverted index that is added to while it is
 * searched. Documents go to a small tail; a full tail becomes a packed piece, and a piece
 * that is less than twice as large as the next is merged with it, so that there are only
 * ever a few. Nothing here is asynchronous and nothing knows a store.
 */

import { Candidates, evaluate, idfOf } from './evaluate';
import type { Slot } from './evaluate';
import { mergePieces } from './merge';
import { Piece } from './piece';
import { hasPhrase, parseQuery } from './query';
import type { ParsedQuery } from './query';
import type { Source, TermRef } from './source';
import { Tail } from './tail';
import { tokenize } from './tokenize';

export interface IndexedText {
	/** Of the entry; a second text under the same id is ignored. */
	readonly id: string;
	readonly sessionId: string;
	readonly text: string;
	/** Milliseconds since 1970. */
	readonly at: number;
}

export interface QueryOptions {
	/** Default 10. */
	readonly limit?: number;
	readonly sessionId?: string;
	/** Only what is older than this, and not older than this. */
	readonly before?: number;
	readonly after?: number;
	/** Asked once a session; false leaves it out. */
	readonly accept?: (sessionId: string) => boolean;
	/** The text of an entry, to check phrases with. Without it a phrase is only its words. */
	readonly textOf?: (id: string) => string | undefined;
}

export interface Found {
	readonly id: string;
	readonly sessionId: string;
	readonly at: number;
	readonly score: number;
}

/** A packed piece and which of its documents were removed, as `load` takes them back. */
export interface SavedPiece {
	readonly bytes: Uint8Array<ArrayBuffer>;
	readonly dead: Uint8Array<ArrayBuffer> | null;
}

export interface SearchIndex {
	readonly size: number;
	/** False where the id is there already. */
	add(text: IndexedText): boolean;
	/** False where it was not there. */
	remove(id: string): boolean;
	has(id: string): boolean;
	/** Best first: BM25, up to a quarter more for what is recent; then the newer one. */
	query(text: string, options?: QueryOptions): Found[];
	/** Packs the tail. Pieces that did not change since are the same byte arrays as before. */
	serialize(): SavedPiece[];
	/** Replaces what is there. False, and nothing replaced, where a piece is no piece. */
	load(pieces: readonly SavedPiece[]): boolean;
}

const tailLimit = 8192;
const recencyWeight = 0.25;
const recencyHalf = 30 * 24 * 3600 * 1000;
/** How many candidates of a phrase are read at most. */
const phraseLimit = 2000;

export function createSearchIndex(): SearchIndex {
	let pieces: Piece[] = [];
	let tail = new Tail();
	let newest = 0;
	const candidates = new Candidates();

	function seal(): void {
		if (tail.docCount > tail.deadCount) push(tail.seal());
		tail = new Tail();
	}
	function push(bytes: Uint8Array<ArrayBuffer>): void {
		const piece = Piece.open(bytes);
		if (piece === null) return;
		pieces.push(piece);
		for (;;) {
			const last = pieces.at(-1);
			const before = pieces.at(-2);
			if (last === undefined || before === undefined || before.docCount >= last.docCount * 2) return;
			const merged = Piece.open(mergePieces(before, last));
			if (merged === null) return;
			pieces.splice(-2, 2, merged);
		}
	}
	const sources = (): Source[] => (tail.docCount > 0 ? [...pieces, tail] : pieces);
	const liveDocs = (): number =>
		sources().reduce((sum, source) => sum + source.docCount - source.deadCount, 0);

	function rank(query: ParsedQuery, isStrict: boolean, limit: number, options: QueryOptions): Found[] {
		const all = sources();
		const total = liveDocs();
		const tokens = pieces.reduce((sum, piece) => sum + piece.tokens - piece.deadTokens, tail.tokens);
		const found = query.terms.map(({ term, isPrefix }) => all.map((source) => source.terms(term, isPrefix)));
		const idfs = found.map((bySource) => idfOf(sumDf(bySource.flat()), total));
		const best = new Best(limit);
		for (const [i, source] of all.entries()) {
			const slots: Slot[] = query.terms.map(({ isFirm }, slot) => {
				const refs = found[slot]?.[i] ?? [];
				return { refs, df: sumDf(refs), idf: idfs[slot] ?? 0, isRequired: isStrict || isFirm };
			});
			evaluate(source, slots, tokens / Math.max(total, 1), candidates);
			collect(source, best, options);
		}
		return best.sorted();
	}

	function collect(source: Source, best: Best, options: QueryOptions): void {
		const { sessionId, before = Infinity, after = -Infinity, accept } = options;
		const isFiltered = sessionId !== undefined || accept !== undefined;
		const accepted = new Map<number, boolean>();
		for (let i = 0; i < candidates.length; i++) {
			const doc = candidates.docs[i] ?? 0;
			const at = source.timeOf(doc);
			const age = newest > at ? newest - at : 0;
			const score = (candidates.scores[i] ?? 0) * (1 + (recencyWeight * recencyHalf) / (recencyHalf + age));
			if (score < best.least || source.isDead(doc) || at >= before || at < after) continue;
			if (isFiltered) {
				const number = source.sessionOf(doc);
				let isAccepted = accepted.get(number);
				if (isAccepted === undefined) {
					const name = source.sessions[number] ?? '';
					isAccepted = (sessionId === undefined || name === sessionId) && (accept?.(name) ?? true);
					accepted.set(number, isAccepted);
				}
				if (!isAccepted) continue;
			}
			best.offer(source, doc, at, score);
		}
	}

	return {
		get size() {
			return liveDocs();
		},
		add({ id, sessionId, text, at }) {
			if (pieces.some((piece) => piece.find(id) >= 0)) return false;
			if (!tail.add(id, sessionId, text, at)) return false;
			if (at > newest) newest = at;
			if (tail.docCount >= tailLimit) seal();
			return true;
		},
		remove(id) {
			for (const source of [tail, ...pieces]) {
				const doc = source.find(id);
				if (doc < 0) continue;
				source.kill(doc);
				return true;
			}
			return false;
		},
		has: (id) => tail.find(id) >= 0 || pieces.some((piece) => piece.find(id) >= 0),
		query(text, options = {}) {
			const limit = options.limit ?? 10;
			const query = parseQuery(text);
			if (query.terms.length === 0 || limit <= 0) return [];
			const { textOf } = options;
			const isChecked = query.phrases.length > 0 && textOf !== undefined;
			const wanted = isChecked ? Math.max(limit, phraseLimit) : limit;
			const check = (hits: Found[]): Found[] => {
				if (!isChecked) return hits;
				const kept: Found[] = [];
				for (const hit of hits) {
					if (kept.length >= limit) break;
					if (holdsPhrases(textOf(hit.id) ?? '', query)) kept.push(hit);
				}
				return kept;
			};
			const strict = check(rank(query, true, wanted, options));
			if (strict.length > 0 || query.terms.every((term) => term.isFirm) || query.terms.length === 1)
				return strict;
			return check(rank(query, false, wanted, options));
		},
		serialize() {
			seal();
			return pieces.map(({ bytes, dead }) => ({ bytes, dead }));
		},
		load(saved) {
			const opened: Piece[] = [];
			for (const { bytes, dead } of saved) {
				const piece = Piece.open(bytes);
				if (piece === null) return false;
				if (dead !== null) piece.bury(dead);
				opened.push(piece);
			}
			pieces = opened;
			tail = new Tail();
			newest = 0;
			for (const piece of pieces) {
				for (let doc = 0; doc < piece.docCount; doc++)
					if (piece.timeOf(doc) > newest) newest = piece.timeOf(doc);
			}
			return true;
		}
	};
}

/** Whether a text holds every phrase of a query, word by word. */
export function holdsPhrases(text: string, query: ParsedQuery): boolean {
	const terms = tokenize(text);
	return query.phrases.every((phrase) => hasPhrase(terms, phrase));
}

function sumDf(refs: readonly TermRef[]): number {
	let sum = 0;
	for (const ref of refs) sum += ref.df;
	return sum;
}

interface Offer {
	readonly source: Source;
	readonly doc: number;
	readonly at: number;
	readonly score: number;
}

/** The best so many: worst first in a heap once it is full. */
class Best {
	least = -1;
	readonly #heap: Offer[] = [];

	constructor(readonly limit: number) {}

	offer(source: Source, doc: number, at: number, score: number): void {
		const heap = this.#heap;
		const offer = { source, doc, at, score };
		if (heap.length < this.limit) {
			heap.push(offer);
			if (heap.length < this.limit) return;
			heap.sort(order);
			heap.reverse();
			this.least = heap[0]?.score ?? -1;
			return;
		}
		const worst = heap[0];
		if (worst === undefined || order(offer, worst) >= 0) return;
		let place = 0;
		for (;;) {
			let next = place * 2 + 1;
			const left = heap[next];
			if (left === undefined) break;
			const right = heap[next + 1];
			let child = left;
			if (right !== undefined && order(right, left) > 0) {
				child = right;
				next++;
			}
			if (order(child, offer) <= 0) break;
			heap[place] = child;
			place = next;
		}
		heap[place] = offer;
		this.least = heap[0]?.score ?? -1;
	}

	sorted(): Found[] {
		return [...this.#heap].sort(order).map(({ source, doc, at, score }) => ({
			id: source.idOf(doc),
			sessionId: source.sessions[source.sessionOf(doc)] ?? '',
			at,
			score
		}));
	}
}

/** Better first. */
function order(a: Offer, b: Offer): number {
	return b.score - a.score || b.at - a.at || b.doc - a.doc;
}
