/**
 * A text that is still being written, as blocks: those that nothing to come can change are frozen,
 * given out once and forgotten; only the open tail is read again at each push.
 *
 * At every point `all frozen + tail` equals `toBlocks(text so far)`, with two exceptions: a reference
 * definition that comes after the paragraph that uses it (settled text is read whole, so it mends
 * itself), and a tail over 8 kB, which is read again only after it grew by 1/128. At `end()` the
 * second is gone.
 */

import type { Token } from 'marked';
import type { Block } from '../../wire/blocks';
import { openFence, type OpenFence } from './fence';
import { copyLexState, createLexState } from './lexer';
import { LITERAL_PIECE, MAX_LINES, MAX_MARKDOWN, lexBlocks, literalBlock, markdownEnd } from './markdown';

export interface BlockUpdate {
	/** Blocks that became final with this push, in order; they follow all frozen before. */
	readonly frozen: Block[];
	/** What follows the frozen blocks for now; replaces the tail before. */
	readonly tail: Block[];
}

export interface BlockStream {
	/** Adds text. Cost: the open tail is read again, so join deltas of one frame before. Never throws. */
	push(delta: string): BlockUpdate;
	/** Nothing more will come: everything freezes. */
	end(): BlockUpdate;
}

/** From here on a tail is read again only after it grew by a 128th. */
const LONG_TAIL = 8192;

export function createBlockStream(): BlockStream {
	/** As of the last freeze: definitions and budgets of all that is frozen. */
	const state = createLexState();
	/** Text after the last frozen block, what came before it, and how much of it was read. */
	let open = '';
	let before = { chars: 0, lines: 0 };
	let openLines = 0;
	let readTo = 0;
	let tail: Block[] = [];
	let fence: OpenFence | null = null;
	/** Past the limit everything is literal. */
	let isLiteral = false;
	let isAfterReturn = false;

	function normalized(delta: string): string {
		const text = (isAfterReturn && delta.startsWith('\n') ? delta.slice(1) : delta).replace(/\r\n?/g, '\n');
		if (delta !== '') isAfterReturn = delta.endsWith('\r');
		return text;
	}

	function freezeTo(end: number): Block[] {
		const part = open.slice(0, end);
		const { blocks } = lexBlocks(part, state);
		open = open.slice(end);
		const lines = part.split('\n').length - 1;
		before = { chars: before.chars + end, lines: before.lines + lines };
		openLines -= lines;
		return blocks;
	}

	function readLiteral(): BlockUpdate {
		const frozen: Block[] = [];
		while (open.length > LITERAL_PIECE) {
			frozen.push(literalBlock(open.slice(0, LITERAL_PIECE)));
			open = open.slice(LITERAL_PIECE);
		}
		tail = open === '' ? [] : [literalBlock(open)];
		return { frozen, tail };
	}

	function read(): BlockUpdate {
		const { tokens, blocks } = lexBlocks(open, copyLexState(state));
		readTo = open.length;
		const end = lastBoundary(open, tokens);
		const frozen = end === 0 ? [] : freezeTo(end);
		if (end === 0) {
			tail = blocks;
		} else {
			readTo = open.length;
			tail = lexBlocks(open, copyLexState(state)).blocks;
		}
		fence = openFence(open);
		return { frozen, tail };
	}

	return {
		push(delta) {
			const text = normalized(delta);
			if (text === '') return { frozen: [], tail };
			open += text;
			if (isLiteral) return readLiteral();
			openLines += text.split('\n').length - 1;
			if (before.chars + open.length > MAX_MARKDOWN || before.lines + openLines > MAX_LINES) {
				isLiteral = true;
				fence = null;
				const last = freezeTo(markdownEnd(open, before));
				const { frozen } = readLiteral();
				return { frozen: [...last, ...frozen], tail };
			}
			if (fence !== null) {
				const block = fence.push(text);
				if (block !== null) {
					tail = [block];
					return { frozen: [], tail };
				}
				fence = null;
			} else if (open.length > LONG_TAIL && open.length - readTo < open.length / 128) {
				return { frozen: [], tail };
			}
			return read();
		},

		end() {
			const frozen = isLiteral ? readLiteral().tail : freezeTo(open.length);
			open = '';
			tail = [];
			fence = null;
			return { frozen, tail: [] };
		}
	};
}

/**
 * The last offset before which nothing can change any more; 0 where there is none. A block is final
 * once another one follows it, whose first line is complete, after a blank line or where one of the
 * two marks its own border (heading, rule, fence, formula).
 */
function lastBoundary(src: string, tokens: readonly Token[]): number {
	let boundary = 0;
	let at = 0;
	let before: Token | null = null;
	let isBlankBetween = false;
	for (const token of tokens) {
		// Where marked rewrote what it read (tabs), offsets end.
		if (!src.startsWith(token.raw, at)) return boundary;
		if (token.type === 'space') {
			isBlankBetween = true;
		} else {
			const isLineComplete = src.includes('\n', at);
			if (before !== null && isLineComplete && (isBlankBetween || isBorder(before, token))) boundary = at;
			before = token;
			isBlankBetween = /\n[ \t]*\n$/.test(token.raw);
		}
		at += token.raw.length;
	}
	return boundary;
}

function isBorder(before: Token, token: Token): boolean {
	if (marksItself(before)) return true;
	// A definition's title, or a formula, may still swallow what follows it.
	if (before.type === 'def' || /^ {0,3}\[|\$\$|\\\[/.test(before.raw)) return false;
	return before.type !== 'html' && marksItself(token);
}

function marksItself(token: Token): boolean {
	switch (token.type) {
		case 'heading':
			return /^ {0,3}#/.test(token.raw);
		case 'code':
			return /^ {0,3}(?:```|~~~)/.test(token.raw);
		case 'hr':
		case 'math':
			return true;
		default:
			return false;
	}
}
