/** What the tree map and an opened call ask of a session. Its own chunk: most visits never do. */

import type { CommandOutput, TreeNode } from '../../wire/commands';
import type { Entry } from '../../wire/entries';
import type { LoadedSession } from '../sessions/loaded';

export function sessionTree(loaded: LoadedSession): CommandOutput<'session.tree'> {
	const onBranch = new Set(loaded.tree.branch(loaded.facts.head));
	const nodes: TreeNode[] = [];
	for (const node of loaded.tree.nodes()) {
		if (node.kind === 'result') continue;
		nodes.push({
			id: node.id,
			parentId: visibleParent(loaded.entries, node.parentId),
			kind: node.kind,
			label: node.label,
			onBranch: onBranch.has(node.id)
		});
	}
	return { head: loaded.facts.head, nodes };
}

/** Whole arguments and output of a call, where the feed shows them cut. */
export function callPayload(
	loaded: LoadedSession,
	entryId: string,
	callId: string
): CommandOutput<'call.payload'> {
	const part = loaded.entry(entryId)?.parts.find((one) => one.type === 'call' && one.callId === callId);
	const args = part?.type === 'call' ? JSON.stringify(part.args, null, 2) : '';
	const below = loaded.branch(loaded.tree.newestLeaf(entryId));
	const from = below.findIndex((entry) => entry.id === entryId) + 1;
	for (const entry of below.slice(from)) {
		if (entry.kind === 'assistant') break;
		for (const one of entry.parts) {
			if (one.type === 'result' && one.callId === callId)
				return { args, output: JSON.stringify(one.output, null, 2) };
		}
	}
	return { args, output: '' };
}

/** Results are not nodes of the drawn tree: what follows them hangs below their answer. */
function visibleParent(entries: ReadonlyMap<string, Entry>, parentId: string | null): string | null {
	let id = parentId;
	while (id !== null) {
		const entry = entries.get(id);
		if (entry === undefined || entry.kind !== 'result') return id;
		id = entry.parentId;
	}
	return null;
}
