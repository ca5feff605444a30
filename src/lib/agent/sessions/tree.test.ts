import { describe, expect, it } from 'vitest';
import { seeded } from '../../../../tests/contract/random';
import type { Entry, EntryKind, Part } from '../../wire/entries';
import { ownLabels } from '../../wire/labels';
import { createTree, firstWords, type Tree } from './tree';

function entry(
	id: string,
	parentId: string | null,
	kind: EntryKind = 'user',
	parts: readonly Part[] = [{ type: 'text', text: id }]
): Entry {
	return {
		id,
		sessionId: 's',
		parentId,
		v: 1,
		kind,
		author: { device: 'd', principal: 'user' },
		parts,
		labels: ownLabels,
		lam: 0,
		at: 0
	};
}

function treeOf(...pairs: readonly (readonly [string, string | null])[]): Tree {
	const tree = createTree();
	for (const [id, parentId] of pairs) tree.add(entry(id, parentId));
	return tree;
}

const forked = (): Tree =>
	treeOf(['a', null], ['b', 'a'], ['c', 'b'], ['b2', 'a'], ['c2', 'b2'], ['d', 'c'], ['b3', 'a']);

describe('tree', () => {
	it('shows a branch from the root to its head', () => {
		const tree = forked();
		expect(tree.branch('d')).toEqual(['a', 'b', 'c', 'd']);
		expect(tree.branch('c2')).toEqual(['a', 'b2', 'c2']);
		expect(tree.branch(null)).toEqual([]);
		expect(tree.branch('nope')).toEqual([]);
	});

	it('lists siblings and children in order of arrival', () => {
		const tree = forked();
		expect(tree.siblings('b2')).toEqual(['b', 'b2', 'b3']);
		expect(tree.siblings('a')).toEqual(['a']);
		expect(tree.siblings('nope')).toEqual([]);
		expect(tree.children('a')).toEqual(['b', 'b2', 'b3']);
		expect(tree.children(null)).toEqual(['a']);
		expect(tree.children('d')).toEqual([]);
	});

	it('finds the leaf that arrived last', () => {
		const tree = forked();
		expect(tree.newestLeaf('b')).toBe('d');
		expect(tree.newestLeaf('a')).toBe('b3');
		expect(tree.newestLeaf('d')).toBe('d');
	});

	it('knows ancestors and where two branches meet', () => {
		const tree = forked();
		expect(tree.isAncestor('a', 'd')).toBe(true);
		expect(tree.isAncestor('d', 'd')).toBe(true);
		expect(tree.isAncestor('b2', 'd')).toBe(false);
		expect(tree.commonAncestor('d', 'c2')).toBe('a');
		expect(tree.commonAncestor('d', 'b')).toBe('b');
		expect(tree.commonAncestor('d', 'nope')).toBeNull();
	});

	it('keeps the first of two entries with one id', () => {
		const tree = treeOf(['a', null]);
		expect(tree.add(entry('a', 'x'))).toBe(false);
		expect(tree.size()).toBe(1);
	});

	it('takes an entry without its parent for a root, until the parent arrives', () => {
		const tree = treeOf(['c', 'b'], ['x', null]);
		expect(tree.orphans()).toEqual(['c']);
		expect(tree.node('c')?.isOrphan).toBe(true);
		expect(tree.branch('c')).toEqual(['c']);
		tree.add(entry('b', 'x'));
		expect(tree.orphans()).toEqual([]);
		expect(tree.branch('c')).toEqual(['x', 'b', 'c']);
		expect(tree.children(null)).toEqual(['x']);
	});

	it('never walks in a circle', () => {
		const tree = treeOf(['a', 'c'], ['b', 'a'], ['c', 'b'], ['self', 'self']);
		expect(tree.branch('c')).toEqual(['a', 'b', 'c']);
		expect(tree.orphans()).toEqual(['a', 'self']);
		expect(tree.isAncestor('nope', 'c')).toBe(false);
		expect(tree.newestLeaf('a')).toBe('c');
	});

	it('labels entries by their first words and counts the items they make', () => {
		const tree = createTree();
		const call: Part = { type: 'call', callId: '1', action: 'clock', args: {}, via: 'native' };
		tree.add(
			entry('u', null, 'user', [{ type: 'text', text: `  tell\n me ${'a very long story '.repeat(9)}` }])
		);
		tree.add(entry('a', 'u', 'assistant', [call, { ...call, callId: '2' }]));
		tree.add(entry('b', 'a', 'assistant', [{ type: 'text', text: 'It is' }, call]));
		tree.add(entry('r', 'b', 'result', []));
		expect(tree.node('u')?.label).toBe('tell me a very long story a very long story a very long sto…');
		expect(tree.node('u')?.label).toHaveLength(60);
		expect(['u', 'a', 'b', 'r'].map((id) => tree.node(id)?.items)).toEqual([1, 2, 2, 0]);
		expect(tree.node('a')?.label).toBe('clock');
		expect(firstWords('😀'.repeat(9), 4)).toBe('😀…');
	});

	it('equals a naive tree, whatever the order of arrival', () => {
		const random = seeded('tree');
		for (let round = 0; round < 200; round++) {
			const size = 1 + random.int(25);
			const pairs: [string, string | null][] = [];
			for (let n = 0; n < size; n++) {
				const isBad = random.float() < 0.05;
				pairs.push([`n${n}`, n === 0 ? null : isBad ? 'missing' : `n${random.int(n)}`]);
			}
			const parents = new Map(pairs);
			for (let n = pairs.length - 1; n > 0; n--) {
				const other = random.int(n + 1);
				const [a, b] = [pairs[n], pairs[other]];
				if (a !== undefined && b !== undefined) [pairs[n], pairs[other]] = [b, a];
			}
			const tree = createTree();
			for (const [id, parentId] of pairs) {
				tree.add(entry(id, parentId));
				if (random.float() < 0.3) tree.branch(random.pick(pairs)[0]);
			}
			for (const [id] of pairs) {
				const path: string[] = [];
				for (let at: string | null = id; at !== null && parents.has(at); at = parents.get(at) ?? null)
					path.unshift(at);
				expect(tree.branch(id)).toEqual(path);
				for (const [other] of pairs) expect(tree.isAncestor(other, id)).toBe(path.includes(other));
			}
		}
	});

	it('holds a chain of 100,000 entries: opens, branches, appends at once, forks', () => {
		const size = 100_000;
		const tree = createTree();
		const started = performance.now();
		for (let n = 0; n < size; n++) {
			tree.add(entry(`e${n}`, n === 0 ? null : `e${n - 1}`));
			tree.branch(`e${n}`);
		}
		const built = performance.now();
		expect(tree.branch(`e${size - 1}`)).toHaveLength(size);
		tree.add(entry('fork', 'e50000'));
		const walkStart = performance.now();
		expect(tree.branch('fork')).toHaveLength(50_002);
		expect(tree.newestLeaf('e0')).toBe('fork');
		expect(tree.commonAncestor('fork', `e${size - 1}`)).toBe('e50000');
		const walked = performance.now();
		console.log(
			`tree: 100,000 appends with branch ${Math.round(built - started)} ms, walks ${Math.round(walked - walkStart)} ms`
		);
		// Far above what it takes on a busy machine, far below what a quadratic walk would.
		expect(built - started).toBeLessThan(20_000);
		expect(walked - walkStart).toBeLessThan(10_000);
	});

	it('takes a chain of 100,000 that arrives backwards', () => {
		const tree = createTree();
		for (let n = 99_999; n >= 0; n--) tree.add(entry(`e${n}`, n === 0 ? null : `e${n - 1}`));
		expect(tree.branch('e99999')).toHaveLength(100_000);
		expect(tree.orphans()).toEqual([]);
	});
});
