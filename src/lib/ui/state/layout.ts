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

export function estimate(row: Row): number {
	if (row.kind === 'gap') return (row.last - row.ord + 1) * 150;
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
