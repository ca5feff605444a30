/**
 * ChatGPT's `conversations.json`: a list of conversations, each a `mapping` of nodes with
 * parents. Hidden and empty nodes are holes; a message to a tool is a call, the tool's answer
 * its result; thoughts go in front of the answer they led to.
 */

import type { Part } from '../../../wire/entries';
import { importedResponse } from './imported';
import type { Conversation, ImportNode } from './imported';
import { actionName, argumentsOf, keyOf, listOf, objectOf, textOf, timeOf } from './read-value';

export function isChatGpt(value: unknown): boolean {
	return 'mapping' in objectOf(value);
}

export function readChatGpt(value: unknown): Conversation {
	const conversation = objectOf(value);
	const mapping = objectOf(conversation['mapping']);
	const nodes: ImportNode[] = [];
	const calls = new Map<string, string>();
	const answered = new Set<string>();
	const carried = new Map<string, readonly Part[]>();
	for (const key of parentsFirst(mapping)) {
		const node = objectOf(mapping[key]);
		const parent = keyOf(node['parent']);
		const message = objectOf(node['message']);
		const author = objectOf(message['author']);
		const role = textOf(author['role']);
		const metadata = objectOf(message['metadata']);
		const at = timeOf(message['create_time']);
		const base = { key, parent, at };
		const content = objectOf(message['content']);
		const isHidden =
			metadata['is_visually_hidden_from_conversation'] === true || role === 'system' || role === '';
		const parts = partsOf(content);
		const before = carried.get(key) ?? [];
		if (role === 'tool' && parts.length > 0) {
			const callKey = parent ?? '';
			const action = calls.get(callKey);
			const output = parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
			if (action !== undefined && !answered.has(callKey)) {
				answered.add(callKey);
				const status = textOf(content['content_type']) === 'system_error' ? 'error' : 'ok';
				nodes.push({
					...base,
					kind: 'result',
					parts: [{ type: 'result', callId: callKey, action, status, output, startedAt: at, durationMs: 0 }]
				});
			} else nodes.push({ ...base, kind: 'note', parts: [{ type: 'text', text: output }] });
		} else if (isHidden || (parts.length === 0 && before.length === 0)) {
			nodes.push({ ...base, kind: 'hole', parts: [] });
		} else if (role === 'user') {
			nodes.push({ ...base, kind: 'user', parts });
		} else if (role === 'assistant') {
			const response = importedResponse('openai', textOf(metadata['model_slug']) || 'chatgpt');
			const recipient = textOf(message['recipient']);
			if (recipient !== '' && recipient !== 'all') {
				const action = actionName(recipient);
				calls.set(key, action);
				const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
				const given = argumentsOf(textOf(content['text']) || text);
				const args =
					typeof given === 'object' && given !== null && !Array.isArray(given) ? given : { input: given };
				const call: Part = { type: 'call', callId: key, action, args, via: 'native' };
				nodes.push({
					...base,
					kind: 'assistant',
					parts: [...before, call],
					response: { ...response, stop: 'calls' }
				});
				continue;
			}
			const [onlyChild, ...others] = listOf(node['children']).map(keyOf);
			const child = objectOf(objectOf(objectOf(mapping[onlyChild ?? ''])['message'])['author']);
			if (
				onlyChild !== undefined &&
				onlyChild !== null &&
				others.length === 0 &&
				child['role'] === 'assistant' &&
				parts.every((part) => part.type === 'reasoning')
			) {
				carried.set(onlyChild, [...before, ...parts]);
				nodes.push({ ...base, kind: 'hole', parts: [] });
			} else nodes.push({ ...base, kind: 'assistant', parts: [...before, ...parts], response });
		} else nodes.push({ ...base, kind: 'hole', parts: [] });
	}
	return {
		title: textOf(conversation['title']),
		createdAt: timeOf(conversation['create_time']),
		touchedAt: timeOf(conversation['update_time']) || timeOf(conversation['create_time']),
		head: keyOf(conversation['current_node']),
		archived: conversation['is_archived'] === true,
		pinned: conversation['is_starred'] === true,
		nodes
	};
}

/** The order in which a node's parent has been seen; nodes in circles come last, as they are. */
function parentsFirst(mapping: Readonly<Record<string, unknown>>): string[] {
	const keys = Object.keys(mapping);
	const children = new Map<string, string[]>();
	const open: string[] = [];
	for (const key of keys) {
		const parent = keyOf(objectOf(mapping[key])['parent']);
		if (parent === null || !Object.hasOwn(mapping, parent)) open.push(key);
		else {
			const siblings = children.get(parent);
			if (siblings === undefined) children.set(parent, [key]);
			else siblings.push(key);
		}
	}
	const ordered = new Set<string>();
	open.reverse();
	for (let key = open.pop(); key !== undefined; key = open.pop()) {
		if (ordered.has(key)) continue;
		ordered.add(key);
		for (const child of inOrder(key, children.get(key) ?? [], mapping).toReversed()) open.push(child);
	}
	for (const key of keys) ordered.add(key);
	return [...ordered];
}

/** Siblings as the parent lists them. */
function inOrder(
	key: string,
	found: readonly string[],
	mapping: Readonly<Record<string, unknown>>
): readonly string[] {
	if (found.length < 2) return found;
	const listed = new Map(listOf(objectOf(mapping[key])['children']).map((child, place) => [child, place]));
	return [...found].sort((a, b) => (listed.get(a) ?? 1e9) - (listed.get(b) ?? 1e9));
}

function partsOf(content: Readonly<Record<string, unknown>>): Part[] {
	const type = textOf(content['content_type']);
	const texts: string[] = [];
	switch (type) {
		case 'thoughts': {
			const thoughts = listOf(content['thoughts']).map((one) => {
				const { summary, content: text } = objectOf(one);
				return [textOf(summary), textOf(text)].filter((line) => line !== '').join('\n');
			});
			const text = thoughts.filter((one) => one !== '').join('\n\n');
			return text === '' ? [] : [{ type: 'reasoning', text }];
		}
		case 'reasoning_recap':
		case 'user_editable_context':
		case 'model_editable_context':
			return [];
		case 'tether_quote':
			texts.push(textOf(content['title']), textOf(content['url']), textOf(content['text']));
			break;
		case 'tether_browsing_display':
			texts.push(textOf(content['summary']), textOf(content['result']));
			break;
		default:
			for (const part of listOf(content['parts']))
				texts.push(typeof part === 'string' ? part : assetText(part));
			texts.push(textOf(content['text']));
	}
	const text = texts.filter((one) => one !== '').join('\n');
	return text.trim() === '' ? [] : [{ type: 'text', text }];
}

/** What the export does not carry is named. */
function assetText(part: unknown): string {
	const { content_type, text } = objectOf(part);
	if (typeof text === 'string') return text;
	const kind = textOf(content_type);
	if (kind.startsWith('image')) return '[image, not in the export]';
	if (kind.startsWith('audio') || kind.startsWith('real_time')) return '[audio, not in the export]';
	return '';
}
