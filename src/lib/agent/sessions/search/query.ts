/** What a person typed → the terms to look up. */

import { tokenizeQuery } from './tokenize';

export interface QueryTerm {
	readonly term: string;
	/** The last word while it may still be being typed. */
	readonly isPrefix: boolean;
	/** Part of a phrase: it must be there, whatever else is dropped. */
	readonly isFirm: boolean;
}

export interface ParsedQuery {
	readonly terms: readonly QueryTerm[];
	/** Terms that must follow each other, as they are stored. */
	readonly phrases: readonly (readonly string[])[];
}

const maximumTerms = 32;
const quoted = /["“”„«»]([^"“”„«»]+)["“”„«»]/g;

export function parseQuery(text: string): ParsedQuery {
	const phrases: (readonly string[])[] = [];
	const short = text.slice(0, 2000);
	const loose = short.replace(quoted, (_whole, inside: string) => {
		const phrase = tokenizeQuery(inside);
		if (phrase.length > 0) phrases.push(phrase);
		return ' ';
	});
	const words = tokenizeQuery(loose);
	const terms = new Map<string, QueryTerm>();
	for (const term of phrases.flat()) terms.set(term, { term, isPrefix: false, isFirm: true });
	// A word that stands twice is whole the first time: only a last one that is new is still being typed.
	for (const [i, term] of words.entries()) {
		if (!terms.has(term)) terms.set(term, { term, isPrefix: i === words.length - 1, isFirm: false });
	}
	return {
		terms: [...terms.values()].slice(0, maximumTerms),
		phrases: phrases.filter((phrase) => phrase.length > 1)
	};
}

/** Whether the terms stand next to each other somewhere in these. */
export function hasPhrase(terms: readonly string[], phrase: readonly string[]): boolean {
	const first = phrase[0];
	for (let from = 0; from + phrase.length <= terms.length; from++) {
		if (terms[from] !== first) continue;
		let i = 1;
		while (i < phrase.length && terms[from + i] === phrase[i]) i++;
		if (i === phrase.length) return true;
	}
	return false;
}
