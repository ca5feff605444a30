/** A few words around the place where a text answers a query, with what matched marked. */

import { parseQuery } from './query';
import { fold, isUnspaced } from './tokenize';

export interface Snippet {
	readonly snippet: string;
	/** [start, end) in the snippet, ascending, none overlapping. */
	readonly marks: readonly (readonly [number, number])[];
}

const width = 160;
const scanned = 100_000;
const word = /[\p{L}\p{N}\p{M}]+/gu;
const blank = /[\s\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

interface Match {
	readonly start: number;
	readonly end: number;
	readonly term: number;
}

export function snippet(text: string, query: string): Snippet {
	const short = text.slice(0, scanned);
	const matches = findMatches(short, query);
	const first = bestStart(matches);
	const from = first === undefined ? 0 : wordStart(short, Math.max(0, first - 40));
	const to = wordEnd(short, Math.min(short.length, from + width));
	const head = from > 0 ? '…' : '';
	const tail = to < text.length ? '…' : '';
	const marks = matches
		.filter(({ start, end }) => start >= from && end <= to)
		.map(({ start, end }) => [start - from + head.length, end - from + head.length] as const);
	// Every blank becomes one space, so that the marks stay where they are.
	return { snippet: `${head}${short.slice(from, to).replace(blank, ' ')}${tail}`, marks };
}

function findMatches(text: string, query: string): Match[] {
	const { terms } = parseQuery(query);
	const matches: Match[] = [];
	for (const found of text.matchAll(word)) {
		const raw = found[0];
		const folded = fold(raw);
		if (isUnspaced(raw)) {
			pushRuns(raw, folded, found.index, terms, matches);
			continue;
		}
		const term = terms.findIndex(
			(one) =>
				one.term === folded ||
				(one.isPrefix && folded.startsWith(one.term)) ||
				(folded.length > 40 && folded.startsWith(one.term))
		);
		if (term < 0) continue;
		matches.push({ start: found.index, end: found.index + raw.length, term });
		if (matches.length >= 1000) break;
	}
	return matches;
}

/** Pairs of characters inside a run, joined where they touch. */
function pushRuns(
	raw: string,
	folded: string,
	offset: number,
	terms: readonly { readonly term: string }[],
	matches: Match[]
): void {
	if (folded.length !== raw.length) return;
	const covered = new Int32Array(raw.length).fill(-1);
	for (const [number, { term }] of terms.entries()) {
		for (let at = folded.indexOf(term); at >= 0; at = folded.indexOf(term, at + 1))
			covered.fill(number, at, at + term.length);
	}
	for (let start = 0; start < raw.length; start++) {
		if ((covered[start] ?? -1) < 0) continue;
		let end = start;
		while (end < raw.length && (covered[end] ?? -1) >= 0) end++;
		matches.push({ start: offset + start, end: offset + end, term: covered[start] ?? 0 });
		start = end;
	}
}

/** Where the stretch begins that holds most different terms. */
function bestStart(matches: readonly Match[]): number | undefined {
	let best: number | undefined;
	let most = 0;
	const counts = new Map<number, number>();
	let last = 0;
	for (const first of matches) {
		for (
			let next = matches[last];
			next !== undefined && next.end - first.start <= width - 40;
			next = matches[++last]
		) {
			counts.set(next.term, (counts.get(next.term) ?? 0) + 1);
		}
		if (counts.size > most) {
			most = counts.size;
			best = first.start;
		}
		const left = (counts.get(first.term) ?? 0) - 1;
		if (left > 0) counts.set(first.term, left);
		else counts.delete(first.term);
	}
	return best ?? matches[0]?.start;
}

function wordStart(text: string, at: number): number {
	if (at === 0) return 0;
	const space = text.slice(Math.max(0, at - 20), at).search(/\s\S*$/);
	if (space >= 0) return Math.max(0, at - 20) + space + 1;
	// Never between the halves of a surrogate pair.
	return isLow(text, at) ? at - 1 : at;
}

function wordEnd(text: string, at: number): number {
	if (at >= text.length) return text.length;
	const space = text.slice(at, at + 20).search(/\s/);
	if (space >= 0) return at + space;
	return isLow(text, at) ? at + 1 : at;
}

function isLow(text: string, at: number): boolean {
	const code = text.charCodeAt(at);
	return code >= 0xdc00 && code <= 0xdfff;
}
