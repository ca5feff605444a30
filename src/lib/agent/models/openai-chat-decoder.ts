/**
 * The stream of Chat Completions, as its many speakers write it: content as text or as an array of
 * parts, three names for reasoning, calls with and without an index, whole or in pieces, errors
 * inside a 200, and ends without a mark.
 */

import { isJsonObject } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import { createDecoder } from './decoder';
import { createTemplates } from './delta-template';
import { addCitation, addExtras, count, createDraft, growOpen, growSlot, openSlot, without } from './draft';
import type { Draft, Emit } from './draft';
import { createCalls } from './openai-chat-calls';
import type { Calls } from './openai-chat-calls';
import { onlyGrowth } from './openai-chat-growth';
import type { Growth } from './openai-chat-growth';
import { readDetails, setField } from './openai-chat-reasoning';
import type { Decoder, ProtocolTarget } from './protocol';
import { readErrorObject } from './provider-errors';

export interface ChatState {
	readonly draft: Draft;
	readonly calls: Calls;
}

export function decodeOpenAiChat(target: ProtocolTarget): Decoder {
	const state = createChatState();
	const templates = createTemplates<Growth>();
	return createDecoder({
		provider: target.ref.provider,
		draft: state.draft,
		keepsArgs: true,
		readFast: (data, emit) =>
			templates.match(data, (growth, delta) => {
				if (growth.index !== undefined) {
					state.calls.grow(growth.index, delta, emit);
				} else {
					growOpen(state.draft, growth.kind, delta, emit);
					if (growth.kind === 'reasoning') setField(state.draft, growth.field);
				}
			}),
		learn: (data, value) => {
			const growth = onlyGrowth(value);
			if (growth !== undefined) templates.learn(data, growth, growth.field, growth.value);
		},
		read: (value, emit, event) => {
			readChunk(state, value, emit, event);
		},
		finish: () => {
			finishChat(state);
		}
	});
}

export function createChatState(): ChatState {
	const draft = createDraft();
	return { draft, calls: createCalls(draft) };
}

const readFields = ['id', 'object', 'created', 'choices', 'usage', 'error', 'obfuscation', 'model'];

export function readChunk(state: ChatState, value: JsonObject, emit: Emit, event: string): void {
	const { draft } = state;
	const { choices, usage, error } = value;
	if (draft.responseId === undefined && typeof value['id'] === 'string') {
		draft.responseId = value['id'];
		Object.assign(draft.extras, without(value, readFields));
	}
	if (error !== undefined && error !== null) draft.error ??= readErrorObject(error, 0).toWire();
	else if (event === 'error') draft.error ??= readErrorObject(value, 0).toWire();
	else if (value['object'] === 'error') draft.error ??= readErrorObject(value, 0).toWire();
	if (isJsonObject(usage)) {
		readUsage(draft, usage);
		Object.assign(draft.extras, without(value, readFields));
	}
	if (!Array.isArray(choices)) return;
	for (const choice of choices) {
		// One answer is asked for; a second choice would only mix into it.
		if (!isJsonObject(choice) || (choice['index'] !== undefined && choice['index'] !== 0)) continue;
		const delta = choice['delta'] ?? choice['message'];
		if (isJsonObject(delta)) readDelta(state, delta, emit);
		const reason = choice['finish_reason'];
		if (typeof reason === 'string' && reason !== '') readReason(draft, reason);
		if (isJsonObject(choice['error'])) draft.error ??= readErrorObject(choice['error'], 0).toWire();
	}
}

function readDelta(state: ChatState, delta: JsonObject, emit: Emit): void {
	for (const name in delta) {
		const member = delta[name];
		if (member === null || member === undefined) continue;
		switch (name) {
			case 'content':
				if (typeof member === 'string') growOpen(state.draft, 'text', member, emit);
				else if (Array.isArray(member)) for (const part of member) readContentPart(state, part, emit);
				break;
			case 'reasoning_content':
			case 'reasoning':
				// Both names at once say the same thing twice.
				if (
					typeof member !== 'string' ||
					(name === 'reasoning' && typeof delta['reasoning_content'] === 'string')
				)
					break;
				growOpen(state.draft, 'reasoning', member, emit);
				if (member !== '') setField(state.draft, name);
				break;
			case 'reasoning_details':
				if (Array.isArray(member)) readDetails(state.draft, delta, member, emit);
				break;
			case 'refusal':
				if (typeof member === 'string' && member !== '') refuse(state, member, emit);
				break;
			case 'tool_calls':
				if (Array.isArray(member))
					for (const call of member) if (isJsonObject(call)) state.calls.read(call, emit);
				break;
			case 'annotations':
				if (Array.isArray(member)) for (const note of member) annotate(state, note);
				break;
			case 'role':
				break;
			default:
				state.draft.extras[`message.${name}`] = member;
		}
	}
}

/** Mistral's content parts; what is not known is kept. */
function readContentPart(state: ChatState, part: Json, emit: Emit): void {
	if (typeof part === 'string') {
		growOpen(state.draft, 'text', part, emit);
		return;
	}
	if (!isJsonObject(part)) return;
	if (part['type'] === 'text' && typeof part['text'] === 'string') {
		growOpen(state.draft, 'text', part['text'], emit);
		return;
	}
	if (part['type'] === 'thinking') {
		const thinking = part['thinking'];
		const said = Array.isArray(thinking)
			? thinking
					.map((piece) => (isJsonObject(piece) && typeof piece['text'] === 'string' ? piece['text'] : ''))
					.join('')
			: typeof thinking === 'string'
				? thinking
				: '';
		growOpen(state.draft, 'reasoning', said, emit);
		const chunk = without(part, ['type', 'thinking']);
		if (state.draft.open?.kind === 'reasoning')
			addExtras(state.draft.open, { field: 'thinking', ...(chunk === undefined ? {} : { chunk }) });
		return;
	}
	const slot = openSlot(state.draft, 'provider');
	slot.raw = part;
	slot.isDone = true;
	slot.gist = typeof part['type'] === 'string' ? part['type'].replaceAll('_', ' ') : 'content';
}

function refuse(state: ChatState, delta: string, emit: Emit): void {
	const slot =
		state.draft.slots.find((known) => known.kind === 'refusal') ?? openSlot(state.draft, 'refusal');
	growSlot(slot, delta, emit);
	state.draft.open = undefined;
}

function annotate(state: ChatState, note: Json): void {
	if (!isJsonObject(note)) return;
	const slot = state.draft.slots.findLast((known) => known.kind === 'text');
	const cited = isJsonObject(note['url_citation']) ? note['url_citation'] : note;
	if (slot !== undefined) addCitation(slot, cited['url'], cited['title']);
}

function readReason(draft: Draft, reason: string): void {
	switch (reason) {
		case 'length':
		case 'model_length':
			draft.stop = 'length';
			break;
		case 'content_filter':
			draft.stop = 'refused';
			break;
		case 'error':
			draft.error ??= readErrorObject({ message: 'finish_reason: error', type: 'server_error' }, 0).toWire();
			break;
		default:
			// `stop`, `tool_calls`, `function_call`, `eos`: whether there are calls is seen, not believed.
			draft.stop = 'end';
	}
}

function readUsage(draft: Draft, usage: JsonObject): void {
	const promptDetails = isJsonObject(usage['prompt_tokens_details']) ? usage['prompt_tokens_details'] : {};
	const outputDetails = isJsonObject(usage['completion_tokens_details'])
		? usage['completion_tokens_details']
		: {};
	const input = count(usage['prompt_tokens']);
	const said = count(usage['completion_tokens']);
	const reasoning = count(outputDetails['reasoning_tokens']);
	// xAI counts reasoning beside the completion, the others inside it; the total tells.
	const isBeside = reasoning > 0 && count(usage['total_tokens']) === input + said + reasoning;
	draft.usage = {
		input,
		output: isBeside ? said + reasoning : said,
		cacheRead: count(
			promptDetails['cached_tokens'] ?? usage['prompt_cache_hit_tokens'] ?? usage['cached_tokens']
		),
		cacheWrite: count(promptDetails['cache_write_tokens']),
		reasoning
	};
}

export function finishChat(state: ChatState): void {
	const { draft } = state;
	const isOver = draft.isTerminated || (draft.stop !== undefined && draft.stop !== 'length');
	if (isOver && draft.error === undefined) state.calls.finish();
}
