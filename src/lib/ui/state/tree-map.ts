/**
 * A session's tree as a drawing: long runs without a branch shrink to their ends, the rest is laid
 * out as an indented tree. Iterative throughout: a chain of 100,000 entries draws as two nodes.
 */

import { hierarchy, tree as tidy } from 'd3-hierarchy';
import type { TreeNode } from '../../wire/commands';

export interface DrawnNode {
	readonly id: string;
	readonly parentId: string | null;
	readonly kind: TreeNode['kind'];
	readonly label: string;
	readonly onBranch: boolean;
	readonly depth: number;
	readonly x: number;
	readonly y: number;
	/** Entries between this node and its drawn parent that are not drawn. */
	readonly skipped: number;
}
export interface DrawnLink {
	readonly id: string;
	readonly path: string;
	readonly onBranch: boolean;
}

interface Condensed {
	readonly node: TreeNode | null;
	readonly skipped: number;
	readonly children: Condensed[];
}

const indent = 26;
const line = 30;
const maximumNodes = 800;

export function drawTree(
	nodes: readonly TreeNode[],
	head: string | null
): {
	nodes: readonly DrawnNode[];
	links: readonly DrawnLink[];
	width: number;
	height: number;
	head: string | null;
	total: number;
} {
	const root = hierarchy(condense(nodes, head), (one) => one.children);
	tidy<Condensed>().nodeSize([line, indent])(root);
	const drawn: DrawnNode[] = [];
	const places = new Map<string, { x: number; y: number }>();
	// Rows in reading order; the tidy layout gives the depth, reading order gives the line.
	let row = 0;
	root.eachBefore(({ data, depth, parent }) => {
		if (data.node === null || drawn.length >= maximumNodes) return;
		const at = { x: 12 + (depth - 1) * indent, y: 20 + row++ * line };
		places.set(data.node.id, at);
		const { id, kind, label, onBranch } = data.node;
		const parentId = parent?.data.node?.id ?? null;
		drawn.push({ id, parentId, kind, label, onBranch, depth: depth - 1, skipped: data.skipped, ...at });
	});
	const links = drawn.flatMap((node): DrawnLink[] => {
		const from = node.parentId === null ? undefined : places.get(node.parentId);
		if (from === undefined) return [];
		const path = `M${from.x},${from.y}V${node.y - 8}Q${from.x},${node.y} ${from.x + 8},${node.y}H${node.x}`;
		return [{ id: node.id, path, onBranch: node.onBranch }];
	});
	const right = drawn.reduce((most, node) => Math.max(most, node.x + node.label.length * 7.2 + 60), 260);
	return { nodes: drawn, links, width: right, height: row * line + 30, head, total: nodes.length };
}

/** Keeps roots, branch points, their children, ends and the head. */
function condense(nodes: readonly TreeNode[], head: string | null): Condensed {
	const known = new Set(nodes.map((node) => node.id));
	const children = new Map<string | null, TreeNode[]>();
	for (const node of nodes) {
		const parent = node.parentId !== null && known.has(node.parentId) ? node.parentId : null;
		const list = children.get(parent);
		if (list === undefined) children.set(parent, [node]);
		else list.push(node);
	}
	const root: Condensed = { node: null, skipped: 0, children: [] };
	const stack: { node: TreeNode; above: Condensed; skipped: number; isChoice: boolean }[] = [];
	const visit = (parent: string | null, above: Condensed, skipped: number) => {
		const list = children.get(parent) ?? [];
		for (const node of list.toReversed()) {
			stack.push({ node, above, skipped, isChoice: list.length > 1 || parent === null });
		}
	};
	visit(null, root, 0);
	const seen = new Set<string>();
	for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
		const { node, above, skipped, isChoice } = next;
		if (seen.has(node.id)) continue;
		seen.add(node.id);
		const count = children.get(node.id)?.length ?? 0;
		if (isChoice || count !== 1 || node.id === head) {
			const kept: Condensed = { node, skipped, children: [] };
			above.children.push(kept);
			visit(node.id, kept, 0);
		} else visit(node.id, above, skipped + 1);
	}
	return root;
}
