/**
 * A page as readable text: title, main text, links as text. Scripts, styles, navigation and
 * what is hidden go; nothing is ever rendered. Loaded only when a page is read.
 */

import { Parser } from 'htmlparser2';

export interface ReadablePage {
	readonly title: string;
	readonly text: string;
	/** `text (address)`, absolute http and https only, at most 40. */
	readonly links: readonly string[];
}

const maximumText = 300_000;
const maximumLinks = 40;
const maximumLinkText = 120;
/** The parser's stack is slow to grow on purpose-built pages; honest ones stay below 100. */
const maximumDepth = 2000;
const pieceLength = 16_384;
/** A main part shorter than this is probably not the text. */
const leastMain = 200;

const dropped = new Set(
	'script style noscript template svg math iframe object embed canvas audio video nav footer aside form button select textarea dialog menu'.split(
		' '
	)
);
const droppedRoles = new Set([
	'navigation',
	'banner',
	'contentinfo',
	'search',
	'complementary',
	'dialog',
	'menu'
]);
const blocks = new Set(
	'address article blockquote body center dd details div dl dt fieldset figcaption figure h1 h2 h3 h4 h5 h6 header hr html li main ol p pre section summary table tbody tfoot thead tr ul'.split(
		' '
	)
);
const spaced = new Set('article blockquote figure h1 h2 h3 h4 h5 h6 ol p pre section table ul'.split(' '));

interface Open {
	readonly isDropped: boolean;
	readonly isMain: boolean;
	readonly isPre: boolean;
}

/** @param isCancelled asked between pieces: true ends the work with what there is. */
export function extractPage(
	html: string,
	address: string,
	isCancelled: () => boolean = () => false
): ReadablePage {
	const all = createWriter();
	const main = createWriter();
	const stack: Open[] = [];
	const links = new Map<string, string>();
	let title = '';
	let heading = '';
	let isTitle = false;
	let isHeading = false;
	let link: { readonly href: string; text: string } | undefined;

	const top = (): Open => stack.at(-1) ?? { isDropped: false, isMain: false, isPre: false };
	const each = (act: (writer: Writer) => void): void => {
		act(all);
		if (top().isMain) act(main);
	};

	const parser = new Parser({
		onopentag(name, attributes) {
			const outer = top();
			const isMain = outer.isMain || name === 'main' || name === 'article' || attributes['role'] === 'main';
			const isDropped = outer.isDropped || isHidden(name, attributes) || (name === 'header' && !isMain);
			stack.push({ isDropped, isMain, isPre: outer.isPre || name === 'pre' });
			isTitle = name === 'title' && title === '';
			if (isDropped) return;
			isHeading ||= name === 'h1' && heading === '';
			if (blocks.has(name)) each((writer) => writer.newLine(spaced.has(name)));
			if (/^h[1-6]$/.test(name)) each((writer) => writer.mark(`${'#'.repeat(Number(name.slice(1)))} `));
			if (name === 'li') each((writer) => writer.mark('- '));
			if (name === 'td' || name === 'th') each((writer) => writer.cell());
			if (name === 'br') each((writer) => writer.newLine(false));
			if (name === 'a' && links.size < maximumLinks) link = { href: attributes['href'] ?? '', text: '' };
		},
		ontext(text) {
			if (isTitle) title += text;
			if (top().isDropped || isTitle) return;
			if (isHeading) heading += text;
			if (link !== undefined) link.text += text;
			const shown = visible(text);
			each((writer) => writer.write(shown, top().isPre));
		},
		onclosetag(name) {
			if (name === 'title') isTitle = false;
			if (name === 'h1') isHeading = false;
			if (name === 'a' && link !== undefined) {
				const target = URL.parse(link.href, address);
				const text = oneLine(link.text).slice(0, maximumLinkText);
				if (text !== '' && target !== null && /^https?:$/.test(target.protocol) && !links.has(target.href))
					links.set(target.href, text);
				link = undefined;
			}
			if (!top().isDropped && blocks.has(name)) each((writer) => writer.newLine(spaced.has(name)));
			stack.pop();
		}
	});
	for (let at = 0; at < html.length; at += pieceLength) {
		if (isCancelled() || stack.length > maximumDepth || all.length() > maximumText) break;
		parser.write(html.slice(at, at + pieceLength));
	}
	parser.end();
	const text = main.length() >= leastMain ? main.text() : all.text();
	return {
		title: oneLine(title) || oneLine(heading),
		text: text.slice(0, maximumText),
		links: [...links].map(([href, label]) => `${label} (${href})`)
	};
}

function isHidden(name: string, attributes: Readonly<Record<string, string>>): boolean {
	if (dropped.has(name) || droppedRoles.has(attributes['role'] ?? '')) return true;
	if (attributes['hidden'] !== undefined || attributes['aria-hidden'] === 'true') return true;
	return /display\s{0,5}:\s{0,5}none|visibility\s{0,5}:\s{0,5}hidden|font-size\s{0,5}:\s{0,5}0(?![.\d])/i.test(
		attributes['style'] ?? ''
	);
}

/** Without characters that a reader cannot see but a model reads: tags, zero-width, direction overrides. */
export function visible(text: string): string {
	return text.replaceAll(/[\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/gu, '');
}

export function oneLine(text: string): string {
	return visible(text).replaceAll(/\s+/g, ' ').trim().slice(0, 300);
}

interface Writer {
	write(text: string, isPre: boolean): void;
	newLine(isSpaced: boolean): void;
	/** Text at the start of the line that is about to begin. */
	mark(text: string): void;
	cell(): void;
	length(): number;
	text(): string;
}

/** Collapses white space as a browser would, and keeps the blocks apart. */
function createWriter(): Writer {
	const pieces: string[] = [];
	let size = 0;
	let gap = '';
	let mark = '';
	let isLineEmpty = true;

	function push(text: string): void {
		if (text === '') return;
		const before = size === 0 ? '' : gap;
		pieces.push(before, mark, text);
		size += before.length + mark.length + text.length;
		gap = '';
		mark = '';
		isLineEmpty = false;
	}

	return {
		write(text, isPre) {
			if (isPre) return push(text);
			const words = text.replaceAll(/\s+/g, ' ');
			if (words.startsWith(' ') && gap === '' && !isLineEmpty) gap = ' ';
			push(words.trim());
			if (words.endsWith(' ') && words !== ' ' && gap === '') gap = ' ';
		},
		newLine(isSpaced) {
			gap = isSpaced || gap === '\n\n' ? '\n\n' : '\n';
			mark = '';
			isLineEmpty = true;
		},
		mark(text) {
			mark = text;
		},
		cell() {
			if (!isLineEmpty) gap = ' | ';
		},
		length: () => size,
		text: () => pieces.join('')
	};
}
