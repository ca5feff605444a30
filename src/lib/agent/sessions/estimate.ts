/**
 * How many tokens a transcript takes, without a tokenizer (1 MB in the shell): the provider's
 * own count where there is one, four bytes a token for what came after it.
 */

import type { Entry, Part } from '../../wire/entries';

const charactersPerToken = 4;
const tokensPerFile = 1_500;

export function estimateTokens(entries: readonly Entry[]): number {
	let tokens = 0;
	for (let index = entries.length - 1; index >= 0; index--) {
		const entry = entries[index];
		if (entry === undefined) continue;
		const usage = entry.response?.usage;
		// This response's input counted everything before it; a summary after it changed that.
		if (usage !== undefined && usage.input > 0) return tokens + usage.input + usage.output;
		for (const part of entry.parts) tokens += partTokens(part);
		if (entry.kind === 'summary') return tokens + tokensAfter(entries, entry.covers?.upTo, index);
	}
	return tokens;
}

function tokensAfter(entries: readonly Entry[], upTo: string | undefined, end: number): number {
	const start = entries.findIndex((entry) => entry.id === upTo) + 1;
	let tokens = 0;
	for (const entry of entries.slice(start, end)) for (const part of entry.parts) tokens += partTokens(part);
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
