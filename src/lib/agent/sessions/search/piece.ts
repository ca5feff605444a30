/** A packed piece, read in place from its bytes. */

import { parseJson, isJsonObject } from '../../../wire/json';
import { ByteReader, compareBytes } from './bytes';
import { dictionaryBlock, field, headerWords, pieceMagic, pieceVersion } from './piece-format';
import type { Decoded, Wanted } from './postings';
import { readPostings } from './postings';
import type { Source, TermRef } from './source';
import { readUuid, writeUuid } from './uuid-bytes';

const encoder = new TextEncoder();

/** Walks a dictionary from one term to the next. */
class TermCursor {
	term = new Uint8Array(256);
	length = 0;
	df = 0;
	at = 0;
	#size = 0;
	#reader: ByteReader;
	#number: number;

	constructor(
		readonly dictionary: Uint8Array,
		readonly count: number,
		block: number,
		offset: number
	) {
		this.#reader = new ByteReader(dictionary, offset);
		this.#number = block * dictionaryBlock;
	}

	next(): boolean {
		if (this.#number >= this.count) return false;
		if (this.#number % dictionaryBlock === 0) {
			this.at = this.#reader.varint();
			this.#size = 0;
		}
		this.#number++;
		this.at += this.#size;
		const shared = this.#reader.varint();
		const more = this.#reader.varint();
		if (shared + more > 1024) return false;
		if (shared + more > this.term.length) {
			const grown = new Uint8Array((shared + more) * 2);
			grown.set(this.term);
			this.term = grown;
		}
		for (let i = 0; i < more; i++) this.term[shared + i] = this.dictionary[this.#reader.at++] ?? 0;
		this.length = shared + more;
		this.df = this.#reader.varint();
		this.#size = this.#reader.varint();
		return true;
	}
}

export class Piece implements Source {
	readonly docCount: number;
	readonly tokens: number;
	readonly sessions: readonly string[];
	deadCount = 0;
	deadTokens = 0;
	/** One bit a document; null while nothing is removed. */
	dead: Uint8Array<ArrayBuffer> | null = null;
	readonly #terms: number;
	readonly #times: Float64Array;
	readonly #sessions: Uint32Array;
	readonly #lengths: Uint16Array;
	readonly #index: Uint32Array;
	readonly #ids: Uint8Array;
	readonly #dictionary: Uint8Array;
	readonly #postings: Uint8Array;
	readonly #odd: ReadonlyMap<number, string>;
	#table: Int32Array | null = null;

	/** Null where the bytes are no piece of this version. */
	static open(bytes: Uint8Array<ArrayBuffer>): Piece | null {
		try {
			const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
			if (aligned.length < headerWords * 4) return null;
			const header = new Uint32Array(aligned.buffer, aligned.byteOffset, headerWords);
			if (header[field.magic] !== pieceMagic || header[field.version] !== pieceVersion) return null;
			if (header[field.end] !== aligned.length) return null;
			return new Piece(aligned, header);
		} catch {
			// A section that reaches past the end: the views above refuse it.
			return null;
		}
	}

	private constructor(
		readonly bytes: Uint8Array<ArrayBuffer>,
		header: Uint32Array
	) {
		const word = (name: keyof typeof field): number => header[field[name]] ?? 0;
		const { buffer, byteOffset } = bytes;
		const docs = word('docs');
		this.docCount = docs;
		this.tokens = word('tokens');
		this.#terms = word('terms');
		this.#times = new Float64Array(buffer, byteOffset + headerWords * 4, docs);
		this.#sessions = new Uint32Array(buffer, byteOffset + word('sessionsAt'), docs);
		this.#index = new Uint32Array(
			buffer,
			byteOffset + word('indexAt'),
			Math.ceil(this.#terms / dictionaryBlock)
		);
		this.#lengths = new Uint16Array(buffer, byteOffset + word('lengthsAt'), docs);
		this.#ids = bytes.subarray(word('idsAt'), word('idsAt') + docs * 16);
		this.#dictionary = bytes.subarray(word('dictionaryAt'), word('postingsAt'));
		this.#postings = bytes.subarray(word('postingsAt'), word('namesAt'));
		const names = parseJson(new TextDecoder().decode(bytes.subarray(word('namesAt'))));
		const sessions: string[] = [];
		const odd = new Map<number, string>();
		if (isJsonObject(names)) {
			if (Array.isArray(names['sessions'])) for (const name of names['sessions']) sessions.push(String(name));
			if (Array.isArray(names['odd'])) {
				for (const pair of names['odd']) {
					if (Array.isArray(pair) && typeof pair[0] === 'number' && typeof pair[1] === 'string')
						odd.set(pair[0], pair[1]);
				}
			}
		}
		this.sessions = sessions;
		this.#odd = odd;
	}

	isDead(doc: number): boolean {
		return this.dead !== null && ((this.dead[doc >>> 3] ?? 0) & (1 << (doc & 7))) !== 0;
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
		return this.#odd.get(doc) ?? readUuid(this.#ids, doc * 16);
	}

	kill(doc: number): void {
		if (this.isDead(doc)) return;
		this.dead ??= new Uint8Array((this.docCount + 7) >>> 3);
		this.dead[doc >>> 3] = (this.dead[doc >>> 3] ?? 0) | (1 << (doc & 7));
		this.deadCount++;
		this.deadTokens += this.lengthOf(doc);
	}

	/** Takes the bits of removed documents that were saved with the piece. */
	bury(dead: Uint8Array): void {
		for (let doc = 0; doc < this.docCount; doc++)
			if (((dead[doc >>> 3] ?? 0) & (1 << (doc & 7))) !== 0) this.kill(doc);
	}

	find(id: string): number {
		if (!writeUuid(id, probe, 0)) {
			for (const [doc, odd] of this.#odd) if (odd === id && !this.isDead(doc)) return doc;
			return -1;
		}
		this.#table ??= this.#buildTable();
		const table = this.#table;
		const mask = table.length - 1;
		for (let slot = hash(probe, 0) & mask; ; slot = (slot + 1) & mask) {
			const doc = (table[slot] ?? 0) - 1;
			if (doc < 0) return -1;
			let i = 0;
			while (i < 16 && this.#ids[doc * 16 + i] === probe[i]) i++;
			if (i === 16 && !this.isDead(doc) && !this.#odd.has(doc)) return doc;
		}
	}

	#buildTable(): Int32Array {
		let size = 16;
		while (size < this.docCount * 2) size *= 2;
		const table = new Int32Array(size);
		for (let doc = 0; doc < this.docCount; doc++) {
			let slot = hash(this.#ids, doc * 16) & (size - 1);
			while (table[slot] !== 0) slot = (slot + 1) & (size - 1);
			table[slot] = doc + 1;
		}
		return table;
	}

	cursor(): TermCursor {
		return new TermCursor(this.#dictionary, this.#terms, 0, 0);
	}

	terms(term: string, isPrefix: boolean): readonly TermRef[] {
		const key = encoder.encode(term);
		// The last block whose first term is not after the key.
		let low = 0;
		let high = this.#index.length - 1;
		while (low < high) {
			const middle = (low + high + 1) >>> 1;
			const cursor = new TermCursor(this.#dictionary, this.#terms, middle, this.#index[middle] ?? 0);
			cursor.next();
			if (compareBytes(cursor.term, cursor.length, key, key.length) <= 0) low = middle;
			else high = middle - 1;
		}
		const found: TermRef[] = [];
		const cursor = new TermCursor(this.#dictionary, this.#terms, low, this.#index[low] ?? 0);
		while (cursor.next()) {
			let shared = 0;
			while (shared < key.length && shared < cursor.length && cursor.term[shared] === key[shared]) shared++;
			if (shared === key.length) {
				const isExact = cursor.length === key.length;
				if (isExact || isPrefix)
					found.push({ at: cursor.at, df: Math.min(cursor.df, this.docCount), isExact });
				if (!isPrefix) break;
			} else if (shared === cursor.length || (cursor.term[shared] ?? 0) < (key[shared] ?? 0)) continue;
			else break;
		}
		return found;
	}

	read(ref: TermRef, out: Decoded, wanted?: Wanted): void {
		readPostings(this.#postings, ref.at, ref.df, out, wanted);
	}
}

export type { TermCursor };

const probe = new Uint8Array(16);

/** UUIDv7 keeps its random bits at the end; earlier bytes still count, for other versions. */
function hash(bytes: Uint8Array, at: number): number {
	let value = 0;
	for (let i = 0; i < 16; i++) value = (Math.imul(value, 0x01000193) + (bytes[at + i] ?? 0)) | 0;
	return (value ^ (value >>> 15)) >>> 0;
}
