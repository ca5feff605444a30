/**
 * A packed piece of the index as bytes: header (16 words), times (f64), session numbers (u32),
 * offsets of the dictionary's blocks (u32), lengths (u16), ids (16 bytes each), dictionary,
 * postings, and as JSON the names of sessions and the ids that are no UUIDs. It is read in
 * place: loading one costs a checksum. The dictionary is sorted by UTF-8 bytes, blocks of 16
 * terms that share beginnings.
 */

import { ByteWriter } from './bytes';
import type { Decoded } from './postings';
import { writePostings } from './postings';
import { writeUuid } from './uuid-bytes';

export const pieceMagic = 0x31495357;
export const pieceVersion = 1;
export const headerWords = 16;
export const dictionaryBlock = 16;

/** Header words by name. */
export const field = {
	magic: 0,
	version: 1,
	docs: 2,
	terms: 3,
	tokens: 4,
	sessionsAt: 5,
	indexAt: 6,
	lengthsAt: 7,
	idsAt: 8,
	dictionaryAt: 9,
	postingsAt: 10,
	namesAt: 11,
	end: 12
} as const;

export class PieceBuilder {
	readonly #times: Float64Array<ArrayBuffer>;
	readonly #sessions: Uint32Array<ArrayBuffer>;
	readonly #lengths: Uint16Array<ArrayBuffer>;
	readonly #ids: Uint8Array<ArrayBuffer>;
	readonly #odd: [number, string][] = [];
	readonly #names = new Map<string, number>();
	readonly #dictionary = new ByteWriter(1 << 16);
	readonly #postings = new ByteWriter(1 << 18);
	readonly #index: number[] = [];
	#lastTerm = new Uint8Array(256);
	#lastLength = 0;
	#docs = 0;
	#terms = 0;
	#tokens = 0;

	constructor(docCount: number) {
		this.#times = new Float64Array(docCount);
		this.#sessions = new Uint32Array(docCount);
		this.#lengths = new Uint16Array(docCount);
		this.#ids = new Uint8Array(docCount * 16);
	}

	/** Documents get their numbers in this order. */
	addDoc(id: string, session: string, at: number, length: number): void {
		const doc = this.#docs++;
		this.#times[doc] = at;
		let number = this.#names.get(session);
		if (number === undefined) this.#names.set(session, (number = this.#names.size));
		this.#sessions[doc] = number;
		this.#lengths[doc] = length;
		this.#tokens += length;
		if (!writeUuid(id, this.#ids, doc * 16)) this.#odd.push([doc, id]);
	}

	/** Terms come in the order of their bytes; the list is not empty. */
	addTerm(term: Uint8Array, length: number, list: Decoded): void {
		const out = this.#dictionary;
		let shared = 0;
		if (this.#terms % dictionaryBlock === 0) {
			this.#index.push(out.length);
			out.varint(this.#postings.length);
		} else {
			const most = Math.min(length, this.#lastLength);
			while (shared < most && term[shared] === this.#lastTerm[shared]) shared++;
		}
		const start = this.#postings.length;
		writePostings(this.#postings, list);
		out.varint(shared);
		out.varint(length - shared);
		out.raw(term.subarray(shared, length));
		out.varint(list.length);
		out.varint(this.#postings.length - start);
		if (length > this.#lastTerm.length) this.#lastTerm = new Uint8Array(length * 2);
		this.#lastTerm.set(term.subarray(0, length));
		this.#lastLength = length;
		this.#terms++;
	}

	finish(): Uint8Array<ArrayBuffer> {
		const docs = this.#docs;
		const index = Uint32Array.from(this.#index);
		const names = new TextEncoder().encode(
			JSON.stringify({ sessions: [...this.#names.keys()], odd: this.#odd })
		);
		const timesAt = headerWords * 4;
		const sessionsAt = timesAt + docs * 8;
		const indexAt = sessionsAt + docs * 4;
		const lengthsAt = indexAt + index.byteLength;
		const idsAt = lengthsAt + docs * 2;
		const dictionaryAt = idsAt + docs * 16;
		const postingsAt = dictionaryAt + this.#dictionary.length;
		const namesAt = postingsAt + this.#postings.length;
		const bytes = new Uint8Array(namesAt + names.length);
		const header = new Uint32Array(bytes.buffer, 0, headerWords);
		header[field.magic] = pieceMagic;
		header[field.version] = pieceVersion;
		header[field.docs] = docs;
		header[field.terms] = this.#terms;
		header[field.tokens] = this.#tokens;
		header[field.sessionsAt] = sessionsAt;
		header[field.indexAt] = indexAt;
		header[field.lengthsAt] = lengthsAt;
		header[field.idsAt] = idsAt;
		header[field.dictionaryAt] = dictionaryAt;
		header[field.postingsAt] = postingsAt;
		header[field.namesAt] = namesAt;
		header[field.end] = bytes.length;
		new Float64Array(bytes.buffer, timesAt, docs).set(this.#times);
		new Uint32Array(bytes.buffer, sessionsAt, docs).set(this.#sessions);
		new Uint32Array(bytes.buffer, indexAt, index.length).set(index);
		new Uint16Array(bytes.buffer, lengthsAt, docs).set(this.#lengths);
		bytes.set(this.#ids, idsAt);
		bytes.set(this.#dictionary.view(), dictionaryAt);
		bytes.set(this.#postings.view(), postingsAt);
		bytes.set(names, namesAt);
		return bytes;
	}
}
