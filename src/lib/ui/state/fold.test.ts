import { describe, expect, it } from 'vitest';
import type { Block } from '../../wire/blocks';
import type { FeedItem } from '../../wire/view';
import { applyPatch, applyPatches, emptyView, fromSnapshot, mergeRange, trimAround } from './fold';

const paragraph = (text: string): Block => ({ k: 'p', c: [{ t: 'text', v: text }] });
const you = (ord: number, text = `question ${ord}`): FeedItem => ({
	type: 'you',
	key: `k${ord}`,
	entryId: `e${ord}`,
	ord,
	at: 0,
	text,
	files: []
});
const answer = (ord: number, parts: Extract<FeedItem, { type: 'wherry' }>['parts'] = []): FeedItem => ({
	type: 'wherry',
	key: `k${ord}`,
	entryId: `e${ord}`,
	ord,
	at: 0,
	model: { provider: 'p', model: 'm' },
	byline: 'm',
	parts,
	isBusy: true
});
const viewOf = (...items: FeedItem[]) =>
	applyPatch({ ...emptyView, sessionId: 's' }, { op: 'items', from: 0, total: items.length, items });
const blocksOf = (item: FeedItem | undefined, part = 0) => {
	const found = item?.type === 'wherry' ? item.parts[part] : undefined;
	return found !== undefined && 'blocks' in found ? found.blocks : [];
};

describe('the fold of patches', () => {
	it('takes a snapshot as the whole truth', () => {
		const view = fromSnapshot({
			type: 'snapshot',
			cursor: 7,
			sessionId: 's',
			state: null,
			window: { total: 90, items: [you(88), answer(89)] },
			trace: []
		});
		expect([...view.items.keys()]).toEqual([88, 89]);
		expect(view.total).toBe(90);
	});

	it('replaces everything from an ord on, and nothing before it', () => {
		const before = viewOf(you(0), answer(1), you(2), answer(3));
		const after = applyPatch(before, { op: 'items', from: 2, total: 3, items: [you(2, 'edited')] });
		expect(after.items.get(0)).toBe(before.items.get(0));
		expect(after.items.get(1)).toBe(before.items.get(1));
		expect(after.items.get(2)).toMatchObject({ text: 'edited' });
		expect(after.items.has(3)).toBe(false);
		expect(after.total).toBe(3);
	});

	it('touches only the answer that streams, and drops its open tail each time', () => {
		let view = viewOf(you(0), answer(1));
		const first = view.items.get(0);
		view = applyPatch(view, {
			op: 'stream',
			key: 'k1',
			part: 0,
			kind: 'text',
			frozen: [],
			tail: [paragraph('He')]
		});
		view = applyPatch(view, {
			op: 'stream',
			key: 'k1',
			part: 0,
			kind: 'text',
			frozen: [paragraph('Hello.')],
			tail: [paragraph('An')]
		});
		view = applyPatch(view, {
			op: 'stream',
			key: 'k1',
			part: 0,
			kind: 'text',
			frozen: [],
			tail: [paragraph('And')]
		});
		expect(blocksOf(view.items.get(1))).toEqual([paragraph('Hello.'), paragraph('And')]);
		expect(view.items.get(0)).toBe(first);
	});

	it('keeps the identity of frozen blocks while the tail changes', () => {
		let view = applyPatch(viewOf(answer(0)), {
			op: 'stream',
			key: 'k0',
			part: 0,
			kind: 'text',
			frozen: [paragraph('a')],
			tail: [paragraph('b')]
		});
		const frozen = blocksOf(view.items.get(0))[0];
		view = applyPatch(view, {
			op: 'stream',
			key: 'k0',
			part: 0,
			kind: 'text',
			frozen: [],
			tail: [paragraph('bc')]
		});
		expect(blocksOf(view.items.get(0))[0]).toBe(frozen);
	});

	it('goes on with an answer that a snapshot brought half written', () => {
		const half = answer(0, [{ type: 'text', blocks: [paragraph('Done.'), paragraph('Hal')], open: 1 }]);
		const view = applyPatch(viewOf(half), {
			op: 'stream',
			key: 'k0',
			part: 0,
			kind: 'text',
			frozen: [],
			tail: [paragraph('Half')]
		});
		expect(blocksOf(view.items.get(0))).toEqual([paragraph('Done.'), paragraph('Half')]);
	});

	it('shows text after reasoning as its own part', () => {
		const view = applyPatches(viewOf(answer(0)), [
			{ op: 'stream', key: 'k0', part: 0, kind: 'reasoning', frozen: [paragraph('hm')], tail: [] },
			{ op: 'stream', key: 'k0', part: 1, kind: 'text', frozen: [], tail: [paragraph('so')] }
		]);
		expect(blocksOf(view.items.get(0), 0)).toEqual([paragraph('hm')]);
		expect(blocksOf(view.items.get(0), 1)).toEqual([paragraph('so')]);
	});

	it('ignores a patch for an item that is not held', () => {
		const view = viewOf(you(0));
		expect(applyPatch(view, { op: 'item', item: you(40) }).items).toBe(view.items);
		expect(
			applyPatch(view, { op: 'stream', key: 'k9', part: 0, kind: 'text', frozen: [], tail: [] }).items
		).toBe(view.items);
	});

	it('begins a new trace with each turn', () => {
		const start = (turnId: string) => ({
			op: 'event' as const,
			at: 1,
			event: { type: 'turn-park' as const, turnId, seq: 1, reason: 'approval' as const, waitingFor: [] }
		});
		const fresh = {
			op: 'event' as const,
			at: 2,
			event: {
				type: 'turn-start' as const,
				turnId: 'b',
				seq: 0,
				sessionId: 's',
				entryId: 'e',
				mode: 'auto' as const,
				model: { provider: 'p', model: 'm' },
				at: 2,
				resumed: false
			}
		};
		const view = applyPatches(viewOf(you(0)), [start('a'), start('a'), fresh]);
		expect(view.trace.map((line) => line.event.turnId)).toEqual(['b']);
	});
});

describe('a window of a long branch', () => {
	it('takes in what was asked for without undoing what came meanwhile', () => {
		const view = applyPatch(
			{ ...emptyView, sessionId: 's' },
			{ op: 'items', from: 50, total: 52, items: [you(50, 'new'), answer(51)] }
		);
		const merged = mergeRange(view, [you(49), you(50, 'old'), you(60)]);
		expect([...merged.items.keys()].sort()).toEqual([49, 50, 51]);
		expect(merged.items.get(50)).toMatchObject({ text: 'new' });
	});

	it('lets go of what is far from the screen but never of the end', () => {
		const all = viewOf(...Array.from({ length: 300 }, (_, ord) => you(ord)));
		const near = trimAround(all, 100, 120, 20);
		expect([...near.items.keys()]).toEqual([
			...Array.from({ length: 61 }, (_, index) => 80 + index),
			...Array.from({ length: 20 }, (_, index) => 280 + index)
		]);
	});
});
