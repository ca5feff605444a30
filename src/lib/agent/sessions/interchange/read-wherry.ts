/**
 * Wherry's own export, JSON Lines. It is trusted no more than any other file: ids are new,
 * labels are untrusted, modes, keys of effects and undo do not come along, and a file's bytes
 * must have the hash they claim. A fork brings along what it continues.
 */

import type { Part } from '../../../wire/entries';
import { entryVersion } from '../../../wire/entries';
import { entryShellSchema, partSchema, sessionRecordSchema } from '../../../wire/entry-schema';
import type { WireSessionRecord } from '../../../wire/entry-schema';
import { parseJson } from '../../../wire/json';
import { fromBase64 } from '../../../wire/base64';
import type { ExportedBlob } from './export-jsonl';
import { exportFormat, exportVersion } from './export-jsonl';
import type { Conversation, ImportNode } from './imported';
import { keyOf, listOf, objectOf, textOf, timeOf } from './read-value';

interface Draft {
	readonly name: string;
	readonly facts: WireSessionRecord['registers'];
	readonly createdAt: number;
	readonly nodes: Map<string, ImportNode>;
	readonly blobs: ExportedBlob[];
}

/** Copies of what forks continue, over the whole file. */
const maximumCopies = 200_000;

export function isWherry(text: string): boolean {
	const header = objectOf(parseJson(text.slice(0, lineEnd(text, 0))));
	return header['format'] === exportFormat && typeof header['v'] === 'number' && header['v'] <= exportVersion;
}

export async function readWherry(text: string, skip: (what: string) => void): Promise<Conversation[]> {
	const drafts: Draft[] = [];
	const everywhere = new Map<string, ImportNode>();
	let line = 1;
	for (let at = lineEnd(text, 0) + 1; at < text.length;) {
		const end = lineEnd(text, at);
		const row = objectOf(parseJson(text.slice(at, end)));
		const isBlank = end === at || text.slice(at, Math.min(end, at + 10)).trim() === '';
		at = end + 1;
		line++;
		if (isBlank) continue;
		const draft = drafts.at(-1);
		if ('session' in row) drafts.push(readSession(row['session'], drafts.length + 1, skip));
		else if (draft === undefined) skip(`line ${line}: not readable`);
		else if ('entry' in row) {
			const node = readEntryNode(row['entry'], (why) => skip(`${draft.name}, line ${line}: ${why}`));
			if (node === undefined || draft.nodes.has(node.key)) continue;
			draft.nodes.set(node.key, node);
			if (!everywhere.has(node.key)) everywhere.set(node.key, node);
		} else if ('blob' in row) {
			const blob = await readBlob(row['blob']);
			if (blob === undefined) skip(`${draft.name}, line ${line}: a file that is damaged`);
			else draft.blobs.push(blob);
			// A shared session says once more, for its page, what its entries say.
		} else if (!('reading' in row)) skip(`${draft.name}, line ${line}: not readable`);
	}
	let copies = 0;
	return drafts.map(({ facts, createdAt, nodes, blobs }) => {
		for (const first of [...nodes.values()]) {
			for (let parent = first.parent; parent !== null && !nodes.has(parent);) {
				const inherited = everywhere.get(parent);
				if (inherited === undefined || ++copies > maximumCopies) break;
				nodes.set(parent, inherited);
				parent = inherited.parent;
			}
		}
		return {
			title: facts.title?.value ?? '',
			createdAt,
			...(facts.touchedAt === undefined ? {} : { touchedAt: facts.touchedAt.value }),
			head: facts.head?.value ?? null,
			pinned: facts.pinned?.value ?? false,
			archived: facts.archived?.value ?? false,
			folder: facts.folder?.value ?? '',
			tags: facts.tags?.value ?? [],
			nodes: [...nodes.values()],
			blobs
		};
	});
}

function lineEnd(text: string, from: number): number {
	const end = text.indexOf('\n', from);
	return end < 0 ? text.length : end;
}

function readSession(value: unknown, number: number, skip: (what: string) => void): Draft {
	const parsed = sessionRecordSchema.safeParse(value);
	const title = textOf(objectOf(objectOf(objectOf(value)['registers'])['title'])['value']);
	const name = title === '' ? `session ${number}` : `"${title.slice(0, 60)}"`;
	if (!parsed.success) skip(`${name}: its settings`);
	return {
		name,
		facts: parsed.success ? parsed.data.registers : {},
		createdAt: timeOf(objectOf(value)['createdAt']),
		nodes: new Map(),
		blobs: []
	};
}

function readEntryNode(value: unknown, skip: (why: string) => void): ImportNode | undefined {
	const parsed = entryShellSchema.safeParse(value);
	if (!parsed.success || parsed.data.v > entryVersion) {
		const { id, parentId, v } = objectOf(value);
		skip(
			typeof v === 'number' && v > entryVersion
				? 'a message of a newer Wherry'
				: 'a message that is not readable'
		);
		const key = keyOf(id);
		return key === null ? undefined : { key, parent: keyOf(parentId), kind: 'hole', parts: [], at: 0 };
	}
	const { id, parentId, kind, at, turnId, response, covers, labels, parts: loose } = parsed.data;
	const parts: Part[] = [];
	for (const one of listOf(loose)) {
		const part = partSchema.safeParse(one);
		if (!part.success) skip('a part that is not readable');
		else if (part.data.type === 'result') {
			// An effect of another place: its key could name one of this place.
			const { effectKey, undo, ...rest } = part.data;
			void effectKey;
			void undo;
			parts.push(rest);
		} else parts.push(part.data);
	}
	return {
		key: id,
		parent: parentId,
		kind,
		parts,
		at,
		...(response === undefined ? {} : { response }),
		...(turnId === undefined ? {} : { turn: turnId }),
		...(covers === undefined ? {} : { covers: covers.upTo }),
		sources: labels.sources
	};
}

async function readBlob(value: unknown): Promise<ExportedBlob | undefined> {
	const { sha256, mediaType, base64 } = objectOf(value);
	const bytes = fromBase64(textOf(base64));
	if (bytes === undefined || typeof sha256 !== 'string') return undefined;
	const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
	const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
	return hex === sha256
		? { sha256, mediaType: textOf(mediaType) || 'application/octet-stream', bytes }
		: undefined;
}
