/**
 * The shape of one session in memory: who is whose parent, and nothing of the content but a
 * label. Rebuilt from the entries at any time. Bad data cannot break it: an entry whose parent
 * is missing, or would close a circle, stands as a root and is flagged. Every walk is iterative.
 */

import type { Entry, EntryKind } from '../../wire/entries';
import { oneLine } from './one-line';

export interface Node {
	readonly id: string;
	/** As the entry says; `isOrphan` tells when there is no such parent here. */
	readonly parentId: string | null;
	readonly kind: EntryKind;
	readonly turnId?: string;
	/** Order of arrival, from 0. */
	readonly ord: number;
	/** How many items of the feed it makes. */
	readonly items: number;
	/** First words, ≤ 60 characters. */
	readonly label: string;
	readonly isOrphan: boolean;
}

export interface Tree {
	size(): number;
	/** False when an entry with this id is there already; the first one stays. */
	add(entry: Entry): boolean;
	has(id: string): boolean;
	node(id: string): Node | undefined;
	/** In order of arrival. */
	nodes(): IterableIterator<Node>;
	/** Ids whose parent is missing or would close a circle. */
	orphans(): readonly string[];
	/**
	 * Ids from the root to `head`; empty for null or an unknown id. The array is the tree's own:
	 * it may grow with the next `add` and `branch`, so copy what must not change. Asking for
	 * an appended head costs O(1).
	 */
	branch(head: string | null): readonly string[];
	/** In order of arrival; `null` asks for the roots. */
	children(id: string | null): readonly string[];
	/** All children of its parent, itself included; empty for an unknown id. */
	siblings(id: string): readonly string[];
	/** The leaf below `id` that arrived last; `id` itself when it has no children. */
	newestLeaf(id: string): string;
	/** True when `ancestor` is on the branch of `id`; an entry counts as its own ancestor. */
	isAncestor(ancestor: string, id: string): boolean;
	commonAncestor(a: string, b: string): string | null;
}

const none = -1;

export function createTree(): Tree {
	const places = new Map<string, number>();
	const nodes: Node[] = [];
	const ids: string[] = [];
	/** Place of the parent, `none` for a root. Numbers, so that a walk costs no look-up of a string. */
	const parents: number[] = [];
	const children = new Map<number, string[]>();
	/** Entries that wait for a parent that may still arrive. */
	const waiting = new Map<string, number[]>();
	const orphans = new Set<number>();
	let cachedHead = none;
	let cachedBranch: string[] = [];

	function link(child: number, parent: number): void {
		parents[child] = parent;
		const list = children.get(parent);
		const id = ids[child] ?? '';
		if (list === undefined) children.set(parent, [id]);
		else list.push(id);
	}

	function parentOf(place: number): number {
		return parents[place] ?? none;
	}

	function rootOf(place: number): number {
		let root = place;
		for (let up = parentOf(root); up !== none; up = parentOf(root)) root = up;
		return root;
	}

	function adopt(parent: number, id: string): void {
		const orphaned = waiting.get(id);
		if (orphaned === undefined) return;
		waiting.delete(id);
		for (const child of orphaned) {
			// An orphan is a root, so a circle would close exactly when it is the root above its new parent.
			if (rootOf(parent) === child) continue;
			const roots = children.get(none);
			const place = roots?.indexOf(ids[child] ?? '') ?? none;
			if (place !== none) roots?.splice(place, 1);
			orphans.delete(child);
			link(child, parent);
			// What was cached may now have a longer way up.
			cachedHead = none;
		}
	}

	function pathTo(place: number): string[] {
		const path: string[] = [];
		for (let at = place; at !== none; at = parentOf(at)) path.push(ids[at] ?? '');
		return path.reverse();
	}

	function placeOf(id: string): number {
		return places.get(id) ?? none;
	}

	function childrenOf(place: number): readonly string[] {
		return children.get(place) ?? [];
	}

	return {
		size: () => nodes.length,
		add(entry) {
			if (places.has(entry.id)) return false;
			const place = nodes.length;
			const { parentId } = entry;
			const parent = parentId === null || parentId === entry.id ? none : placeOf(parentId);
			places.set(entry.id, place);
			ids.push(entry.id);
			nodes.push({
				id: entry.id,
				parentId,
				kind: entry.kind,
				...(entry.turnId === undefined ? {} : { turnId: entry.turnId }),
				ord: place,
				items: countItems(entry),
				label: labelOf(entry),
				isOrphan: false
			});
			link(place, parent);
			if (parent === none && parentId !== null) {
				orphans.add(place);
				const others = waiting.get(parentId);
				if (others === undefined) waiting.set(parentId, [place]);
				else others.push(place);
			}
			adopt(place, entry.id);
			return true;
		},
		has: (id) => places.has(id),
		node(id) {
			const place = placeOf(id);
			const node = nodes[place];
			return node !== undefined && orphans.has(place) ? { ...node, isOrphan: true } : node;
		},
		*nodes() {
			for (const node of nodes) yield orphans.has(node.ord) ? { ...node, isOrphan: true } : node;
		},
		orphans: () => [...orphans].map((place) => ids[place] ?? ''),
		branch(head) {
			const place = head === null ? none : placeOf(head);
			if (place === none) return [];
			if (place !== cachedHead) {
				if (cachedHead !== none && parentOf(place) === cachedHead) cachedBranch.push(ids[place] ?? '');
				else cachedBranch = pathTo(place);
				cachedHead = place;
			}
			return cachedBranch;
		},
		children(id) {
			if (id === null) return childrenOf(none);
			const place = placeOf(id);
			return place === none ? [] : childrenOf(place);
		},
		siblings(id) {
			const place = placeOf(id);
			return place === none ? [] : childrenOf(parentOf(place));
		},
		newestLeaf(id) {
			let newest = none;
			const stack = [placeOf(id)];
			for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
				const below = childrenOf(place);
				if (place === none) break;
				if (below.length === 0 && place > newest) newest = place;
				for (const child of below) stack.push(placeOf(child));
			}
			return ids[newest] ?? id;
		},
		isAncestor(ancestor, id) {
			const target = placeOf(ancestor);
			if (target === none) return false;
			for (let at = placeOf(id); at !== none; at = parentOf(at)) if (at === target) return true;
			return false;
		},
		commonAncestor(a, b) {
			const above = new Set<number>();
			for (let at = placeOf(a); at !== none; at = parentOf(at)) above.add(at);
			for (let at = placeOf(b); at !== none; at = parentOf(at)) if (above.has(at)) return ids[at] ?? null;
			return null;
		}
	};
}

/** One item for what is said, one for each call; a result shows inside its call's item. */
export function countItems(entry: Entry): number {
	if (entry.kind === 'result') return 0;
	if (entry.kind !== 'assistant') return 1;
	const calls = entry.parts.filter((part) => part.type === 'call').length;
	const saysSomething = entry.parts.length > calls || calls === 0;
	return calls + (saysSomething ? 1 : 0);
}

const maximumLabel = 60;

/** First words of an entry, for a drawn tree and for lists. */
export function labelOf(entry: Entry, maximum: number = maximumLabel): string {
	let text = '';
	for (const part of entry.parts) {
		if (part.type === 'text' || part.type === 'refusal') text = part.text;
		else if (part.type === 'call' || part.type === 'result') text = part.action;
		else if (part.type === 'file') text = part.name;
		else if (part.type === 'provider') text = part.gist;
		if (text.trim() !== '') break;
	}
	return firstWords(text, maximum);
}

/** One line of at most `maximum` UTF-16 units that never ends in half a character. */
export function firstWords(text: string, maximum: number): string {
	const line = oneLine(text, maximum);
	if (line.length <= maximum) return line;
	const cut = line.slice(0, maximum - 1);
	return `${(/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut).trimEnd()}…`;
}
