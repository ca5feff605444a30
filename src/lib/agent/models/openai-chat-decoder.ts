/**
 * The stream of Chat Completions, as its many speakers write it: content as text or as an array of
 * parts, three names for reasoning, calls with and without an index, whole or in pieces, errors
 * inside a 200, and ends without a mark.
 */

import { isJsonObject } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import { createTemplates } from './delta-template';
import {
	addCitation,
	addExtras,
	count,
	createDecoder,
	createDraft,
	openCall,
	openSlot,
	without
} from './draft';
import type { Draft, Emit, Slot } from './draft';
import type { Decoder, ProtocolTarget } from './protocol';
import { readErrorObject } from './provider-errors';

interface OpenCall {
	slot: Slot | undefined;
	place: number;
	id: string;
	name: string;
	/** Arguments that came before the name. */
	early: string;
	readonly index: number | undefined;
	extras: JsonObject | undefined;
}

export interface ChatState {
	readonly draft: Draft;
	readonly calls: OpenCall[];
	/** The slot that text or reasoning grows in, and its place. */
	open: Slot | undefined;
	place: number;
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
					growCall(findCall(state, growth.index, '', ''), delta, emit);
				} else {
					grow(state, growth.kind, delta, emit);
					if (growth.kind === 'reasoning') setField(state, growth.field);
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

interface Growth {
	readonly kind: 'text' | 'reasoning';
	readonly field: string;
	readonly value: string;
	/** Of the call whose arguments grow. */
	readonly index: number | undefined;
}

const grows = new Set(['content', 'reasoning_content', 'reasoning', 'refusal', 'tool_calls']);

/**
 * What a chunk does, where one text, one reasoning or one call's arguments grow and nothing else changes: a plain field
 * that says again what it said changes nothing.
 */
function onlyGrowth(value: JsonObject): Growth | undefined {
	const { choices, usage, error } = value;
	if (!Array.isArray(choices) || choices.length !== 1 || (usage ?? error ?? null) !== null) return undefined;
	const choice: unknown = choices[0];
	if (!isJsonObject(choice) || (choice['index'] ?? 0) !== 0 || !isJsonObject(choice['delta']))
		return undefined;
	if ((choice['finish_reason'] ?? choice['error'] ?? null) !== null) return undefined;
	let found: Growth | undefined;
	for (const [name, member] of Object.entries(choice['delta'])) {
		if (member === null || member === '' || (!grows.has(name) && typeof member !== 'object')) continue;
		if (found !== undefined) return undefined;
		if (name === 'content' && typeof member === 'string') {
			found = { kind: 'text', field: name, value: member, index: undefined };
		} else if ((name === 'reasoning_content' || name === 'reasoning') && typeof member === 'string') {
			found = { kind: 'reasoning', field: name, value: member, index: undefined };
		} else if (name === 'tool_calls' && Array.isArray(member) && member.length === 1) {
			found = onlyArguments(member[0]);
			if (found === undefined) return undefined;
		} else {
			return undefined;
		}
	}
	return found;
}

function onlyArguments(piece: Json | undefined): Growth | undefined {
	if (!isJsonObject(piece) || typeof piece['index'] !== 'number' || !isJsonObject(piece['function']))
		return undefined;
	if (
		without(piece, ['index', 'function']) !== undefined ||
		without(piece['function'], ['arguments']) !== undefined
	) {
		return undefined;
	}
	const value = piece['function']['arguments'];
	if (typeof value !== 'string' || value === '') return undefined;
	return { kind: 'text', field: 'arguments', value, index: piece['index'] };
}

export function createChatState(): ChatState {
	return { draft: createDraft(), calls: [], open: undefined, place: -1 };
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
				if (typeof member === 'string') grow(state, 'text', member, emit);
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
				grow(state, 'reasoning', member, emit);
				if (member !== '') setField(state, name);
				break;
			case 'reasoning_details':
				if (Array.isArray(member)) readDetails(state, delta, member, emit);
				break;
			case 'refusal':
				if (typeof member === 'string' && member !== '') refuse(state, member);
				break;
			case 'tool_calls':
				if (Array.isArray(member))
					for (const call of member) if (isJsonObject(call)) readCall(state, call, emit);
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

function grow(state: ChatState, kind: 'text' | 'reasoning', delta: string, emit: Emit): void {
	if (delta === '') return;
	let slot = state.open;
	if (slot?.kind !== kind) {
		slot = openSlot(state.draft, kind);
		state.open = slot;
		state.place = state.draft.slots.length - 1;
	}
	slot.text += delta;
	emit({ type: kind, index: state.place, delta });
}

function setField(state: ChatState, field: string): void {
	const slot = state.open;
	if (slot?.kind === 'reasoning' && slot.extras?.['field'] === undefined) addExtras(slot, { field });
}

/** Mistral's content parts; what is not known is kept. */
function readContentPart(state: ChatState, part: Json, emit: Emit): void {
	if (typeof part === 'string') {
		grow(state, 'text', part, emit);
		return;
	}
	if (!isJsonObject(part)) return;
	if (part['type'] === 'text' && typeof part['text'] === 'string') {
		grow(state, 'text', part['text'], emit);
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
		grow(state, 'reasoning', said, emit);
		const chunk = without(part, ['type', 'thinking']);
		if (state.open?.kind === 'reasoning')
			addExtras(state.open, { field: 'thinking', ...(chunk === undefined ? {} : { chunk }) });
		return;
	}
	const slot = openSlot(state.draft, 'provider');
	slot.raw = part;
	slot.isDone = true;
	slot.gist = typeof part['type'] === 'string' ? part['type'].replaceAll('_', ' ') : 'content';
	state.open = undefined;
}

/** OpenRouter's signed reasoning: pieces of one block (same index and type) grow together. */
function readDetails(state: ChatState, delta: JsonObject, details: readonly Json[], emit: Emit): void {
	if (details.length === 0) return;
	const hasPlain = typeof delta['reasoning'] === 'string' || typeof delta['reasoning_content'] === 'string';
	if (!hasPlain) {
		for (const detail of details) {
			if (!isJsonObject(detail)) continue;
			const said = detail['text'] ?? detail['summary'];
			if (typeof said === 'string') grow(state, 'reasoning', said, emit);
		}
	}
	let slot = state.draft.slots.find((known) => known.kind === 'reasoning');
	if (slot === undefined) {
		slot = openSlot(state.draft, 'reasoning');
		state.open = slot;
		state.place = state.draft.slots.length - 1;
	}
	const known = slot.extras?.['reasoning_details'];
	const merged: JsonObject[] = Array.isArray(known) ? known.filter(isJsonObject) : [];
	for (const detail of details) {
		if (!isJsonObject(detail)) continue;
		const at = merged.findIndex((one) => one['type'] === detail['type'] && one['index'] === detail['index']);
		const before = merged[at];
		if (before === undefined || detail['index'] === undefined) merged.push(detail);
		else merged[at] = joinDetail(before, detail);
	}
	addExtras(slot, { reasoning_details: merged });
}

function joinDetail(before: JsonObject, piece: JsonObject): JsonObject {
	const joined: Record<string, Json> = { ...before };
	for (const [name, member] of Object.entries(piece)) {
		const old = joined[name];
		if (name === '__proto__' || member === null) continue;
		const grows = name === 'text' || name === 'summary' || name === 'data';
		joined[name] = grows && typeof old === 'string' && typeof member === 'string' ? old + member : member;
	}
	return joined;
}

function refuse(state: ChatState, delta: string): void {
	const slot =
		state.draft.slots.find((known) => known.kind === 'refusal') ?? openSlot(state.draft, 'refusal');
	slot.text += delta;
	state.open = undefined;
}

function annotate(state: ChatState, note: Json): void {
	if (!isJsonObject(note)) return;
	const slot = state.draft.slots.findLast((known) => known.kind === 'text');
	const cited = isJsonObject(note['url_citation']) ? note['url_citation'] : note;
	if (slot !== undefined) addCitation(slot, cited['url'], cited['title']);
}

function readCall(state: ChatState, piece: JsonObject, emit: Emit): void {
	const fn = isJsonObject(piece['function']) ? piece['function'] : {};
	const index = typeof piece['index'] === 'number' ? piece['index'] : undefined;
	const id = typeof piece['id'] === 'string' ? piece['id'] : '';
	const name = typeof fn['name'] === 'string' ? fn['name'] : '';
	const call = findCall(state, index, id, name);
	if (call.id === '') call.id = id;
	if (call.name === '') call.name = name;
	const rest = without(piece, ['index', 'id', 'type', 'function']);
	const restOfFn = without(fn, ['name', 'arguments']);
	if (rest !== undefined || restOfFn !== undefined) {
		call.extras = { ...call.extras, ...rest, ...(restOfFn === undefined ? {} : { function: restOfFn }) };
		if (call.slot !== undefined) addExtras(call.slot, call.extras);
	}
	const said = fn['arguments'];
	// `null` is how some say "no arguments"; an object is how some say them all at once.
	const delta = typeof said === 'string' ? said : isJsonObject(said) ? JSON.stringify(said) : '';
	if (call.slot === undefined && call.name !== '') {
		call.slot = openCall(state.draft, call.id, call.name, emit);
		call.place = state.draft.slots.length - 1;
		addExtras(call.slot, call.extras);
		state.open = undefined;
		const { early } = call;
		call.early = '';
		growCall(call, early, emit);
	}
	growCall(call, delta, emit);
}

/** Arguments that come before their call has a name wait for it. */
function growCall(call: OpenCall, delta: string, emit: Emit): void {
	if (delta === '') return;
	if (call.slot === undefined) {
		call.early += delta;
		return;
	}
	call.slot.text += delta;
	emit({ type: 'call-delta', index: call.place, callId: call.slot.callId, delta });
}

/**
 * Which call a piece belongs to. By index; but some number every parallel call 0 and tell them apart by id,
 * and some give no index at all.
 */
function findCall(state: ChatState, index: number | undefined, id: string, name: string): OpenCall {
	const { calls } = state;
	let known: OpenCall | undefined;
	if (index === undefined) {
		known = id === '' ? (name === '' ? calls.at(-1) : undefined) : calls.find((call) => call.id === id);
	} else {
		known = calls.findLast((call) => call.index === index);
		if (known !== undefined && id !== '' && known.id !== '' && known.id !== id && name !== '')
			known = undefined;
	}
	if (known !== undefined) return known;
	const call: OpenCall = {
		slot: undefined,
		place: -1,
		id: '',
		name: '',
		early: '',
		index,
		extras: undefined
	};
	calls.push(call);
	return call;
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
	for (const call of state.calls) {
		if (call.slot !== undefined && isOver && draft.error === undefined) call.slot.isDone = true;
	}
}
