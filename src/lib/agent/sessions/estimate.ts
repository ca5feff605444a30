/**
 * How many tokens a transcript takes, without a tokenizer (1 MB in the shell): the provider's
 * own count where there is one, four bytes a token for what came after it.
 */

import type { Entry, Part } from '../../wire/entries';

const charactersPerToken = 4;
const tokensPerFile = 1_500;

/** The estimate with one more entry, the last of these: a running turn asks before each request. */
export function addToEstimate(tokens: number, entries: readonly Entry[]): number {
	const entry = entries.at(-1);
	if (entry === undefined) return tokens;
	// What stands before a summary counts no more, or in part.
	if (entry.kind === 'summary') return estimateTokens(entries);
	return countedTokens(entry) ?? tokens + entryTokens(entry);
}

export function estimateTokens(entries: readonly Entry[]): number {
	let tokens = 0;
	for (let index = entries.length - 1; index >= 0; index--) {
		const entry = entries[index];
		if (entry === undefined) continue;
		const counted = countedTokens(entry);
		if (counted !== undefined) return tokens + counted;
		tokens += entryTokens(entry);
		if (entry.kind === 'summary') return tokens + tokensAfter(entries, entry.covers?.upTo, index);
	}
	return tokens;
}

/** A response's input counted everything before it; a summary after it changed that. */
function countedTokens(entry: Entry): number | undefined {
	const usage = entry.response?.usage;
	return usage !== undefined && usage.input > 0 ? usage.input + usage.output : undefined;
}

function entryTokens(entry: Entry): number {
	let tokens = 0;
	for (const part of entry.parts) tokens += partTokens(part);
	return tokens;
}

function tokensAfter(entries: readonly Entry[], upTo: string | undefined, end: number): number {
	const start = entries.findIndex((entry) => entry.id === upTo) + 1;
	let tokens = 0;
	for (const entry of entries.slice(start, end)) tokens += entryTokens(entry);
	return tokens;
}

function partTokens(part: Part): number {
	switch (part.type) {
		case 'text':
		case 'reasoning':
		case 'refusal':
			return part.text.length / charactersPerToken;
		case 'call':
			return JSON.stringify(part.args).length / charactersPerToken;
		case 'result':
			return JSON.stringify(part.output).length / charactersPerToken;
		case 'file':
			return part.mediaType.startsWith('text/') ? part.size / charactersPerToken : tokensPerFile;
		case 'provider':
			return JSON.stringify(part.raw).length / charactersPerToken;
	}
}
