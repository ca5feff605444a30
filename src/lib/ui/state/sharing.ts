/**
 * Blocks that say the same as before stay the same objects. The open tail of an answer comes anew with
 * each patch, and drawing compares by identity: without this a list of five items is drawn again for
 * each word of its last one.
 */

import type { Block, Inline, ListItem } from '../../wire/blocks';

/** `next`, with each element that equals the one at its place in `before` being that one. */
export function sharing(before: readonly Block[], next: readonly Block[]): readonly Block[] {
	return list(before, next, block);
}

function list<T>(
	before: readonly T[] | undefined,
	next: readonly T[],
	one: (before: T, next: T) => T
): readonly T[] {
	if (before === undefined) return next;
	let isSame = before.length === next.length;
	const shared = next.map((now, at) => {
		const then = before[at];
		const kept = then === undefined ? now : one(then, now);
		if (kept !== then) isSame = false;
		return kept;
	});
	return isSame ? before : shared;
}

function block(before: Block, next: Block): Block {
	switch (next.k) {
		case 'p':
			return before.k === 'p' ? withContent(before, next, inline) : next;
		case 'h':
			return before.k === 'h' && before.level === next.level ? withContent(before, next, inline) : next;
		case 'quote':
			return before.k === 'quote' ? withContent(before, next, block) : next;
		case 'code':
			return before.k === 'code' && before.lang === next.lang && before.text === next.text ? before : next;
		case 'math':
			return before.k === 'math' && before.tex === next.tex ? before : next;
		case 'hr':
			return before.k === 'hr' ? before : next;
		case 'list': {
			if (before.k !== 'list' || before.ordered !== next.ordered || before.start !== next.start) return next;
			const items = list(before.items, next.items, item);
			return items === before.items ? before : { ...next, items };
		}
		case 'table': {
			if (before.k !== 'table' || before.align.join() !== next.align.join()) return next;
			const head = list(before.head, next.head, cell);
			const rows = list(before.rows, next.rows, row);
			return head === before.head && rows === before.rows ? before : { ...next, head, rows };
		}
	}
}

function item(before: ListItem, next: ListItem): ListItem {
	return before.checked === next.checked ? withContent(before, next, block) : next;
}

function row(before: readonly (readonly Inline[])[], next: readonly (readonly Inline[])[]) {
	return list(before, next, cell);
}

function cell(before: readonly Inline[], next: readonly Inline[]) {
	return list(before, next, inline);
}

function inline(before: Inline, next: Inline): Inline {
	switch (next.t) {
		case 'text':
		case 'code':
			return before.t === next.t && before.v === next.v ? before : next;
		case 'strong':
		case 'em':
		case 'del':
			return before.t === next.t ? withContent(before, next, inline) : next;
		case 'br':
			return before.t === 'br' ? before : next;
		case 'link':
			return before.t === 'link' && before.href === next.href && before.title === next.title
				? withContent(before, next, inline)
				: next;
		case 'math':
			return before.t === 'math' && before.tex === next.tex ? before : next;
		case 'image':
			return before.t === 'image' && before.src === next.src && before.alt === next.alt ? before : next;
		case 'remote-image':
			return before.t === 'remote-image' && before.url === next.url && before.alt === next.alt
				? before
				: next;
	}
}

function withContent<C, T extends { readonly c: readonly C[] }>(
	before: T,
	next: T,
	one: (before: C, next: C) => C
): T {
	const c = list(before.c, next.c, one);
	return c === before.c ? before : { ...next, c };
}
