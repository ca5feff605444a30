/**
 * Code to coloured pieces, as data. The grammars are a lazy chunk: a conversation without code never
 * loads them. Total: what cannot be coloured comes back as one plain piece.
 */

import type { CodeRun } from '../../wire/blocks';

/** Longer code stays plain: colouring takes time from the turn that runs in the same worker. */
export const MAX_HIGHLIGHT = 100_000;
/** Grammars look ahead over words, brackets and blank lines: long runs of them cost their square. */
const TOO_DENSE = /\S{400}|\s{300}|[^\n]{2000}/;

/** `lang` as a fence names it (`ts`, `python`, `svelte`, …). The pieces joined are always `text`. */
export async function highlight(lang: string, text: string): Promise<readonly CodeRun[]> {
	const plain: CodeRun = ['', text];
	if (text.length > MAX_HIGHLIGHT || lang === '' || TOO_DENSE.test(text)) return [plain];
	try {
		const { colour } = await import('./colour');
		return colour(lang, text) ?? [plain];
	} catch {
		// The chunk did not load, or a grammar failed: plain text is always right.
		return [plain];
	}
}
