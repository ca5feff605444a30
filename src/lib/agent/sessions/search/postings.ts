/**
 * Posting lists: documents ascending, as deltas, each `delta · 2 + 1` where the term occurs
 * once and `delta · 2, count` where more often. A list of more than 128 starts with a skip
 * table (per block: distance to its last document, its bytes), so that a rare term's few
 * documents are found in a frequent term's list without decoding all of it.
 */

import { ByteWriter } from './bytes';

const blockSize = 128;

/** Room for one decoded list; grows to the largest. */
export class Decoded {
	docs = new Int32Array(256);
	counts = new Int32Array(256);
	length = 0;

	reserve(size: number): void {
		if (size <= this.docs.length) return;
		const room = Math.max(size, this.docs.length * 2);
		this.docs = new Int32Array(room);
		this.counts = new Int32Array(room);
	}
}

/** Documents that are wanted, ascending. */
export interface Wanted {
	readonly docs: Int32Array;
	readonly length: number;
}

const body = new ByteWriter(1 << 16);

export function writePostings(out: ByteWriter, list: Decoded): void {
	const { docs, counts, length } = list;
	if (length <= blockSize) {
		writeBlock(out, docs, counts, 0, length, -1);
		return;
	}
	body.length = 0;
	let previous = -1;
	for (let from = 0; from < length; from += blockSize) {
		const to = Math.min(from + blockSize, length);
		const start = body.length;
		writeBlock(body, docs, counts, from, to, previous);
		const last = docs[to - 1] ?? 0;
		out.varint(last - previous);
		out.varint(body.length - start);
		previous = last;
	}
	out.raw(body.view());
}

function writeBlock(
	out: ByteWriter,
	docs: Int32Array,
	counts: Int32Array,
	from: number,
	to: number,
	before: number
): void {
	let previous = before;
	for (let i = from; i < to; i++) {
		const doc = docs[i] ?? 0;
		const count = counts[i] ?? 1;
		out.varint((doc - previous) * 2 + (count === 1 ? 1 : 0));
		if (count !== 1) out.varint(count);
		previous = doc;
	}
}

/** Decodes the list of `df` documents at `at`; with `wanted`, only the blocks that can hold one of them. */
export function readPostings(bytes: Uint8Array, at: number, df: number, out: Decoded, wanted?: Wanted): void {
	out.reserve(df);
	out.length = 0;
	if (df <= blockSize) {
		readBlock(bytes, at, df, -1, out);
		return;
	}
	const blocks = Math.ceil(df / blockSize);
	let header = at;
	let value = 0;
	// Where the data starts: after the whole table.
	let data = at;
	for (let left = blocks * 2; left > 0 && data < bytes.length; data++) if ((bytes[data] ?? 0) < 128) left--;
	let previous = -1;
	let want = 0;
	for (let block = 0; block < blocks; block++) {
		let shift = 0;
		value = 0;
		for (;;) {
			const byte = bytes[header++] ?? 0;
			value |= (byte & 127) << shift;
			if (byte < 128 || shift > 28) break;
			shift += 7;
		}
		const last = previous + value;
		shift = 0;
		value = 0;
		for (;;) {
			const byte = bytes[header++] ?? 0;
			value |= (byte & 127) << shift;
			if (byte < 128 || shift > 28) break;
			shift += 7;
		}
		let isNeeded = true;
		if (wanted !== undefined) {
			while (want < wanted.length && (wanted.docs[want] ?? 0) <= previous) want++;
			if (want >= wanted.length) return;
			isNeeded = (wanted.docs[want] ?? 0) <= last;
		}
		if (isNeeded) readBlock(bytes, data, Math.min(blockSize, df - block * blockSize), previous, out);
		data += value;
		previous = last;
	}
}

function readBlock(bytes: Uint8Array, from: number, size: number, before: number, out: Decoded): void {
	const { docs, counts } = out;
	let at = from;
	let doc = before;
	let length = out.length;
	for (let i = 0; i < size; i++) {
		let byte = bytes[at++] ?? 0;
		let value = byte & 127;
		let shift = 7;
		while (byte > 127 && shift < 35) {
			byte = bytes[at++] ?? 0;
			value |= (byte & 127) << shift;
			shift += 7;
		}
		doc += value >>> 1;
		let count = 1;
		if ((value & 1) === 0) {
			byte = bytes[at++] ?? 0;
			count = byte & 127;
			shift = 7;
			while (byte > 127 && shift < 35) {
				byte = bytes[at++] ?? 0;
				count |= (byte & 127) << shift;
				shift += 7;
			}
		}
		docs[length] = doc;
		counts[length++] = count;
	}
	out.length = length;
}
