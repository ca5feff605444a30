/**
 * The stream of OpenAI Responses: output items by index, each with its own deltas. A finished item is
 * the provider's last word on it and replaces what the deltas said; so does the finished response.
 */

import { isJsonObject } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import { createDecoder } from './decoder';
import { addCitation, count, createDraft, growSlot, openCall, openSlot, without } from './draft';
import type { Draft, Emit, Slot } from './draft';
import type { Decoder, ProtocolTarget } from './protocol';
import { readErrorObject } from './provider-errors';

interface Item {
	readonly type: string;
	/** One slot per content part of a message; one for anything else. */
	readonly slots: (Slot | undefined)[];
	/** The summary part that reasoning grows in. */
	summary: number;
}

export function decodeOpenAiResponses(target: ProtocolTarget): Decoder {
	const draft = createDraft();
	const items = new Map<number, Item>();
	return createDecoder({
		provider: target.ref.provider,
		draft,
		keepsArgs: true,
		read: (value, emit) => {
			readEvent(draft, items, value, emit);
		}
	});
}

function readEvent(draft: Draft, items: Map<number, Item>, value: JsonObject, emit: Emit): void {
	const index = Number(value['output_index']);
	switch (value['type']) {
		case 'response.output_text.delta':
			grow(draft, items.get(index), 'text', value['content_index'], value['delta'], emit);
			return;
		case 'response.refusal.delta':
			grow(draft, items.get(index), 'refusal', value['content_index'], value['delta'], emit);
			return;
		case 'response.reasoning_summary_text.delta':
			growReasoning(draft, items.get(index), value['summary_index'], value['delta'], emit);
			return;
		case 'response.reasoning_text.delta':
			growReasoning(draft, items.get(index), value['content_index'], value['delta'], emit);
			return;
		case 'response.function_call_arguments.delta':
		case 'response.custom_tool_call_input.delta':
			growArgs(items.get(index), value['delta'], emit);
			return;
		case 'response.output_item.added':
			if (isJsonObject(value['item'])) startItem(draft, items, index, value['item'], emit);
			return;
		case 'response.output_item.done':
			if (isJsonObject(value['item'])) finishItem(draft, items, index, value['item'], emit);
			return;
		case 'response.created':
			if (isJsonObject(value['response']) && typeof value['response']['id'] === 'string') {
				draft.responseId = value['response']['id'];
			}
			return;
		case 'response.completed':
		case 'response.incomplete':
		case 'response.failed':
			if (isJsonObject(value['response'])) finishResponse(draft, items, value['response'], emit);
			return;
		case 'error':
			draft.error ??= readErrorObject(value, 0).toWire();
			return;
		default:
			// A whole answer where a stream was asked for, or an error in no envelope.
			if (value['object'] === 'response') finishResponse(draft, items, value, emit);
			else if (isJsonObject(value['error'])) draft.error ??= readErrorObject(value['error'], 0).toWire();
	}
}

function startItem(
	draft: Draft,
	items: Map<number, Item>,
	index: number,
	item: JsonObject,
	emit: Emit
): Item {
	const known = items.get(index);
	if (known !== undefined) return known;
	const started: Item = {
		type: typeof item['type'] === 'string' ? item['type'] : '',
		slots: [],
		summary: 0
	};
	items.set(index, started);
	const { name, call_id: id } = item;
	switch (started.type) {
		case 'message':
		case 'reasoning':
			break;
		case 'function_call':
		case 'custom_tool_call':
			if (typeof name !== 'string' || name === '') break;
			started.slots[0] = openCall(draft, typeof id === 'string' ? id : '', name, emit);
			break;
		default:
			started.slots[0] = openSlot(draft, 'provider');
	}
	return started;
}

function slotOf(draft: Draft, item: Item, kind: 'text' | 'refusal' | 'reasoning', at: number): Slot {
	return (item.slots[at] ??= openSlot(draft, kind));
}

/** Content parts are few; a wild index must not make a wild array. */
function contentIndex(value: Json | undefined): number {
	return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 1000 ? value : 0;
}

function grow(
	draft: Draft,
	item: Item | undefined,
	kind: 'text' | 'refusal',
	index: Json | undefined,
	delta: Json | undefined,
	emit: Emit
): void {
	if (item?.type !== 'message' || typeof delta !== 'string' || delta === '') return;
	growSlot(slotOf(draft, item, kind, contentIndex(index)), delta, emit);
}

function growReasoning(
	draft: Draft,
	item: Item | undefined,
	index: Json | undefined,
	delta: Json | undefined,
	emit: Emit
): void {
	if (item?.type !== 'reasoning' || typeof delta !== 'string' || delta === '') return;
	const slot = slotOf(draft, item, 'reasoning', 0);
	const at = contentIndex(index);
	const said = at !== item.summary && slot.text !== '' ? `\n\n${delta}` : delta;
	item.summary = at;
	growSlot(slot, said, emit);
}

function growArgs(item: Item | undefined, delta: Json | undefined, emit: Emit): void {
	const slot = item?.slots[0];
	if (slot?.kind === 'call' && typeof delta === 'string') growSlot(slot, delta, emit);
}

function finishItem(
	draft: Draft,
	items: Map<number, Item>,
	index: number,
	item: JsonObject,
	emit: Emit
): void {
	const started = startItem(draft, items, index, item, emit);
	switch (started.type) {
		case 'message':
			finishMessage(draft, started, item, emit);
			return;
		case 'reasoning': {
			const slot = slotOf(draft, started, 'reasoning', 0);
			settleText(slot, reasoningText(item), emit);
			slot.extras = { item };
			return;
		}
		case 'function_call':
		case 'custom_tool_call':
			finishCall(started, item, emit);
			return;
		default: {
			const slot = started.slots[0];
			if (slot === undefined) return;
			slot.raw = item;
			slot.gist = gistOf(item);
			slot.isDone = true;
		}
	}
}

function finishCall(started: Item, item: JsonObject, emit: Emit): void {
	const slot = started.slots[0];
	if (slot === undefined) return;
	const isCustom = started.type === 'custom_tool_call';
	const said = isCustom ? item['input'] : item['arguments'];
	settleText(slot, typeof said === 'string' ? said : slot.text, emit);
	slot.isDone = item['status'] !== 'incomplete';
	if (isCustom) {
		slot.args = { input: slot.text };
		slot.extras = { item };
		return;
	}
	const rest = without(item, ['type', 'call_id', 'name', 'arguments']);
	slot.extras = rest === undefined ? undefined : { item: rest };
}

function finishMessage(draft: Draft, started: Item, item: JsonObject, emit: Emit): void {
	const rest = without(item, ['type', 'role', 'content']) ?? {};
	const content = Array.isArray(item['content']) ? item['content'] : [];
	for (const [at, part] of content.entries()) {
		if (!isJsonObject(part) || at >= 1000) continue;
		const isRefusal = part['type'] === 'refusal';
		const said = isRefusal ? part['refusal'] : part['text'];
		if (typeof said !== 'string') continue;
		const slot = slotOf(draft, started, isRefusal ? 'refusal' : 'text', at);
		settleText(slot, said, emit);
		slot.extras = { item: rest, part: without(part, ['type', 'text', 'refusal']) ?? {} };
		for (const note of Array.isArray(part['annotations']) ? part['annotations'] : []) {
			if (isJsonObject(note)) addCitation(slot, note['url'], note['title']);
		}
	}
}

/** The provider's last word on a text. What the deltas had not said yet is said now. */
function settleText(slot: Slot, text: string, emit: Emit): void {
	if (text.startsWith(slot.text)) growSlot(slot, text.slice(slot.text.length), emit);
	else slot.text = text;
}

function reasoningText(item: JsonObject): string {
	const summary = textsOf(item['summary']);
	return summary === '' ? textsOf(item['content']) : summary;
}

function textsOf(parts: Json | undefined): string {
	if (!Array.isArray(parts)) return '';
	return parts
		.map((part) => (isJsonObject(part) && typeof part['text'] === 'string' ? part['text'] : ''))
		.filter((text) => text !== '')
		.join('\n\n');
}

function finishResponse(draft: Draft, items: Map<number, Item>, response: JsonObject, emit: Emit): void {
	if (typeof response['id'] === 'string') draft.responseId = response['id'];
	const output = Array.isArray(response['output']) ? response['output'] : [];
	for (const [index, item] of output.entries()) {
		if (!isJsonObject(item) || isOther(items.get(index), item)) continue;
		finishItem(draft, items, index, item, emit);
	}
	readUsage(draft, response['usage']);
	if (typeof response['service_tier'] === 'string') draft.extras['service_tier'] = response['service_tier'];
	const status = response['status'];
	if (status === 'failed' || isJsonObject(response['error'])) {
		draft.error ??= readErrorObject(response['error'] ?? { type: 'server_error' }, 0).toWire();
	} else if (status === 'incomplete') {
		const details = response['incomplete_details'];
		const reason = isJsonObject(details) ? details['reason'] : undefined;
		draft.stop = reason === 'content_filter' ? 'refused' : 'length';
	} else if (status === 'cancelled') {
		draft.error ??= readErrorObject({ type: 'server_error', message: 'cancelled' }, 0).toWire();
	} else {
		draft.stop = 'end';
	}
}

/** Some speakers number the finished output otherwise than the stream. */
function isOther(known: Item | undefined, item: JsonObject): boolean {
	return known !== undefined && known.type !== item['type'];
}

function readUsage(draft: Draft, usage: Json | undefined): void {
	if (!isJsonObject(usage)) return;
	const inputDetails = isJsonObject(usage['input_tokens_details']) ? usage['input_tokens_details'] : {};
	const outputDetails = isJsonObject(usage['output_tokens_details']) ? usage['output_tokens_details'] : {};
	draft.usage = {
		input: count(usage['input_tokens']),
		output: count(usage['output_tokens']),
		cacheRead: count(inputDetails['cached_tokens']),
		cacheWrite: count(inputDetails['cache_write_tokens']),
		reasoning: count(outputDetails['reasoning_tokens'])
	};
}

function gistOf(item: JsonObject): string {
	const type =
		typeof item['type'] === 'string' ? item['type'].replace(/_call$/, '').replaceAll('_', ' ') : 'item';
	const { action } = item;
	const said = isJsonObject(action) ? (action['query'] ?? action['url'] ?? action['pattern']) : undefined;
	return (typeof said === 'string' ? `${type}: ${said}` : type).slice(0, 120);
}
