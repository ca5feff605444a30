/**
 * What every importer makes: nodes with the source's own ids, out of which one place builds a
 * session: new ids, parents before children, holes closed, everything labelled as untrusted.
 */

import { entryVersion, noUsage } from '../../../wire/entries';
import type { Entry, EntryKind, Part, ResponseMeta, StopReason } from '../../../wire/entries';
import type { Labels } from '../../../wire/labels';
import type { Clock, Device, Ids } from '../../ports';
import { sessionVersion } from '../records';
import type { Register, SessionFacts, SessionRecord } from '../records';
import { cleanLine, truncateTitle } from '../titles';
import type { ExportedBlob } from './export-jsonl';

export interface ImportServices {
	readonly ids: Ids;
	readonly clock: Clock;
	readonly device: Device;
	/** The Lamport time of the registers and of the first entry; those after it count up. */
	readonly lam: number;
}

export interface ImportedSession {
	readonly record: SessionRecord;
	/** Parents before children. */
	readonly entries: readonly Entry[];
	/** Checked: the bytes have this hash. */
	readonly blobs: readonly ExportedBlob[];
}

export interface ImportNode {
	/** Unique in its conversation. */
	readonly key: string;
	readonly parent: string | null;
	/** A hole is left out; its children move up to its parent. */
	readonly kind: EntryKind | 'hole';
	readonly parts: readonly Part[];
	readonly at: number;
	readonly response?: ResponseMeta;
	/** Nodes with the same one belong to one turn. */
	readonly turn?: string;
	readonly covers?: string;
	readonly sources?: readonly string[];
}

export interface Conversation {
	readonly title: string;
	readonly createdAt: number;
	readonly touchedAt?: number;
	readonly head: string | null;
	readonly pinned?: boolean;
	readonly archived?: boolean;
	readonly folder?: string;
	readonly tags?: readonly string[];
	readonly nodes: readonly ImportNode[];
	readonly blobs?: readonly ExportedBlob[];
}

/** Null where no message is left. `skip` is told of messages that stand in a circle. */
export function buildSession(
	conversation: Conversation,
	source: string,
	services: ImportServices,
	skip: (reason: string) => void
): ImportedSession | null {
	const { ids, clock, device, lam } = services;
	const sessionId = ids.next();
	const nodes = new Map<string, ImportNode>();
	for (const node of conversation.nodes) if (!nodes.has(node.key)) nodes.set(node.key, node);
	const standIn = closeHoles(nodes);
	const ordered = parentsFirst(nodes, standIn);
	const kept = [...nodes.values()].filter((node) => node.kind !== 'hole').length;
	if (ordered.length < kept) skip(`${kept - ordered.length} messages that answer themselves`);
	const newIds = new Map<string, string>();
	const turns = new Map<string, string>();
	const entries: Entry[] = [];
	for (const node of ordered) {
		if (node.kind === 'hole') continue;
		const id = ids.next();
		newIds.set(node.key, id);
		const parent = standIn(node.parent);
		const covers = node.covers === undefined ? undefined : newIds.get(standIn(node.covers) ?? '');
		if (node.turn !== undefined && !turns.has(node.turn)) turns.set(node.turn, ids.next());
		const turnId = node.turn === undefined ? undefined : turns.get(node.turn);
		entries.push({
			id,
			sessionId,
			parentId: parent === null ? null : (newIds.get(parent) ?? null),
			...(turnId === undefined ? {} : { turnId }),
			v: entryVersion,
			kind: node.kind,
			author: { device: device.id, principal: 'import' },
			parts: node.parts,
			labels: importLabels(source, node.sources),
			lam: lam + entries.length,
			at: Number.isFinite(node.at) && node.at > 0 ? node.at : clock.now(),
			...(node.response === undefined ? {} : { response: node.response }),
			...(covers === undefined ? {} : { covers: { upTo: covers } })
		});
	}
	const last = entries.at(-1);
	if (last === undefined) return null;
	const stamp = <T>(value: T): Register<T> => ({ value, lam, dev: device.id });
	const headKey = standIn(conversation.head);
	const title = truncateTitle(conversation.title);
	const text = entries.findLast((entry) => entry.kind === 'user' || entry.kind === 'assistant') ?? last;
	const facts: Partial<SessionFacts> = {
		...(title === '' ? {} : { title, titleBy: 'user' as const }),
		head: (headKey === null ? undefined : newIds.get(headKey)) ?? newestLeaf(entries),
		touchedAt: conversation.touchedAt ?? last.at,
		preview: previewOf(text.parts),
		entryCount: entries.length,
		...(conversation.pinned === true ? { pinned: true } : {}),
		...(conversation.archived === true ? { archived: true } : {}),
		...(conversation.folder === undefined ? {} : { folder: cleanLine(conversation.folder).slice(0, 100) }),
		...(conversation.tags === undefined
			? {}
			: { tags: conversation.tags.map((tag) => cleanLine(tag).slice(0, 50)) })
	};
	const record: SessionRecord = {
		id: sessionId,
		v: sessionVersion,
		createdAt: conversation.createdAt > 0 ? conversation.createdAt : (entries[0]?.at ?? clock.now()),
		temporary: false,
		registers: Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, stamp(value)]))
	};
	return { record, entries, blobs: conversation.blobs ?? [] };
}

export function importLabels(source: string, sources: readonly string[] = []): Labels {
	return {
		integrity: 'untrusted',
		private: true,
		sources: [...new Set([`import:${source}`, ...sources])].slice(0, 20)
	};
}

/** Meta of an answer that another program got. */
export function importedResponse(provider: string, model: string, stop: StopReason = 'end'): ResponseMeta {
	return { model: { provider, model }, stop, usage: noUsage, durationMs: 0 };
}

/** Answers a key's nearest node that is no hole, itself first. */
function closeHoles(nodes: ReadonlyMap<string, ImportNode>): (key: string | null) => string | null {
	const known = new Map<string, string | null>();
	return (key) => {
		const passed: string[] = [];
		let at = key;
		let found: string | null = null;
		const seen = new Set<string>();
		while (at !== null && !seen.has(at)) {
			const done = known.get(at);
			if (done !== undefined) {
				found = done;
				break;
			}
			seen.add(at);
			const node = nodes.get(at);
			if (node !== undefined && node.kind !== 'hole') {
				found = at;
				break;
			}
			passed.push(at);
			at = node?.parent ?? null;
		}
		for (const one of passed) known.set(one, found);
		return found;
	};
}

/** Everything that hangs on a root, in the source's order among siblings; what stands in a circle does not. */
function parentsFirst(
	nodes: ReadonlyMap<string, ImportNode>,
	standIn: (key: string | null) => string | null
): ImportNode[] {
	const children = new Map<string | null, ImportNode[]>();
	for (const node of nodes.values()) {
		if (node.kind === 'hole') continue;
		const parent = standIn(node.parent);
		const siblings = children.get(parent);
		if (siblings === undefined) children.set(parent, [node]);
		else siblings.push(node);
	}
	const ordered: ImportNode[] = [];
	const open = [...(children.get(null) ?? [])].reverse();
	for (let node = open.pop(); node !== undefined; node = open.pop()) {
		ordered.push(node);
		for (const child of (children.get(node.key) ?? []).toReversed()) open.push(child);
	}
	return ordered;
}

function newestLeaf(entries: readonly Entry[]): string | null {
	const parents = new Set(entries.map((entry) => entry.parentId));
	let best: Entry | undefined;
	for (const entry of entries)
		if (!parents.has(entry.id) && (best === undefined || entry.at >= best.at)) best = entry;
	return best?.id ?? null;
}

function previewOf(parts: readonly Part[]): string {
	for (const part of parts) if (part.type === 'text') return cleanLine(part.text.slice(0, 400)).slice(0, 140);
	return '';
}
