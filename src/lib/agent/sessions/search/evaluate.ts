/**
 * Finds and scores the documents of one source. Term at a time: the rarest slot's documents
 * are the candidates, every further slot keeps those it also has. BM25 (k1 1.2, b 0.75), a
 * slot's document frequency being the sum over what it expands to; a beginning counts 0.6.
 */

import { Decoded } from './postings';
import type { Source, TermRef } from './source';

const k1 = 1.2;
const b = 0.75;
const prefixWeight = 0.6;

export interface Slot {
	readonly refs: readonly TermRef[];
	/** In this source. */
	readonly df: number;
	readonly idf: number;
	readonly isRequired: boolean;
}

/** Candidates with their sums, ascending by document; reused from query to query. */
export class Candidates {
	docs = new Int32Array(1024);
	scores = new Float64Array(1024);
	length = 0;
	/** Per document, for unions; all zero between uses. */
	sums = new Float64Array(1024);
	gains = new Float64Array(1024);
	readonly list = new Decoded();

	reserve(size: number): void {
		if (size <= this.docs.length) return;
		const room = Math.max(size, this.docs.length * 2);
		this.docs = new Int32Array(room);
		this.scores = new Float64Array(room);
		this.sums = new Float64Array(room);
		this.gains = new Float64Array(room);
	}
}

export function idfOf(df: number, total: number): number {
	const known = Math.min(df, total);
	return Math.log(1 + (total - known + 0.5) / (known + 0.5));
}

/** Every slot that is required must match; with none required, any may. */
export function evaluate(
	source: Source,
	slots: readonly Slot[],
	averageLength: number,
	out: Candidates
): void {
	out.reserve(source.docCount);
	out.length = 0;
	const scale = (k1 * b) / Math.max(averageLength, 1);
	const floor = k1 * (1 - b);
	const gain = (doc: number, count: number): number =>
		(count * (k1 + 1)) / (count + floor + scale * source.lengthOf(doc));
	const required = slots.filter((slot) => slot.isRequired).sort((x, y) => x.df - y.df);
	if (required.some((slot) => slot.df === 0)) return;
	const [driver, ...others] = required;
	if (driver === undefined) {
		unite(source, slots, gain, out);
		return;
	}
	unite(source, [driver], gain, out);
	for (const slot of others) join(source, slot, gain, out);
	for (const slot of slots) if (!slot.isRequired && slot.df > 0) join(source, slot, gain, out);
}

type Gain = (doc: number, count: number) => number;

function unite(source: Source, slots: readonly Slot[], gain: Gain, out: Candidates): void {
	const { list } = out;
	const [only] = slots;
	const [single] = only?.refs ?? [];
	if (slots.length === 1 && only?.refs.length === 1 && single !== undefined) {
		const weight = only.idf * (single.isExact ? 1 : prefixWeight);
		source.read(single, list);
		const { docs, counts, length } = list;
		for (let i = 0; i < length; i++) {
			const doc = docs[i] ?? 0;
			out.docs[i] = doc;
			out.scores[i] = weight * gain(doc, counts[i] ?? 1);
		}
		out.length = length;
		return;
	}
	const { sums } = out;
	let touched = 0;
	for (const slot of slots) {
		for (const ref of slot.refs) {
			const weight = slot.idf * (ref.isExact ? 1 : prefixWeight);
			source.read(ref, list);
			const { docs, counts, length } = list;
			for (let i = 0; i < length; i++) {
				const doc = docs[i] ?? 0;
				const before = sums[doc] ?? 0;
				if (before === 0) out.docs[touched++] = doc;
				sums[doc] = before + weight * gain(doc, counts[i] ?? 1);
			}
		}
	}
	// Sorting costs more than looking at every document once there are many.
	if (touched > source.docCount / 16) {
		touched = 0;
		for (let doc = 0; doc < source.docCount; doc++) if ((sums[doc] ?? 0) !== 0) out.docs[touched++] = doc;
	} else out.docs.subarray(0, touched).sort();
	for (let i = 0; i < touched; i++) {
		const doc = out.docs[i] ?? 0;
		out.scores[i] = sums[doc] ?? 0;
		sums[doc] = 0;
	}
	out.length = touched;
}

function join(source: Source, slot: Slot, gain: Gain, out: Candidates): void {
	const { list, gains, docs, scores } = out;
	const size = out.length;
	if (size === 0) return;
	gains.fill(0, 0, size);
	for (const ref of slot.refs) {
		const weight = slot.idf * (ref.isExact ? 1 : prefixWeight);
		source.read(ref, list, out);
		const found = list.docs;
		const counts = list.counts;
		const isShort = list.length * 16 < size;
		let at = 0;
		for (let i = 0; i < list.length && at < size; i++) {
			const doc = found[i] ?? 0;
			if (isShort) at = lowerBound(docs, at, size, doc);
			else while (at < size && (docs[at] ?? 0) < doc) at++;
			if (at < size && docs[at] === doc) gains[at] = (gains[at] ?? 0) + weight * gain(doc, counts[i] ?? 1);
		}
	}
	let kept = 0;
	for (let i = 0; i < size; i++) {
		const more = gains[i] ?? 0;
		if (more === 0 && slot.isRequired) continue;
		docs[kept] = docs[i] ?? 0;
		scores[kept++] = (scores[i] ?? 0) + more;
	}
	out.length = kept;
}

function lowerBound(docs: Int32Array, from: number, to: number, doc: number): number {
	let low = from;
	let high = to;
	while (low < high) {
		const middle = (low + high) >>> 1;
		if ((docs[middle] ?? 0) < doc) low = middle + 1;
		else high = middle;
	}
	return low;
}
