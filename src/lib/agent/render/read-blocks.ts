/**
 * Blocks that somebody else's Wherry made → blocks that may be drawn. Total, and as strict as the lexer: what is
 * no block goes, links and pictures pass the same judges, a link's host is what its address says.
 */

import type { Block, Inline, ListItem } from '../../wire/blocks';
import { isJsonObject, type Json, type JsonObject } from '../../wire/json';
import { isOwnImage, safeLink, shownUrl } from './links';
import { visible } from './visible';

/** Deeper than the lexer ever goes. */
const deepest = 100;
const aligns = ['left', 'right', 'center'] as const;
const levels = [1, 2, 3, 4, 5, 6] as const;

export function readBlocks(value: Json | undefined, depth = 0): Block[] {
	return each(value, depth, readBlock);
}

function readBlock(block: JsonObject, depth: number): Block | undefined {
	switch (block['k']) {
		case 'p':
			return { k: 'p', c: readInlines(block['c'], depth) };
		case 'h':
			return {
				k: 'h',
				level: levels.find((level) => level === block['level']) ?? 6,
				c: readInlines(block['c'], depth)
			};
		case 'code':
			return { k: 'code', lang: text(block['lang']).slice(0, 40), text: text(block['text']) };
		case 'quote':
			return { k: 'quote', c: readBlocks(block['c'], depth) };
		case 'list': {
			const start = typeof block['start'] === 'number' ? block['start'] : 1;
			return {
				k: 'list',
				ordered: block['ordered'] === true,
				start,
				items: each(block['items'], depth, readItem)
			};
		}
		case 'table': {
			const cells = (row: Json | undefined) => list(row).map((cell) => readInlines(cell, depth));
			return {
				k: 'table',
				align: list(block['align']).map((one) => aligns.find((align) => align === one) ?? null),
				head: cells(block['head']),
				rows: list(block['rows']).map(cells)
			};
		}
		case 'hr':
			return { k: 'hr' };
		case 'math':
			return { k: 'math', tex: text(block['tex']) };
		default:
			return undefined;
	}
}

function readItem({ checked, c }: JsonObject, depth: number): ListItem {
	const inside = readBlocks(c, depth);
	return typeof checked === 'boolean' ? { checked, c: inside } : { c: inside };
}

function readInlines(value: Json | undefined, depth: number): Inline[] {
	return each(value, depth, readInline);
}

function readInline(inline: JsonObject, depth: number): Inline | undefined {
	const { t } = inline;
	switch (t) {
		case 'text':
		case 'code':
			return { t, v: text(inline['v']) };
		case 'strong':
		case 'em':
		case 'del':
			return { t, c: readInlines(inline['c'], depth) };
		case 'br':
			return { t: 'br' };
		case 'math':
			return { t: 'math', tex: text(inline['tex']) };
		case 'link': {
			const link = safeLink(text(inline['href']));
			if (link === null) return undefined;
			const title = text(inline['title']);
			return { t: 'link', ...link, ...(title === '' ? {} : { title }), c: readInlines(inline['c'], depth) };
		}
		case 'image': {
			const src = text(inline['src']);
			return isOwnImage(src) ? { t: 'image', src, alt: text(inline['alt']) } : undefined;
		}
		case 'remote-image':
			return { t: 'remote-image', url: shownUrl(text(inline['url'])), alt: text(inline['alt']) };
		default:
			return undefined;
	}
}

function each<T>(
	value: Json | undefined,
	depth: number,
	read: (one: JsonObject, depth: number) => T | undefined
): T[] {
	if (depth > deepest) return [];
	return list(value).flatMap((one) => {
		const made = isJsonObject(one) ? read(one, depth + 1) : undefined;
		return made === undefined ? [] : [made];
	});
}

const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
const text = (value: Json | undefined): string => (typeof value === 'string' ? visible(value) : '');
