/**
 * Math in Markdown, as extensions of the lexer: `$…$`, `$$…$$`, `\(…\)` inside a line; `$$…$$` and
 * `\[…\]` as blocks of their own. Prices (`$5 and $10`), shell variables and escaped brackets are no
 * math. No blank line inside: TeX forbids it, and a stream can then freeze at one.
 */

import type { Token, Tokens } from 'marked';

export interface MathToken extends Tokens.Generic {
	readonly type: 'math';
	readonly raw: string;
	readonly tex: string;
}

/** The formula of a token that is one. */
export function texOf(token: Token): string | null {
	const tex: unknown = token.type === 'math' && 'tex' in token ? token.tex : null;
	return typeof tex === 'string' ? tex : null;
}

const BLOCK =
	/^ {0,3}(?:\$\$((?:[^$\\\n]|\\.|\$(?!\$)|\\?\n(?![ \t]*\n))+?)\$\$|\\\[((?:[^\\\n]|\\[^\]\n]|\\?\n(?![ \t]*\n))+?)\\\])[ \t]*(?:\n+|$)/;
const PARENS = /^\\\(((?:[^\\\n]|\\[^)\n]|\n(?![ \t]*\n))+?)\\\)/;
const DOUBLE = /^\$\$((?:[^$\\\n]|\\.)+?)\$\$(?!\$)/;
const SINGLE = /^\$(?![\s$])((?:[^$\\\n]|\\.)+?)\$(?![\w$])/;
/** A formula has an operator, a command, a script or is a single short word: escaped prose has none. */
const LOOKS_LIKE_TEX = /[\\^_=+<>{}|]|^\s*[\w']{1,3}\s*$|[a-z0-9]\s*[-*/]\s*[a-z0-9(]|\d!|\w\(\w/i;
/** Money, then words: `$5, or 10$`. */
const LOOKS_LIKE_MONEY = /^\d[\d.,]*(?:[kKmMbB]\b|\s*[,;:]|\s+[a-zA-Z]{2,})/;

export const mathExtensions = {
	block: [(src: string): MathToken | undefined => blockMath(src)],
	startBlock: [blockMathStart],
	inline: [(src: string, tokens: Token[]): MathToken | undefined => inlineMath(src, tokens)],
	startInline: [(src: string): number => src.indexOf('$')]
};

/** False where no math can be, so that texts without it pay nothing. */
export function mayHoldMath(src: string): boolean {
	return src.includes('$') || src.includes('\\(') || src.includes('\\[');
}

function blockMath(src: string): MathToken | undefined {
	const first = /^ {0,3}(?:\$\$|\\\[)/.exec(src);
	if (first === null) return undefined;
	const cap = BLOCK.exec(paragraphOf(src));
	if (cap === null) return undefined;
	const tex = (cap[1] ?? cap[2] ?? '').trim();
	if (tex === '' || (cap[2] !== undefined && !LOOKS_LIKE_TEX.test(tex))) return undefined;
	return { type: 'math', raw: cap[0], tex };
}

/** Where the next display formula of this paragraph begins; the scan never leaves the paragraph. */
function blockMathStart(src: string): number | undefined {
	const at = paragraphOf(src).search(/\n {0,3}(?:\$\$|\\\[)/);
	return at < 0 ? undefined : at + 1;
}

/** The text up to its first blank line. */
export function paragraphOf(src: string): string {
	const end = src.search(/\n[ \t]*\n/);
	return end < 0 ? src : src.slice(0, end + 1);
}

function inlineMath(src: string, tokens: readonly Token[]): MathToken | undefined {
	const first = src.charCodeAt(0);
	if (first === 92) {
		const cap = PARENS.exec(src);
		const tex = cap?.[1]?.trim() ?? '';
		if (cap === null || tex === '' || !LOOKS_LIKE_TEX.test(tex)) return undefined;
		return { type: 'math', raw: cap[0], tex };
	}
	if (first !== 36) return undefined;
	const before = tokens.at(-1)?.raw.at(-1) ?? '';
	if (/[\w$]/.test(before)) return undefined;
	const double = DOUBLE.exec(src);
	if (double?.[1] !== undefined && double[1].trim() !== '') {
		return { type: 'math', raw: double[0], tex: double[1].trim() };
	}
	const cap = SINGLE.exec(src);
	const tex = cap?.[1] ?? '';
	if (cap === null || /\s$/.test(tex) || LOOKS_LIKE_MONEY.test(tex)) return undefined;
	return { type: 'math', raw: cap[0], tex };
}
