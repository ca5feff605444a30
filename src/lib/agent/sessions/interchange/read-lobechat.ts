/**
 * LobeChat's exports: the older file with `state`, the newer with tables under `data`. Messages
 * belong to a topic of a session; a message without a parent follows the one before it in
 * time, and results of one answer follow each other.
 */

import type { Part } from '../../../wire/entries';
import { importedResponse } from './imported';
import type { Conversation, ImportNode } from './imported';
import { actionName, argumentsOf, keyOf, listOf, objectOf, textOf, timeOf } from './read-value';

type Loose = Readonly<Record<string, unknown>>;

function tablesOf(value: unknown): Loose {
	const file = objectOf(value);
	return objectOf(file['state'] ?? file['data']);
}

export function isLobeChat(value: unknown): boolean {
	const file = objectOf(value);
	if (!('exportType' in file || 'schemaHash' in file || 'version' in file || 'mode' in file)) return false;
	return Array.isArray(tablesOf(value)['messages']);
}

export function readLobeChat(value: unknown): Conversation[] {
	const tables = tablesOf(value);
	const topics = byId(tables['topics']);
	const sessions = byId(tables['sessions']);
	const plugins = byId(tables['messagePlugins']);
	const groups = new Map<string, Loose[]>();
	for (const one of listOf(tables['messages'])) {
		const message = objectOf(one);
		const group = JSON.stringify([keyOf(message['sessionId']) ?? 'inbox', keyOf(message['topicId'])]);
		const known = groups.get(group);
		if (known === undefined) groups.set(group, [message]);
		else known.push(message);
	}
	const conversations: Conversation[] = [];
	for (const messages of groups.values()) {
		const [first] = messages;
		const topic = objectOf(topics.get(keyOf(first?.['topicId']) ?? ''));
		const session = objectOf(sessions.get(keyOf(first?.['sessionId']) ?? ''));
		const name = textOf(objectOf(session['meta'])['title']) || textOf(session['title']);
		const nodes = nodesOf(messages, plugins);
		conversations.push({
			title: textOf(topic['title']) || name,
			createdAt: timeOf(topic['createdAt']) || timeOf(first?.['createdAt']),
			head: nodes.at(-1)?.key ?? null,
			pinned: topic['favorite'] === true || topic['favorite'] === 1,
			...(name === '' || textOf(topic['title']) === '' ? {} : { folder: name }),
			nodes
		});
	}
	return conversations;
}

function byId(table: unknown): Map<string, Loose> {
	const rows = new Map<string, Loose>();
	for (const one of listOf(table)) {
		const row = objectOf(one);
		const id = keyOf(row['id']);
		if (id !== null) rows.set(id, row);
	}
	return rows;
}

function nodesOf(unsorted: readonly Loose[], plugins: ReadonlyMap<string, Loose>): ImportNode[] {
	const messages = unsorted
		.map((message, place) => ({
			message,
			key: keyOf(message['id']) ?? `message ${place}`,
			at: timeOf(message['createdAt'])
		}))
		.sort((a, b) => a.at - b.at);
	const known = new Set(messages.map(({ key }) => key));
	const nodes: ImportNode[] = [];
	/** Where the next message of a line goes: the last result of an answer, else itself. */
	const ends = new Map<string, string>();
	/** The answer that a result belongs to, and the calls it left open. */
	const answers = new Map<string, string>();
	const calls = new Map<string, Map<string, string>>();
	let previous: string | null = null;
	for (const { message, key, at } of messages) {
		const role = message['role'];
		const named = keyOf(message['parentId']);
		const isTool = role === 'tool' || role === 'function';
		const linked: string | null = named !== null && named !== key && known.has(named) ? named : previous;
		const answer: string | null = linked === null ? null : (answers.get(linked) ?? linked);
		const parent: string | null =
			answer === null
				? null
				: isTool || answers.has(linked ?? '') || calls.has(answer)
					? (ends.get(answer) ?? answer)
					: linked;
		const content = textOf(message['content']);
		const plugin = objectOf(message['plugin'] ?? plugins.get(key));
		if (isTool) {
			const open = calls.get(answer ?? '');
			const wanted =
				keyOf(message['tool_call_id'] ?? plugin['toolCallId']) ?? [...(open?.keys() ?? [])][0] ?? '';
			const action = open?.get(wanted);
			if (action === undefined)
				nodes.push({ key, parent, at, kind: 'note', parts: [{ type: 'text', text: content }] });
			else {
				open?.delete(wanted);
				const status = plugin['error'] === undefined || plugin['error'] === null ? 'ok' : 'error';
				nodes.push({
					key,
					parent,
					at,
					kind: 'result',
					parts: [
						{
							type: 'result',
							callId: wanted,
							action,
							status,
							output: argumentsOf(content),
							startedAt: at,
							durationMs: 0
						}
					]
				});
			}
			if (answer !== null) {
				answers.set(key, answer);
				ends.set(answer, key);
			}
		} else if (role === 'assistant') {
			const parts = answerParts(message, content, key);
			const own = new Map<string, string>();
			for (const part of parts) if (part.type === 'call') own.set(part.callId, part.action);
			if (own.size > 0) calls.set(key, own);
			const extra = objectOf(message['extra']);
			const model =
				textOf(message['model']) || textOf(extra['fromModel']) || textOf(message['fromModel']) || 'unknown';
			const provider = textOf(message['provider']) || textOf(extra['fromProvider']) || 'lobechat';
			const stop = message['error'] === undefined || message['error'] === null ? 'end' : 'error';
			nodes.push({
				key,
				parent,
				at,
				kind: parts.length === 0 ? 'hole' : 'assistant',
				parts,
				response: importedResponse(provider, model, stop)
			});
		} else if (role === 'user' && content !== '')
			nodes.push({ key, parent, at, kind: 'user', parts: [{ type: 'text', text: content }] });
		else nodes.push({ key, parent, at, kind: 'hole', parts: [] });
		previous = key;
	}
	return nodes;
}

function answerParts(message: Loose, content: string, key: string): Part[] {
	const parts: Part[] = [];
	const reasoning = textOf(objectOf(message['reasoning'])['content']);
	if (reasoning !== '') parts.push({ type: 'reasoning', text: reasoning });
	// A failed answer keeps the placeholder that was shown while it was awaited.
	if (content !== '' && !(content === '...' && 'error' in message))
		parts.push({ type: 'text', text: content });
	for (const [place, one] of listOf(message['tools']).entries()) {
		const tool = objectOf(one);
		const name = [textOf(tool['identifier']), textOf(tool['apiName'])]
			.filter((piece) => piece !== '')
			.join('_');
		parts.push({
			type: 'call',
			callId: keyOf(tool['id']) ?? `${key}:${place}`,
			action: actionName(name),
			args: argumentsOf(tool['arguments']),
			via: 'native'
		});
	}
	return parts;
}
