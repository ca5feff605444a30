import { describe, expect, it } from 'vitest';
import type { CallState, FeedItem } from '../../wire/view';
import { applyPatch, emptyView } from './fold';
import { layoutOf, placeAt, rowsWithin, yOf } from './layout';
import { namesOf, rowsOf } from './rows';

const call = (ord: number, action = 'clock', state: CallState = 'ok'): FeedItem => ({
	type: 'call',
	key: `c${ord}`,
	entryId: `e${ord}`,
	ord,
	at: 0,
	call: {
		callId: `c${ord}`,
		action,
		title: action,
		gist: '',
		state,
		argsText: '',
		outputText: '',
		isCut: false,
		effects: [],
		reasons: [],
		sources: []
	}
});
const you = (ord: number): FeedItem => ({
	type: 'you',
	key: `y${ord}`,
	entryId: `e${ord}`,
	ord,
	at: 0,
	text: '',
	files: []
});
const viewOf = (items: readonly FeedItem[], total = items.length) =>
	applyPatch({ ...emptyView, sessionId: 's' }, { op: 'items', from: 0, total, items });
const kinds = (items: readonly FeedItem[], open: ReadonlySet<string> = new Set()) =>
	rowsOf(viewOf(items), open).map((row) => row.kind);
const calls = (count: number, from = 0) => Array.from({ length: count }, (_, index) => call(from + index));

describe('rows of the feed', () => {
	it('leaves nine calls as they are', () => {
		expect(kinds(calls(9))).toEqual(Array.from({ length: 9 }, () => 'item'));
	});

	it('folds ten calls into one row that names them', () => {
		const rows = rowsOf(viewOf([...calls(9), call(9, 'memory_save')]), new Set());
		expect(rows).toHaveLength(1);
		expect(rows[0]?.kind === 'fold' ? namesOf(rows[0].calls) : '').toBe('clock × 9, memory_save');
	});

	it('shows the calls of a fold that was opened', () => {
		expect(kinds(calls(10), new Set(['fold:c0']))).toHaveLength(11);
	});

	it('never folds away a call that waits for a person', () => {
		const rows = rowsOf(viewOf([...calls(10), call(10, 'mail', 'held'), ...calls(10, 11)]), new Set());
		expect(rows.map((row) => row.kind)).toEqual(['fold', 'item', 'fold']);
	});

	it('puts a gap where items are not held', () => {
		const view = applyPatch(
			{ ...emptyView, sessionId: 's' },
			{ op: 'items', from: 90, total: 100, items: [you(90), you(91)] }
		);
		expect(rowsOf(view, new Set()).map((row) => [row.kind, row.ord, row.last])).toEqual([
			['gap', 0, 89],
			['item', 90, 90],
			['item', 91, 91],
			['gap', 92, 99]
		]);
	});

	it('draws two items of one key once', () => {
		expect(kinds([you(0), { ...you(1), key: 'y0' }])).toEqual(['item']);
	});
});

describe('the layout of rows', () => {
	const rows = rowsOf(viewOf([you(0), you(1), you(2), you(3)]), new Set());
	const heights = new Map([
		['y0', 100],
		['y1', 50],
		['y2', 200],
		['y3', 10]
	]);
	const layout = layoutOf(rows, heights);

	it('stacks measured heights', () => {
		expect([...layout.tops]).toEqual([0, 100, 150, 350, 360]);
	});

	it('finds the rows on a screen', () => {
		expect(rowsWithin(layout, 0, 100)).toEqual({ start: 0, end: 1 });
		expect(rowsWithin(layout, 120, 160)).toEqual({ start: 1, end: 3 });
		expect(rowsWithin(layout, -500, 5_000)).toEqual({ start: 0, end: 4 });
		expect(rowsWithin(layout, 9_000, 9_100)).toEqual({ start: 3, end: 4 });
	});

	it('keeps a reader in place when the gap they look at becomes items', () => {
		const far = applyPatch(
			{ ...emptyView, sessionId: 's' },
			{ op: 'items', from: 100, total: 101, items: [you(100)] }
		);
		const before = rowsOf(far, new Set());
		const place = placeAt(before, layoutOf(before, heights), 50 * 150 + 7);
		expect(place).toEqual({ ord: 50, within: 7 });
		const near = {
			...far,
			items: new Map([...far.items, ...[49, 50, 51].map((ord) => [ord, you(ord)] as const)])
		};
		const after = rowsOf(near, new Set());
		const layout = layoutOf(after, new Map([['y49', 30]]));
		expect(place === undefined ? undefined : yOf(after, layout, place)).toBe(49 * 150 + 30 + 7);
	});

	it('finds nothing in an empty feed', () => {
		expect(rowsWithin(layoutOf([], new Map()), 0, 100)).toEqual({ start: 0, end: 0 });
	});
});
