/**
 * What a live share's readers have, as data: the difference between two readings as a few changes, and the fold that
 * makes the second of the first. Pure. What comes in is read as strictly as a snapshot.
 */

import type { Block } from '../../wire/blocks';
import { isJsonObject, type Json } from '../../wire/json';
import type { SharedItem, SharedReading } from '../../wire/share';
import { readBlocks } from '../render/read-blocks';
import { readReading } from './read-shared';

type WrittenPart = 'blocks' | 'reasoning';

export type LiveChange =
	/** The log begins anew with these sealed bytes. `same`: whoever has followed so far has all that is in them. */
	| { readonly t: 'base'; readonly hash: string; readonly same: boolean }
	/** From here on there are these articles, and no others. */
	| { readonly t: 'items'; readonly from: number; readonly reading: SharedReading }
	/** The answer that is being written: these blocks follow the first `keep`. */
	| {
			readonly t: 'grow';
			readonly at: number;
			readonly part: WrittenPart;
			readonly keep: number;
			readonly blocks: readonly Block[];
	  };

/** Nothing where both say the same. */
export function changesBetween(before: SharedReading, after: SharedReading): readonly LiveChange[] {
	const from = commonLength(before.items, after.items);
	const isSameFrame =
		before.title === after.title &&
		before.busyAt === after.busyAt &&
		before.models.join('\n') === after.models.join('\n');
	if (isSameFrame && from === before.items.length && from === after.items.length) return [];
	const grown = isSameFrame ? growth(before, after, from) : undefined;
	return grown ?? [{ t: 'items', from, reading: { ...after, items: after.items.slice(from) } }];
}

/** Defined where nothing differs but the blocks of the answer that is being written. */
function growth(before: SharedReading, after: SharedReading, at: number): LiveChange[] | undefined {
	const [old, now] = [before.items[at], after.items[at]];
	if (at !== after.busyAt || at !== after.items.length - 1 || before.items.length !== after.items.length)
		return undefined;
	if (old?.type !== 'wherry' || now?.type !== 'wherry' || old.byline !== now.byline || old.at !== now.at)
		return undefined;
	return (['reasoning', 'blocks'] as const).flatMap((part) => {
		const keep = commonLength(old[part], now[part]);
		const isSame = keep === old[part].length && keep === now[part].length;
		return isSame ? [] : [{ t: 'grow' as const, at, part, keep, blocks: now[part].slice(keep) }];
	});
}

function commonLength(a: readonly unknown[], b: readonly unknown[]): number {
	let same = 0;
	while (same < a.length && same < b.length && JSON.stringify(a[same]) === JSON.stringify(b[same])) same++;
	return same;
}

/** Nothing more comes, as there is no room: said to whoever reads, whatever they have. */
export function fullChange({ title, models }: SharedReading): LiveChange {
	return { t: 'items', from: Number.MAX_SAFE_INTEGER, reading: { title, models, items: [], isFull: true } };
}

/** A change as it came out of its seal; undefined for what is none. */
export function readChange(value: Json | undefined): LiveChange | undefined {
	if (!isJsonObject(value)) return undefined;
	const { t, hash, same, from, at, part, keep } = value;
	switch (t) {
		case 'base':
			return typeof hash === 'string' ? { t, hash, same: same === true } : undefined;
		case 'items': {
			const reading = value['reading'];
			return isPlace(from) && isJsonObject(reading) ? { t, from, reading: readReading(reading) } : undefined;
		}
		case 'grow':
			return isPlace(at) && isPlace(keep) && (part === 'blocks' || part === 'reasoning')
				? { t, at, part, keep, blocks: readBlocks(value['blocks']) }
				: undefined;
		default:
			return undefined;
	}
}

/** What does not fit what is there changes nothing. */
export function withChange(
	reading: SharedReading,
	change: Exclude<LiveChange, { t: 'base' }>
): SharedReading {
	if (change.t === 'items') {
		const items = [...reading.items.slice(0, change.from), ...change.reading.items];
		return { ...change.reading, items };
	}
	const { at, part, keep, blocks } = change;
	const item = reading.items[at];
	if (item?.type !== 'wherry') return reading;
	const grown: SharedItem = { ...item, [part]: [...item[part].slice(0, keep), ...blocks] };
	return { ...reading, items: reading.items.map((old, place) => (place === at ? grown : old)) };
}

function isPlace(value: Json | undefined): value is number {
	return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
