/**
 * Open WebUI's export: chats whose `history.messages` is a tree with `currentId`. Reasoning and
 * calls stand in the text as `<details>` blocks; they become parts and entries of their own.
 */

import type { Part } from '../../../wire/entries';
import { importedResponse } from './imported';
import type { Conversation, ImportNode } from './imported';
import { actionName, argumentsOf, jsonOf, keyOf, listOf, objectOf, textOf, timeOf } from './read-value';

export function isOpenWebUi(value: unknown): boolean {
	const chat = objectOf(objectOf(value)['chat'] ?? value);
	return 'messages' in objectOf(chat['history']);
}

export function readOpenWebUi(value: unknown): Conversation {
	const row = objectOf(value);
	const chat = objectOf(row['chat'] ?? value);
	const history = objectOf(chat['history']);
	const messages = objectOf(history['messages']);
	const nodes: ImportNode[] = [];
	/** The last entry of a message; children go on from there. */
	const ends = new Map<string, string>();
	for (const [key, one] of Object.entries(messages)) {
		const message = objectOf(one);
		const rounds = roundsOf(message, key);
		const at = timeOf(message['timestamp']);
		let last: string | null = keyOf(message['parentId']);
		for (const [number, round] of rounds.entries()) {
			const own = number === 0 ? key : `${key}#${number}`;
			const response = importedResponse(
				'open-webui',
				textOf(message['model']) || 'unknown',
				'error' in message ? 'error' : 'end'
			);
			nodes.push({
				key: own,
				parent: last,
				at,
				...round,
				...(round.kind === 'assistant' ? { response } : {})
			});
			last = own;
		}
		if (last !== null) ends.set(key, last);
	}
	const linked = nodes.map((node) =>
		node.key.includes('#') || node.parent === null
			? node
			: { ...node, parent: ends.get(node.parent) ?? node.parent }
	);
	const head = keyOf(history['currentId']);
	const meta = objectOf(row['meta']);
	return {
		title: textOf(row['title']) || textOf(chat['title']),
		createdAt: timeOf(row['created_at'] ?? chat['timestamp']),
		touchedAt: timeOf(row['updated_at'] ?? row['created_at'] ?? chat['timestamp']),
		head: head === null ? null : (ends.get(head) ?? head),
		pinned: row['pinned'] === true,
		archived: row['archived'] === true,
		tags: listOf(meta['tags'] ?? chat['tags']).filter((tag) => typeof tag === 'string'),
		nodes: linked
	};
}

type Round = Pick<ImportNode, 'kind' | 'parts'>;

function roundsOf(message: Readonly<Record<string, unknown>>, key: string): Round[] {
	const text = contentOf(message['content']);
	const files = listOf(message['files'])
		.map((file) => textOf(objectOf(file)['name']))
		.filter((name) => name !== '');
	const attached: Part[] = files.map((name) => ({ type: 'text', text: `[attached: ${name}]` }));
	const role = message['role'];
	if (role === 'user') {
		const parts: Part[] = [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...attached];
		return [{ kind: parts.length === 0 ? 'hole' : 'user', parts }];
	}
	if (role !== 'assistant') return [{ kind: 'hole', parts: [] }];
	const rounds: Round[] = [];
	let parts: Part[] = [];
	const reasoning = textOf(message['reasoning_content']);
	if (reasoning !== '') parts.push({ type: 'reasoning', text: reasoning });
	for (const piece of detailsOf(text)) {
		if (piece.type === '') {
			if (piece.text.trim() !== '') parts.push({ type: 'text', text: piece.text.trim() });
		} else if (piece.type === 'reasoning') {
			parts.push({ type: 'reasoning', text: piece.text.replace(/^> ?/gm, '').trim() });
		} else if (piece.type === 'tool_calls') {
			const callId = piece.attributes.get('id') || `${key}:${rounds.length}`;
			const action = actionName(piece.attributes.get('name'));
			const at = timeOf(message['timestamp']);
			parts.push({
				type: 'call',
				callId,
				action,
				args: argumentsOf(piece.attributes.get('arguments') ?? ''),
				via: 'native'
			});
			rounds.push({ kind: 'assistant', parts });
			parts = [];
			if (!piece.attributes.has('result')) continue;
			const output = argumentsOf(piece.attributes.get('result'));
			rounds.push({
				kind: 'result',
				parts: [{ type: 'result', callId, action, status: 'ok', output, startedAt: at, durationMs: 0 }]
			});
		} else
			parts.push({ type: 'provider', provider: 'open-webui', gist: piece.type, raw: jsonOf(piece.text) });
	}
	if (parts.length > 0) rounds.push({ kind: 'assistant', parts });
	return rounds.length === 0 ? [{ kind: 'hole', parts: [] }] : rounds;
}

function contentOf(content: unknown): string {
	if (typeof content === 'string') return content;
	return listOf(content)
		.map((part) => textOf(objectOf(part)['text']))
		.filter((text) => text !== '')
		.join('\n');
}

interface Piece {
	/** Empty for plain text. */
	readonly type: string;
	readonly attributes: ReadonlyMap<string, string>;
	readonly text: string;
}

const opening = '<details type="';
const closing = '</details>';
const noAttributes: ReadonlyMap<string, string> = new Map();

/** One pass with `indexOf`: a text full of openings costs no more than any other. */
function detailsOf(text: string): Piece[] {
	const pieces: Piece[] = [];
	let at = 0;
	for (;;) {
		const start = text.indexOf(opening, at);
		const tagEnd = start < 0 ? -1 : text.indexOf('>', start);
		const end = tagEnd < 0 ? -1 : text.indexOf(closing, tagEnd);
		if (end < 0) break;
		pieces.push({ type: '', attributes: noAttributes, text: text.slice(at, start) });
		const attributes = new Map<string, string>();
		for (const [, name = '', value = ''] of text
			.slice(start, tagEnd)
			.matchAll(/(?<![a-z_])([a-z_]+)="([^"]*)"/g))
			attributes.set(name, unescapeHtml(value));
		const inside = text.slice(tagEnd + 1, end).replace(/^\s*<summary>[^<]*<\/summary>/, '');
		pieces.push({ type: attributes.get('type') ?? '', attributes, text: inside });
		at = end + closing.length;
	}
	pieces.push({ type: '', attributes: noAttributes, text: text.slice(at) });
	return pieces;
}

const entities: Readonly<Record<string, string>> = {
	quot: '"',
	amp: '&',
	lt: '<',
	gt: '>',
	'#39': "'",
	'#x27': "'"
};

function unescapeHtml(text: string): string {
	return text.replace(/&(quot|amp|lt|gt|#39|#x27);/g, (_whole, name: string) => entities[name] ?? '');
}
