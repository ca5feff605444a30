/**
 * Claude's export: conversations with `chat_messages`. One message may hold several rounds of
 * calls and results; it becomes as many entries. Without parents it is one line of messages.
 */

import type { Part } from '../../../wire/entries';
import type { Json } from '../../../wire/json';
import { importedResponse } from './imported';
import type { Conversation, ImportNode } from './imported';
import { actionName, jsonOf, keyOf, listOf, objectOf, textOf, timeOf } from './read-value';

const rootParent = /^0{8}-0{4}-[04]0{3}-[08]0{3}-0{12}$/;

export function isClaude(value: unknown): boolean {
	return Array.isArray(objectOf(value)['chat_messages']);
}

export function readClaude(value: unknown): Conversation {
	const conversation = objectOf(value);
	const nodes: ImportNode[] = [];
	/** The last entry that a message became. */
	const ends = new Map<string, string>();
	let previous: string | null = null;
	for (const [place, one] of listOf(conversation['chat_messages']).entries()) {
		const message = objectOf(one);
		const key: string = keyOf(message['uuid']) ?? `message ${place}`;
		const named: string | null = keyOf(message['parent_message_uuid']);
		const parent: string | null =
			named === null ? previous : rootParent.test(named) ? null : (ends.get(named) ?? named);
		const at = timeOf(message['created_at']);
		const rounds = message['sender'] === 'human' ? [userRound(message)] : answerRounds(message, key);
		let last: string | null = parent;
		for (const [number, round] of rounds.entries()) {
			const own: string = number === 0 ? key : `${key}#${number}`;
			nodes.push({
				key: own,
				parent: last,
				at,
				...round,
				...(round.kind === 'assistant'
					? { response: importedResponse('anthropic', textOf(conversation['model']) || 'claude') }
					: {})
			});
			last = own;
		}
		ends.set(key, last ?? key);
		previous = last;
	}
	const head = keyOf(conversation['current_leaf_message_uuid']);
	return {
		title: textOf(conversation['name']) || textOf(conversation['title']),
		createdAt: timeOf(conversation['created_at']),
		touchedAt: timeOf(conversation['updated_at']) || timeOf(conversation['created_at']),
		head: head === null ? previous : (ends.get(head) ?? previous),
		pinned: conversation['is_starred'] === true,
		folder: textOf(objectOf(conversation['project'])['name']),
		nodes
	};
}

type Round = Pick<ImportNode, 'kind' | 'parts'>;

function userRound(message: Readonly<Record<string, unknown>>): Round {
	const parts: Part[] = [];
	const blocks = listOf(message['content']).map((block) => textOf(objectOf(block)['text']));
	const text = blocks.filter((block) => block !== '').join('\n\n') || textOf(message['text']);
	if (text !== '') parts.push({ type: 'text', text });
	for (const one of listOf(message['attachments'])) {
		const { file_name, extracted_content } = objectOf(one);
		const content = textOf(extracted_content);
		const name = textOf(file_name) || 'pasted text';
		parts.push({
			type: 'text',
			text: content === '' ? `[attached: ${name}]` : `[attached: ${name}]\n${content}`
		});
	}
	for (const one of listOf(message['files'])) {
		const name = textOf(objectOf(one)['file_name']);
		if (name !== '') parts.push({ type: 'text', text: `[attached: ${name}]` });
	}
	return { kind: parts.length === 0 ? 'hole' : 'user', parts };
}

function answerRounds(message: Readonly<Record<string, unknown>>, key: string): Round[] {
	const rounds: Round[] = [];
	let parts: Part[] = [];
	const open: { callId: string; action: string }[] = [];
	const flush = (): void => {
		if (parts.length > 0) rounds.push({ kind: 'assistant', parts });
		parts = [];
	};
	for (const [place, one] of listOf(message['content']).entries()) {
		const block = objectOf(one);
		switch (block['type']) {
			case 'text': {
				const text = textOf(block['text']);
				if (text.trim() !== '') parts.push({ type: 'text', text });
				break;
			}
			case 'thinking': {
				const text = textOf(block['thinking']);
				if (text !== '') parts.push({ type: 'reasoning', text });
				break;
			}
			case 'tool_use': {
				// Text of a next round after results that are still to come would part call and result.
				const call = { callId: keyOf(block['id']) ?? `${key}:${place}`, action: actionName(block['name']) };
				open.push(call);
				parts.push({ type: 'call', ...call, args: jsonOf(block['input'] ?? {}), via: 'native' });
				break;
			}
			case 'tool_result': {
				const id = keyOf(block['tool_use_id']);
				const found = id === null ? 0 : open.findIndex((call) => call.callId === id);
				const [call] = found < 0 ? [] : open.splice(found, 1);
				if (call === undefined) break;
				flush();
				const at = timeOf(message['created_at']);
				const status = block['is_error'] === true ? 'error' : 'ok';
				rounds.push({
					kind: 'result',
					parts: [
						{
							type: 'result',
							...call,
							status,
							output: outputOf(block['content']),
							startedAt: at,
							durationMs: 0
						}
					]
				});
				break;
			}
			default:
				if (typeof block['type'] === 'string')
					parts.push({ type: 'provider', provider: 'anthropic', gist: block['type'], raw: jsonOf(block) });
		}
	}
	if (rounds.length === 0 && parts.length === 0) {
		const text = textOf(message['text']);
		if (text !== '') parts.push({ type: 'text', text });
	}
	flush();
	return rounds.length === 0 ? [{ kind: 'hole', parts: [] }] : rounds;
}

/** Text blocks as text, anything else as it is. */
function outputOf(content: unknown): Json {
	if (!Array.isArray(content)) return jsonOf(content);
	const texts = content.map((block) => objectOf(block)['text']);
	return texts.every((text) => typeof text === 'string') ? texts.join('\n') : jsonOf(content);
}
