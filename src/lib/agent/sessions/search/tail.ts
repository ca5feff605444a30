/**
 * The end of the index that is still written: postings of all terms in one log, each linked to
 * the term's one before. Adding is an append; sealing walks the links and writes a packed piece.
 */

import { PieceBuilder } from './piece-format';
import type { Wanted } from './postings';
import { Decoded } from './postings';
import type { Source, TermRef } from './source';
import { tokenize } from './tokenize';

/** What is longer than this is found by its beginning only. */
const maximumText = 200_000;
/** New terms are looked through one by one until there are this many. */
const unsortedLimit = 512;

function bigger<T extends Int32Array | Float64Array>(old: T, make: (size: number) => T): T {
	const grown = make(old.length * 2);
	grown.set(old);
	return grown;
}
const int32 = (size: number): Int32Array<ArrayBuffer> => new Int32Array(size);
const float64 = (size: number): Float64Array<ArrayBuffer> => new Float64Array(size);

export class Tail implements Source {
	docCount = 0;
	deadCount = 0;
	tokens = 0;
	readonly sessions: string[] = [];
	readonly #sessionNumbers = new Map<string, number>();
	readonly #ids: string[] = [];
	readonly #docs = new Map<string, number>();
	readonly #dead = new Set<number>();
	#times = float64(256);
	#lengths = int32(256);
	#sessions = int32(256);
	readonly #terms = new Map<string, number>();
	readonly #names: string[] = [];
	#heads = int32(1024);
	#dfs = int32(1024);
	#postDoc = int32(4096);
	#postCount = int32(4096);
	#postPrevious = int32(4096);
	#posts = 1;
	#sorted: string[] = [];

	/** False where the id is here already. */
	add(id: string, sessionId: string, text: string, at: number): boolean {
		if (this.#docs.has(id)) return false;
		const doc = this.docCount++;
		if (doc >= this.#times.length) {
			this.#times = bigger(this.#times, float64);
			this.#lengths = bigger(this.#lengths, int32);
			this.#sessions = bigger(this.#sessions, int32);
		}
		this.#ids.push(id);
		this.#docs.set(id, doc);
		let session = this.#sessionNumbers.get(sessionId);
		if (session === undefined) {
			session = this.sessions.length;
			this.sessions.push(sessionId);
			this.#sessionNumbers.set(sessionId, session);
		}
		this.#sessions[doc] = session;
		this.#times[doc] = at;
		const terms = tokenize(text.length > maximumText ? text.slice(0, maximumText) : text);
		const length = Math.min(terms.length, 65_535);
		this.#lengths[doc] = length;
		this.tokens += length;
		for (const term of terms) this.#post(term, doc);
		return true;
	}

	#post(term: string, doc: number): void {
		let number = this.#terms.get(term);
		if (number === undefined) {
			number = this.#names.length;
			this.#terms.set(term, number);
			this.#names.push(term);
			if (number >= this.#heads.length) {
				this.#heads = bigger(this.#heads, int32);
				this.#dfs = bigger(this.#dfs, int32);
			}
		}
		const head = this.#heads[number] ?? 0;
		if (head !== 0 && this.#postDoc[head] === doc) {
			this.#postCount[head] = (this.#postCount[head] ?? 0) + 1;
			return;
		}
		const post = this.#posts++;
		if (post >= this.#postDoc.length) {
			this.#postDoc = bigger(this.#postDoc, int32);
			this.#postCount = bigger(this.#postCount, int32);
			this.#postPrevious = bigger(this.#postPrevious, int32);
		}
		this.#postDoc[post] = doc;
		this.#postCount[post] = 1;
		this.#postPrevious[post] = head;
		this.#heads[number] = post;
		this.#dfs[number] = (this.#dfs[number] ?? 0) + 1;
	}

	find(id: string): number {
		return this.#docs.get(id) ?? -1;
	}
	kill(doc: number): void {
		if (this.#dead.has(doc)) return;
		this.#dead.add(doc);
		this.deadCount++;
		this.tokens -= this.lengthOf(doc);
		this.#docs.delete(this.idOf(doc));
	}
	isDead(doc: number): boolean {
		return this.deadCount > 0 && this.#dead.has(doc);
	}
	timeOf(doc: number): number {
		return this.#times[doc] ?? 0;
	}
	lengthOf(doc: number): number {
		return this.#lengths[doc] ?? 0;
	}
	sessionOf(doc: number): number {
		return this.#sessions[doc] ?? 0;
	}
	idOf(doc: number): string {
		return this.#ids[doc] ?? '';
	}

	terms(term: string, isPrefix: boolean): readonly TermRef[] {
		const found: TermRef[] = [];
		const exact = this.#terms.get(term);
		if (exact !== undefined) found.push({ at: exact, df: this.#dfs[exact] ?? 0, isExact: true });
		if (!isPrefix) return found;
		const push = (name: string): void => {
			if (name === term) return;
			const number = this.#terms.get(name) ?? 0;
			found.push({ at: number, df: this.#dfs[number] ?? 0, isExact: false });
		};
		if (this.#names.length - this.#sorted.length > unsortedLimit) this.#sorted = [...this.#names].sort();
		const sorted = this.#sorted;
		let low = 0;
		let high = sorted.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if ((sorted[middle] ?? '') < term) low = middle + 1;
			else high = middle;
		}
		for (let i = low; i < sorted.length; i++) {
			const name = sorted[i] ?? '';
			if (!name.startsWith(term)) break;
			push(name);
		}
		// What came after the last sorting stands at the end of the names, in order of arrival.
		for (let i = sorted.length; i < this.#names.length; i++) {
			const name = this.#names[i] ?? '';
			if (name.startsWith(term)) push(name);
		}
		return found;
	}

	read(ref: TermRef, out: Decoded, _wanted?: Wanted): void {
		out.reserve(ref.df);
		out.length = ref.df;
		let post = this.#heads[ref.at] ?? 0;
		for (let i = ref.df - 1; i >= 0; i--) {
			out.docs[i] = this.#postDoc[post] ?? 0;
			out.counts[i] = this.#postCount[post] ?? 1;
			post = this.#postPrevious[post] ?? 0;
		}
	}

	/** Everything here as a packed piece; removed documents stay behind. */
	seal(): Uint8Array<ArrayBuffer> {
		const builder = new PieceBuilder(this.docCount - this.deadCount);
		const numbers = new Int32Array(this.docCount);
		let next = 0;
		for (let doc = 0; doc < this.docCount; doc++) {
			if (this.isDead(doc)) {
				numbers[doc] = -1;
				continue;
			}
			numbers[doc] = next++;
			builder.addDoc(
				this.idOf(doc),
				this.sessions[this.sessionOf(doc)] ?? '',
				this.timeOf(doc),
				this.lengthOf(doc)
			);
		}
		const list = new Decoded();
		const encoder = new TextEncoder();
		const bytes = new Uint8Array(256);
		for (const name of sortByBytes(this.#names)) {
			const number = this.#terms.get(name) ?? 0;
			this.read({ at: number, df: this.#dfs[number] ?? 0, isExact: true }, list);
			let kept = 0;
			for (let i = 0; i < list.length; i++) {
				const doc = numbers[list.docs[i] ?? 0] ?? -1;
				if (doc < 0) continue;
				list.docs[kept] = doc;
				list.counts[kept++] = list.counts[i] ?? 1;
			}
			list.length = kept;
			if (kept > 0) builder.addTerm(bytes, encoder.encodeInto(name, bytes).written, list);
		}
		return builder.finish();
	}
}

/** UTF-16 order differs from that of UTF-8 bytes only where there are surrogates. */
function sortByBytes(names: readonly string[]): string[] {
	const sorted = [...names].sort();
	if (!sorted.some((name) => /[\ud800-\udfff]/.test(name))) return sorted;
	const encoder = new TextEncoder();
	const keyed = sorted.map((name) => ({ name, bytes: encoder.encode(name) }));
	keyed.sort((a, b) => {
		const shared = Math.min(a.bytes.length, b.bytes.length);
		for (let i = 0; i < shared; i++) {
			const difference = (a.bytes[i] ?? 0) - (b.bytes[i] ?? 0);
			if (difference !== 0) return difference;
		}
		return a.bytes.length - b.bytes.length;
	});
	return keyed.map((one) => one.name);
}
