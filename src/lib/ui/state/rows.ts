/**
 * What the feed draws, one row after the other: items, runs of ten or more settled calls folded
 * into one line, and gaps for items that are not held. Pure.
 */

import type { FeedItem } from '../../wire/view';
import type { SessionView } from './fold';

export type CallItem = Extract<FeedItem, { type: 'call' }>;

export type Row =
	| {
			readonly kind: 'item';
			readonly key: string;
			readonly ord: number;
			readonly last: number;
			readonly item: FeedItem;
	  }
	| {
			readonly kind: 'fold';
			readonly key: string;
			readonly ord: number;
			readonly last: number;
			readonly calls: readonly CallItem[];
			readonly isOpen: boolean;
	  }
	| { readonly kind: 'gap'; readonly key: string; readonly ord: number; readonly last: number };

export const foldAt = 10;

/** `openFolds` holds the keys of the runs that the reader has opened. */
export function rowsOf(view: SessionView, openFolds: ReadonlySet<string>): readonly Row[] {
	const rows: Row[] = [];
	let run: CallItem[] = [];
	const flush = () => {
		const first = run[0];
		if (first === undefined) return;
		const isFold = run.length >= foldAt;
		const key = `fold:${first.key}`;
		const isOpen = openFolds.has(key);
		if (isFold) {
			const last = isOpen ? first.ord : (run.at(-1)?.ord ?? first.ord);
			rows.push({ kind: 'fold', key, ord: first.ord, last, calls: run, isOpen });
		}
		if (!isFold || isOpen) for (const item of run) rows.push(itemRow(item));
		run = [];
	};
	let next = 0;
	// Two items of one key would break the drawing of all: the first one counts.
	const keys = new Set<string>();
	for (const ord of [...view.items.keys()].sort((a, b) => a - b)) {
		const item = view.items.get(ord);
		if (item === undefined) continue;
		if (ord > next) {
			flush();
			rows.push(gapRow(next, ord - 1));
		}
		next = ord + 1;
		if (keys.has(item.key)) continue;
		keys.add(item.key);
		if (item.type === 'call' && isSettled(item)) {
			run.push(item);
			// The end of a turn is said on its last item, so a fold never reaches into the next turn.
			if (item.turnEnd !== undefined) flush();
		} else if (!isSilent(item)) {
			flush();
			rows.push(itemRow(item));
		}
	}
	flush();
	if (next < view.total) rows.push(gapRow(next, view.total - 1));
	return rows;
}

function itemRow(item: FeedItem): Row {
	return { kind: 'item', key: item.key, ord: item.ord, last: item.ord, item };
}

function gapRow(from: number, to: number): Row {
	return { kind: 'gap', key: `gap:${from}`, ord: from, last: to };
}

function isSettled(item: CallItem): boolean {
	return item.call.state !== 'held' && item.call.state !== 'running' && item.call.state !== 'writing';
}

/** A response that held nothing but calls says nothing by itself. */
function isSilent(item: FeedItem): boolean {
	return (
		item.type === 'wherry' &&
		item.parts.length === 0 &&
		!item.isBusy &&
		item.error === undefined &&
		item.turnEnd === undefined &&
		item.branch === undefined
	);
}

/** `clock, memory_save × 3`: the actions of a run by name, most frequent first. */
export function namesOf(calls: readonly CallItem[]): string {
	const counts = new Map<string, number>();
	for (const { call } of calls) counts.set(call.action, (counts.get(call.action) ?? 0) + 1);
	return [...counts]
		.sort((a, b) => b[1] - a[1])
		.map(([action, count]) => (count === 1 ? action : `${action} × ${count}`))
		.join(', ');
}
