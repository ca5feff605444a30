/**
 * Markdown to data that components draw. Total: whatever comes in, blocks come out, nothing throws,
 * and nothing in them is HTML or can load anything. What is too deep, too large or too costly to
 * read as Markdown is shown as it was written.
 */

import type { Token } from 'marked';
import type { Block, Inline, ListItem } from '../../wire/blocks';
import { decodeEntities } from './entities';
import { textOf, toInlines, toLines } from './inlines';
import { createLexState, isOwn, lex, type LexState } from './lexer';
import { texOf } from './tex';
import { visible } from './visible';

/** Characters and lines read as Markdown; the rest of a longer text follows as written. */
export const MAX_MARKDOWN = 256 * 1024;
export const MAX_LINES = 10_000;
/** The rest comes in pieces of this size, so that each can be frozen and drawn by itself. */
export const LITERAL_PIECE = 64 * 1024;

/** GFM (no footnotes, no HTML) with math, as blocks. Never throws. */
export function toBlocks(markdown: string): Block[] {
	const src = normalize(markdown);
	const cut = markdownEnd(src);
	const blocks = lexBlocks(src.slice(0, cut), createLexState()).blocks;
	for (let at = cut; at < src.length; at += LITERAL_PIECE)
		blocks.push(literalBlock(src.slice(at, at + LITERAL_PIECE)));
	return blocks;
}

/** One kind of line ending, so that offsets in tokens are offsets in the text. */
export function normalize(markdown: string): string {
	return markdown.includes('\r') ? markdown.replace(/\r\n?/g, '\n') : markdown;
}

/** How much of a text came before a part of it. */
export interface Place {
	readonly chars: number;
	readonly lines: number;
}

/**
 * Where the part that is read as Markdown ends: at the last line break within the limits. `src` may be
 * the end of a text, beginning at a line; `before` says what came before it.
 */
export function markdownEnd(src: string, before: Place = { chars: 0, lines: 0 }): number {
	const most = MAX_MARKDOWN - before.chars;
	let lines = before.lines;
	let end = 0;
	while (lines < MAX_LINES) {
		const at = src.indexOf('\n', end);
		if (at < 0) {
			if (src.length <= most) return src.length;
			break;
		}
		if (at >= most) break;
		end = at + 1;
		lines++;
	}
	// One endless line is cut where it is.
	return lines < MAX_LINES && before.chars + end < MAX_MARKDOWN / 2 ? Math.min(most, src.length) : end;
}

/** A text shown as it was written. */
export function literalBlock(text: string): Block {
	return { k: 'code', lang: '', text: visible(text) };
}

export interface LexedPart {
	readonly tokens: readonly Token[];
	readonly blocks: Block[];
}

/** One part of a text, with what the parts before it defined and used up. Never throws. */
export function lexBlocks(src: string, state: LexState): LexedPart {
	try {
		const tokens = lex(src, state);
		return { tokens, blocks: tokens.flatMap(toBlock) };
	} catch {
		// marked found no way on, or an engine's regular expression or stack limit was met.
		return { tokens: [], blocks: src.trim() === '' ? [] : [literalBlock(src)] };
	}
}

/** At most one block; spaces and link definitions make none. Its depth is bounded by the lexer. */
function toBlock(token: Token): Block[] {
	if (!isOwn(token)) {
		const tex = texOf(token);
		return tex === null ? paragraph(toLines(token.raw)) : [{ k: 'math', tex: visible(tex) }];
	}
	switch (token.type) {
		case 'space':
		case 'def':
		case 'checkbox':
			return [];
		case 'heading':
			return [{ k: 'h', level: level(token.depth), c: toInlines(token.tokens) }];
		case 'code':
			return [{ k: 'code', lang: codeLang(token.lang ?? ''), text: codeText(token.text) }];
		case 'blockquote':
			return [{ k: 'quote', c: token.tokens.flatMap(toBlock) }];
		case 'list': {
			const start = typeof token.start === 'number' ? token.start : 1;
			const items = token.items.map((item): ListItem => {
				const c = item.tokens.flatMap(toBlock);
				return item.task ? { checked: item.checked === true, c } : { c };
			});
			return [{ k: 'list', ordered: token.ordered, start, items }];
		}
		case 'table':
			return [
				{
					k: 'table',
					align: token.align,
					head: token.header.map((cell) => toInlines(cell.tokens)),
					rows: token.rows.map((row) => row.map((cell) => toInlines(cell.tokens)))
				}
			];
		case 'hr':
			return [{ k: 'hr' }];
		case 'html':
			return paragraph(toLines(token.text.replace(/\n+$/, '')));
		case 'paragraph':
			return paragraph(toInlines(token.tokens));
		case 'text':
			return paragraph(token.tokens === undefined ? toLines(token.text) : toInlines(token.tokens));
		default:
			return paragraph(toLines(token.raw));
	}
}

function paragraph(c: Inline[]): Block[] {
	return c.length === 0 || (textOf(c).trim() === '' && c.every((inline) => inline.t === 'text'))
		? []
		: [{ k: 'p', c }];
}

function level(depth: number): 1 | 2 | 3 | 4 | 5 | 6 {
	return depth === 1 || depth === 2 || depth === 3 || depth === 4 || depth === 5 ? depth : 6;
}

/** The first word of a fence's info string: the language, as far as there is one. */
export function codeLang(info: string): string {
	return visible(decodeEntities(info.trim().split(/\s/, 1)[0] ?? '')).slice(0, 40);
}

/** Trailing blank lines show nothing, and come and go while a fence streams. */
export function codeText(text: string): string {
	return visible(text.replace(/\n+$/, ''));
}
