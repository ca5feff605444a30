/**
 * Where rows of unequal height stand in the feed, measured where they have been drawn and
 * estimated where not. Pure arithmetic for the windowed transcript.
 */

import type { Row } from './rows';

export interface Layout {
	/** `tops[i]` is the top of row i in pixels; one more than rows, the last being the height of all. */
	readonly tops: Float64Array;
}

const itemEstimate = { you: 110, wherry: 240, call: 46, summary: 120, note: 60 } as const;

/** What an item of a gap is taken for. */
export const gapItem = 150;

export function estimate(row: Row): number {
	if (row.kind === 'gap') return (row.last - row.ord + 1) * gapItem;
	return row.kind === 'fold' ? 46 : itemEstimate[row.item.type];
}

export function layoutOf(rows: readonly Row[], heights: ReadonlyMap<string, number>): Layout {
	const tops = new Float64Array(rows.length + 1);
	let top = 0;
	rows.forEach((row, index) => {
		tops[index] = top;
		// A gap's key survives while it shrinks: its height is never remembered.
		top += (row.kind === 'gap' ? undefined : heights.get(row.key)) ?? estimate(row);
	});
	tops[rows.length] = top;
	return { tops };
}

/** The rows [start, end) that touch the pixels [top, bottom). */
export function rowsWithin({ tops }: Layout, top: number, bottom: number): { start: number; end: number } {
	const count = tops.length - 1;
	if (count <= 0) return { start: 0, end: 0 };
	const start = Math.min(count - 1, Math.max(0, lastAtOrBefore(tops, top)));
	const end = Math.min(count, Math.max(start + 1, lastAtOrBefore(tops, bottom - 1) + 1));
	return { start, end };
}

/** Index of the last top that is ≤ y; -1 if none. */
function lastAtOrBefore(tops: Float64Array, y: number): number {
	let low = 0;
	let high = tops.length - 1;
	while (low <= high) {
		const middle = (low + high) >> 1;
		if ((tops[middle] ?? 0) <= y) low = middle + 1;
		else high = middle - 1;
	}
	return high;
}

export interface Place {
	readonly ord: number;
	/** Pixels below the top of that item. */
	readonly within: number;
}

/** Which item stands at y, also inside a gap, where items count as equally tall. */
export function placeAt(rows: readonly Row[], layout: Layout, y: number): Place | undefined {
	const index = rowsWithin(layout, y, y + 1).start;
	const row = rows[index];
	if (row === undefined) return undefined;
	const top = layout.tops[index] ?? 0;
	const each = ((layout.tops[index + 1] ?? top) - top) / (row.last - row.ord + 1);
	const skipped = row.kind === 'gap' && each > 0 ? Math.max(0, Math.floor((y - top) / each)) : 0;
	const ord = Math.min(row.last, row.ord + skipped);
	return { ord, within: y - top - (ord - row.ord) * (row.kind === 'gap' ? each : 0) };
}

/** Where that item stands now; undefined where no row holds it. */
export function yOf(rows: readonly Row[], layout: Layout, { ord, within }: Place): number | undefined {
	const index = rows.findIndex((row) => row.ord <= ord && row.last >= ord);
	const row = rows[index];
	if (row === undefined) return undefined;
	const top = layout.tops[index] ?? 0;
	if (row.kind !== 'gap') return top + within;
	const each = ((layout.tops[index + 1] ?? top) - top) / (row.last - row.ord + 1);
	return top + (ord - row.ord) * each + within;
}
