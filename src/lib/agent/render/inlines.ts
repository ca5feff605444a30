/**
 * Inline tokens to data: text decoded and made visible, links and pictures judged, HTML left as the
 * characters it was written in. Depth is bounded by the lexer.
 */

import type { Token } from 'marked';
import type { Inline } from '../../wire/blocks';
import { decodeEntities } from './entities';
import { isOwn } from './lexer';
import { isOwnImage, safeLink, shownUrl } from './links';
import { texOf } from './tex';
import { visible } from './visible';

export function toInlines(tokens: readonly Token[] | undefined): Inline[] {
	const out: Inline[] = [];
	for (const token of tokens ?? []) push(out, token);
	return out.map(shown);
}

/** Lines of literal text, broken where they were broken. */
export function toLines(text: string): Inline[] {
	const out: Inline[] = [];
	for (const line of text.split('\n')) {
		if (out.length > 0) out.push({ t: 'br' });
		addText(out, line);
	}
	return out.map(shown);
}

/** Only once the pieces are joined: a hidden run may lie across a border of theirs. */
function shown(inline: Inline): Inline {
	return inline.t === 'text' ? { t: 'text', v: visible(inline.v) } : inline;
}

/** The words of it, without any markup. */
export function textOf(inlines: readonly Inline[]): string {
	return inlines.map(textOfOne).join('');
}

function textOfOne(inline: Inline): string {
	switch (inline.t) {
		case 'text':
		case 'code':
			return inline.v;
		case 'br':
			return '\n';
		case 'image':
		case 'remote-image':
			return inline.alt;
		case 'math':
			return inline.tex;
		default:
			return textOf(inline.c);
	}
}

function push(out: Inline[], token: Token): void {
	if (!isOwn(token)) {
		const tex = texOf(token);
		if (tex === null) addText(out, token.raw);
		else out.push({ t: 'math', tex: visible(tex) });
		return;
	}
	switch (token.type) {
		case 'escape':
			return addText(out, token.text);
		case 'text':
			if (token.tokens !== undefined && token.tokens.length > 0) out.push(...toInlines(token.tokens));
			else addText(out, decodeEntities(token.text));
			return;
		case 'codespan':
			out.push({ t: 'code', v: visible(token.text) });
			return;
		case 'strong':
		case 'em':
		case 'del':
			out.push({ t: token.type, c: toInlines(token.tokens) });
			return;
		case 'br':
			out.push({ t: 'br' });
			return;
		case 'html':
			// A bare `<br>` is a line break: models use it in table cells, and it can carry nothing.
			if (/^<br ?\/?>$/i.test(token.text)) out.push({ t: 'br' });
			else addText(out, token.text);
			return;
		case 'link':
			return addLink(out, token);
		case 'image':
			return addImage(out, token);
		case 'checkbox':
			return;
		default:
			return addText(out, token.raw);
	}
}

function addText(out: Inline[], text: string): void {
	if (text === '') return;
	const last = out.at(-1);
	if (last?.t === 'text') out[out.length - 1] = { t: 'text', v: last.v + text };
	else out.push({ t: 'text', v: text });
}

interface LinkToken {
	readonly href: string;
	readonly title?: string | null;
	readonly tokens: readonly Token[];
	readonly autolink?: boolean;
}

function addLink(out: Inline[], token: LinkToken): void {
	const target = token.autolink === true ? token.href : decodeEntities(token.href);
	const children = token.autolink === true ? autolinkText(token.tokens) : toInlines(token.tokens);
	const link = safeLink(target);
	if (link === null) {
		for (const child of children) {
			if (child.t === 'text') addText(out, child.v);
			else out.push(child);
		}
		const shown = shownUrl(target);
		if (shown !== '' && textOf(children) !== shown)
			addText(out, children.length === 0 ? shown : ` (${shown})`);
		return;
	}
	// A picture elsewhere has a button of its own, and a button in a link would be both.
	const elsewhere = children.filter((child) => child.t === 'remote-image');
	const inside = children.filter((child) => child.t !== 'remote-image');
	const c: Inline[] =
		textOf(inside) === '' && !inside.some(isPicture)
			? [{ t: 'text', v: textOf(elsewhere) || shownUrl(target) }]
			: inside;
	const title = visible(decodeEntities(token.title ?? ''));
	out.push({ t: 'link', ...link, ...(title === '' ? {} : { title }), c }, ...elsewhere);
}

function isPicture(inline: Inline): boolean {
	return inline.t === 'image';
}

function autolinkText(tokens: readonly Token[]): Inline[] {
	const out: Inline[] = [];
	for (const token of tokens) addText(out, token.raw);
	return out.map(shown);
}

function addImage(out: Inline[], token: LinkToken): void {
	const src = decodeEntities(token.href);
	const alt = textOf(toInlines(token.tokens));
	if (isOwnImage(src)) out.push({ t: 'image', src, alt });
	else out.push({ t: 'remote-image', url: shownUrl(src), alt });
}
