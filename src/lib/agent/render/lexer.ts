/**
 * marked's lexer, bounded: nesting deeper than 32, runs and regions whose worst case would take too
 * long, and tables of absurd size become plain text instead of time. Budgets count characters, not
 * milliseconds, so that the same text always gives the same tokens. Makes tokens only, never HTML.
 */

import {
	Lexer,
	Tokenizer,
	getDefaults,
	type Links,
	type MarkedToken,
	type Token,
	type Tokens,
	type TokensList
} from 'marked';
import { mathExtensions, mayHoldMath, paragraphOf } from './tex';

const MAX_DEPTH = 32;
/** Characters of nested blocks: each level is read again. */
const NESTED_WORK = 1_000_000;
/** Blocks × the length of the paragraph-like region (no blank line) they begin in: marked looks ahead to its end. */
const REGION_WORK = 16_000_000;
/** Marks × the length of the run they stand in: marked looks ahead to its end at each. */
const INLINE_WORK = 24_000_000;
const MAX_CELLS = 40_000;
const MARKS = /[[\]*_`<~$\\@&!]/g;

/** What a text has used up, and the link definitions it has made; a stream carries it from part to part. */
export interface LexState {
	readonly links: Links;
	nestedWork: number;
	regionWork: number;
	inlineWork: number;
}

export function createLexState(): LexState {
	return { links: emptyLinks(), nestedWork: 0, regionWork: 0, inlineWork: 0 };
}

/** A copy that can be used up without changing the original. */
export function copyLexState(state: LexState): LexState {
	return { ...state, links: Object.assign(emptyLinks(), state.links) };
}

function emptyLinks(): Links {
	const links: Links = Object.create(null);
	return links;
}

/** May throw where marked does; the caller shows the text as written then. */
export function lex(src: string, state: LexState): Token[] {
	const lexer = new BoundedLexer(src, state);
	return lexer.lex(src);
}

const OWN_TYPES = new Set<string>([
	...[
		'blockquote',
		'br',
		'checkbox',
		'code',
		'codespan',
		'def',
		'del',
		'em',
		'escape',
		'heading',
		'hr',
		'html'
	],
	...['image', 'link', 'list', 'list_item', 'paragraph', 'space', 'strong', 'table', 'text']
]);

/** True for marked's own tokens; the others are an extension's, and of `Token`'s open member. */
export function isOwn(token: Token): token is MarkedToken {
	return OWN_TYPES.has(token.type);
}

class BoundedTokenizer extends Tokenizer {
	/** True between a call of `blockquote` or `list` and the blocks inside: a call then is a second reading. */
	isReading = false;
	private readonly used: LexState;

	constructor(used: LexState) {
		super();
		this.used = used;
	}

	/**
	 * marked reads a quote again with what may continue it, once per level and line; there is no way
	 * to refuse such a call, so past the budget the whole text is given up.
	 */
	override blockquote(src: string): Tokens.Blockquote | undefined {
		return this.again(src, () => super.blockquote(src));
	}

	override list(src: string): Tokens.List | undefined {
		return this.again(src, () => super.list(src));
	}

	private again<T>(src: string, read: () => T): T {
		if (this.isReading) {
			this.used.nestedWork += src.length;
			if (this.used.nestedWork > 2 * NESTED_WORK) throw new Error('This text takes too long to read.');
		}
		const wasReading = this.isReading;
		this.isReading = true;
		try {
			return read();
		} finally {
			this.isReading = wasReading;
		}
	}

	/** A title ends with its paragraph (CommonMark 4.7); marked lets `"…"` run over blank lines. */
	override def(src: string): Tokens.Def | undefined {
		return /^ {0,3}\[/.test(src) ? super.def(paragraphOf(src)) : undefined;
	}

	/** A tag is text here: an `<a>` or `<pre>` that opens must not change how what follows is read. */
	override tag(src: string): Tokens.Tag | undefined {
		const { inLink, inRawBlock } = this.lexer.state;
		const token = super.tag(src);
		this.lexer.state.inLink = inLink;
		this.lexer.state.inRawBlock = inRawBlock;
		return token;
	}

	override table(src: string): Tokens.Table | undefined {
		const head = /^[^\n]*\n {0,3}([-:| ]+)(?:\n|$)/.exec(src);
		if (head?.[1] === undefined) return undefined;
		const columns = head[1].split('|').length;
		const lines = paragraphOf(src).split('\n').length;
		return columns * lines > MAX_CELLS ? undefined : super.table(src);
	}
}

class BoundedLexer extends Lexer {
	private readonly used: LexState;
	private readonly reader: BoundedTokenizer;
	private depth = 0;

	constructor(src: string, state: LexState) {
		const reader = new BoundedTokenizer(state);
		super({
			...getDefaults(),
			gfm: true,
			tokenizer: reader,
			extensions: { renderers: {}, childTokens: {}, ...withGuard(state, mayHoldMath(src)) }
		});
		this.used = state;
		this.reader = reader;
		this.tokens.links = state.links;
	}

	override blockTokens(src: string, tokens?: Token[], lastParagraphClipped?: boolean): Token[];
	override blockTokens(src: string, tokens?: TokensList, lastParagraphClipped?: boolean): TokensList;
	override blockTokens(src: string, tokens: Token[] = [], lastParagraphClipped = false): Token[] {
		if (this.depth > 0) this.used.nestedWork += src.length + 60;
		if (this.depth > MAX_DEPTH || this.used.nestedWork > NESTED_WORK) {
			if (src !== '') tokens.push(literal(src));
			return tokens;
		}
		const wasReading = this.reader.isReading;
		this.reader.isReading = false;
		this.depth++;
		try {
			return super.blockTokens(src, tokens, lastParagraphClipped);
		} finally {
			this.depth--;
			this.reader.isReading = wasReading;
		}
	}

	override inlineTokens(src: string, tokens: Token[] = []): Token[] {
		const cost = src.length * (1 + (src.match(MARKS)?.length ?? 0));
		this.used.inlineWork += cost;
		if (this.depth > MAX_DEPTH || this.used.inlineWork > INLINE_WORK) {
			// The run is refused, not the rest of the text.
			this.used.inlineWork -= cost;
			tokens.push({ type: 'escape', raw: src, text: src });
			return tokens;
		}
		this.depth++;
		try {
			return super.inlineTokens(src, tokens);
		} finally {
			this.depth--;
		}
	}
}

/** marked asks an extension before each block: the one place to see what the next one may cost. */
function withGuard(used: LexState, hasMath: boolean) {
	let last: readonly Token[] | null = null;
	/** What is left of the source after the region, while `last` is being filled. */
	let after = 0;

	function guard(src: string, tokens: Token[]): Tokens.Code | undefined {
		if (tokens !== last || src.length <= after) {
			last = tokens;
			after = src.length - paragraphOf(src).length;
		}
		used.regionWork += src.length - after + 300;
		return used.regionWork > REGION_WORK ? { type: 'code', raw: src, text: src } : undefined;
	}

	return hasMath ? { ...mathExtensions, block: [guard, ...mathExtensions.block] } : { block: [guard] };
}

function literal(src: string): Tokens.Text {
	return { type: 'text', raw: src, text: src, tokens: [{ type: 'escape', raw: src, text: src }] };
}
