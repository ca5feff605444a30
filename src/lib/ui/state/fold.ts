/**
 * The only way into the view: patches of the worker folded into what the page shows of the open
 * session. Pure and structural: an item that no patch touched keeps its identity, so that only
 * what changed is drawn again. Knows nothing of Svelte, ports or the DOM.
 */

import type { Block } from '../../wire/blocks';
import type { AnswerPart, FeedItem, Patch, SessionState, ToPage, TraceLine } from '../../wire/view';
import { sharing } from './sharing';

export interface SessionView {
	readonly sessionId: string | null;
	readonly state: SessionState | null;
	/** Number of items in the branch, held or not. */
	readonly total: number;
	/** The items held, by ord; anything else is asked for by range. */
	readonly items: ReadonlyMap<number, FeedItem>;
	/** The live turn, oldest line first. */
	readonly trace: readonly TraceLine[];
}

export const emptyView: SessionView = { sessionId: null, state: null, total: 0, items: new Map(), trace: [] };

const maximumTrace = 2_000;

export function fromSnapshot(snapshot: Extract<ToPage, { type: 'snapshot' }>): SessionView {
	return {
		sessionId: snapshot.sessionId,
		state: snapshot.state,
		total: snapshot.window.total,
		items: byOrd(snapshot.window.items),
		trace: snapshot.trace
	};
}

export function applyPatch(view: SessionView, patch: Patch): SessionView {
	return applyPatches(view, [patch]);
}

/** One copy of the item map for a whole batch. */
export function applyPatches(view: SessionView, patches: readonly Patch[]): SessionView {
	let { state, total, trace } = view;
	const items = new Map(view.items);
	let hasNewItems = false;
	for (const patch of patches) {
		switch (patch.op) {
			case 'items':
				for (const ord of items.keys()) if (ord >= patch.from) items.delete(ord);
				for (const item of patch.items) items.set(item.ord, item);
				total = patch.total;
				hasNewItems = true;
				break;
			case 'item': {
				const ord = ordOf(items, patch.item.key, total);
				if (ord !== undefined) {
					items.delete(ord);
					items.set(patch.item.ord, patch.item);
					hasNewItems = true;
				}
				break;
			}
			case 'stream': {
				const ord = ordOf(items, patch.key, total);
				const item = ord === undefined ? undefined : items.get(ord);
				if (item?.type !== 'wherry') break;
				items.set(item.ord, { ...item, parts: streamed(item.parts, patch) });
				hasNewItems = true;
				break;
			}
			case 'args': {
				const ord = ordOf(items, patch.key, total);
				const item = ord === undefined ? undefined : items.get(ord);
				if (item?.type !== 'call') break;
				items.set(item.ord, { ...item, call: { ...item.call, argsText: item.call.argsText + patch.delta } });
				hasNewItems = true;
				break;
			}
			case 'state':
				state = patch.state;
				break;
			case 'event':
				trace =
					patch.event.type === 'turn-start'
						? [{ at: patch.at, event: patch.event }]
						: [...trace.slice(-maximumTrace), { at: patch.at, event: patch.event }];
				break;
			case 'sessions':
			case 'changed':
			case 'toast':
			case 'error':
				break;
			default:
				patch satisfies never;
		}
	}
	return { sessionId: view.sessionId, state, total, items: hasNewItems ? items : view.items, trace };
}

/** Items that were asked for; what is held already is newer and stays. */
export function mergeRange(view: SessionView, items: readonly FeedItem[]): SessionView {
	const merged = new Map(view.items);
	for (const item of items) if (item.ord < view.total && !merged.has(item.ord)) merged.set(item.ord, item);
	return { ...view, items: merged };
}

/** Drops items far from the ones on screen, so that memory does not grow with the reading. */
export function trimAround(view: SessionView, first: number, last: number, margin: number): SessionView {
	const isNear = (ord: number) =>
		(ord >= first - margin && ord <= last + margin) || ord >= view.total - margin;
	const near = [...view.items].filter(([ord]) => isNear(ord));
	return near.length === view.items.size ? view : { ...view, items: new Map(near) };
}

function byOrd(items: readonly FeedItem[]): ReadonlyMap<number, FeedItem> {
	return new Map(items.map((item) => [item.ord, item]));
}

/** Patches nearly always mean one of the last items: look from the end. */
function ordOf(items: ReadonlyMap<number, FeedItem>, key: string, total: number): number | undefined {
	for (let ord = total - 1; ord >= 0 && ord > total - 40; ord--) if (items.get(ord)?.key === key) return ord;
	for (const [ord, item] of items) if (item.key === key) return ord;
	return undefined;
}

function streamed(
	parts: readonly AnswerPart[],
	patch: Extract<Patch, { op: 'stream' }>
): readonly AnswerPart[] {
	const next = [...parts];
	const old = parts[patch.part];
	const isSame = old !== undefined && old.type === patch.kind;
	const shown: readonly Block[] = isSame && 'blocks' in old ? old.blocks : [];
	const settled = shown.length - (isSame && 'blocks' in old ? (old.open ?? 0) : 0);
	const blocks = [
		...shown.slice(0, settled),
		...sharing(shown.slice(settled), [...patch.frozen, ...patch.tail])
	];
	next[patch.part] =
		isSame && 'blocks' in old
			? { ...old, blocks, open: patch.tail.length }
			: { type: patch.kind, blocks, open: patch.tail.length };
	return next;
}
