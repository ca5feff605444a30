/**
 * The stream of Anthropic Messages: content blocks by index, mostly one after another, each with its
 * own deltas. A message may also start with finished blocks (programmatic tool calling).
 */

import { isJsonObject, parseJson } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import { createDecoder } from './decoder';
import { endOfString, stringBetween } from './delta-template';
import { addCitation, addExtras, count, createDraft, growSlot, openCall, openSlot, without } from './draft';
import type { Draft, Emit, Slot } from './draft';
import type { Decoder, ProtocolTarget } from './protocol';
import { readErrorObject } from './provider-errors';

interface Block {
	readonly type: string;
	readonly start: JsonObject;
	slot: Slot | undefined;
	/** Arguments that came whole with the block's start; deltas replace them. */
	json: string;
}

export function decodeAnthropic(target: ProtocolTarget): Decoder {
	const draft = createDraft();
	const blocks = new Map<number, Block>();
	return createDecoder({
		provider: target.ref.provider,
		draft,
		readFast: (data, emit) => readPlainDelta(data, blocks, draft, emit),
		read: (value, emit) => {
			switch (value['type']) {
				case 'content_block_delta':
					readDelta(draft, blocks.get(Number(value['index'])), value['delta'], emit);
					break;
				case 'content_block_start':
					if (isJsonObject(value['content_block'])) {
						blocks.set(Number(value['index']), startBlock(draft, value['content_block'], emit));
					}
					break;
				case 'content_block_stop':
					stopBlock(blocks.get(Number(value['index'])), emit);
					break;
				case 'message_start':
					if (isJsonObject(value['message'])) startMessage(draft, blocks, value['message'], emit);
					break;
				case 'message':
					// A whole answer where a stream was asked for.
					startMessage(draft, blocks, value, emit);
					for (const block of blocks.values()) stopBlock(block, emit);
					readMessageDelta(draft, value, value['usage']);
					break;
				case 'message_delta':
					if (isJsonObject(value['delta'])) readMessageDelta(draft, value['delta'], value['usage']);
					break;
				case 'error':
					draft.error ??= readErrorObject(value, 0).toWire();
					break;
				default:
					// `message_stop` and `ping` say nothing more.
					break;
			}
		}
	});
}

function startMessage(draft: Draft, blocks: Map<number, Block>, message: JsonObject, emit: Emit): void {
	if (typeof message['id'] === 'string') draft.responseId = message['id'];
	readUsage(draft, message['usage']);
	if (isJsonObject(message['container'])) draft.extras['container'] = message['container'];
	const content = message['content'];
	if (!Array.isArray(content)) return;
	// Programmatic tool calling: the message starts with blocks that get no start or stop of their own.
	for (const [index, block] of content.entries()) {
		if (!isJsonObject(block)) continue;
		const started = startBlock(draft, block, emit);
		blocks.set(index, started);
		stopBlock(started, emit);
	}
	if (typeof message['stop_reason'] === 'string') readMessageDelta(draft, message, undefined);
}

function readMessageDelta(draft: Draft, delta: JsonObject, usage: Json | undefined): void {
	const reason = delta['stop_reason'];
	if (typeof reason === 'string') draft.stop = stopReason(reason);
	readUsage(draft, usage);
	const extras = without(delta, [
		'type',
		'stop_reason',
		'stop_sequence',
		'usage',
		'content',
		'id',
		'role',
		'model'
	]);
	for (const [name, member] of Object.entries(extras ?? {})) if (member !== null) draft.extras[name] = member;
	const details = delta['stop_details'];
	if (draft.stop === 'refused' && isJsonObject(details) && typeof details['explanation'] === 'string') {
		openSlot(draft, 'refusal').text = details['explanation'];
	}
}

function stopReason(reason: string): NonNullable<Draft['stop']> {
	switch (reason) {
		case 'tool_use':
			return 'calls';
		case 'max_tokens':
		case 'model_context_window_exceeded':
			return 'length';
		case 'refusal':
			return 'refused';
		case 'pause_turn':
			return 'pause';
		default:
			return 'end';
	}
}

/** Totals of the whole message each time; a field that is left out keeps its value. */
function readUsage(draft: Draft, usage: Json | undefined): void {
	if (!isJsonObject(usage)) return;
	const before = draft.usage;
	const cacheRead = count(usage['cache_read_input_tokens'] ?? before.cacheRead);
	const cacheWrite = count(usage['cache_creation_input_tokens'] ?? before.cacheWrite);
	const fresh = count(usage['input_tokens'] ?? before.input - before.cacheRead - before.cacheWrite);
	const details = usage['output_tokens_details'];
	draft.usage = {
		input: fresh + cacheRead + cacheWrite,
		output: count(usage['output_tokens'] ?? before.output),
		cacheRead,
		cacheWrite,
		reasoning: isJsonObject(details) ? count(details['thinking_tokens']) : before.reasoning
	};
}

function startBlock(draft: Draft, start: JsonObject, emit: Emit): Block {
	const type = typeof start['type'] === 'string' ? start['type'] : '';
	const block: Block = { type, start, slot: undefined, json: '' };
	switch (type) {
		case 'text':
			if (typeof start['text'] === 'string' && start['text'] !== '')
				writeText(draft, block, start['text'], emit);
			for (const citation of Array.isArray(start['citations']) ? start['citations'] : [])
				cite(draft, block, citation);
			break;
		case 'thinking':
			if (typeof start['thinking'] === 'string' && start['thinking'] !== '') {
				writeText(draft, block, start['thinking'], emit);
			}
			break;
		case 'redacted_thinking':
			addExtras(open(draft, block), start);
			break;
		case 'tool_use': {
			const { id, name, input } = start;
			if (typeof name !== 'string' || name === '') break;
			block.slot = openCall(draft, typeof id === 'string' ? id : '', name, emit);
			addExtras(block.slot, without(start, ['type', 'id', 'name', 'input']));
			if (isJsonObject(input) && Object.keys(input).length > 0) block.json = JSON.stringify(input);
			break;
		}
		default:
			open(draft, block);
	}
	return block;
}

function open(draft: Draft, block: Block): Slot {
	if (block.slot !== undefined) return block.slot;
	const kind = block.type === 'text' ? 'text' : block.type.endsWith('thinking') ? 'reasoning' : 'provider';
	block.slot = openSlot(draft, kind);
	if (kind === 'text') addExtras(block.slot, without(block.start, ['type', 'text']));
	if (block.type === 'thinking')
		addExtras(block.slot, without(block.start, ['type', 'thinking', 'signature']));
	return block.slot;
}

function writeText(draft: Draft, block: Block, delta: string, emit: Emit): void {
	if (delta !== '') growSlot(open(draft, block), delta, emit);
}

const deltaHead = '{"type":"content_block_delta","index":';
const textHead = ',"delta":{"type":"text_delta","text":"';
const thinkingHead = ',"delta":{"type":"thinking_delta","thinking":"';
const jsonHead = ',"delta":{"type":"input_json_delta","partial_json":"';

/** The three deltas that make up nearly all of a stream, in the very form that the API writes them. */
function readPlainDelta(data: string, blocks: ReadonlyMap<number, Block>, draft: Draft, emit: Emit): boolean {
	// Slices compare as memory; `startsWith` goes character by character.
	if (data.slice(0, deltaHead.length) !== deltaHead) return false;
	const comma = data.indexOf(',', deltaHead.length);
	const block = blocks.get(Number(data.slice(deltaHead.length, comma)));
	if (block === undefined) return false;
	const isText = block.type === 'text';
	const head = isText ? textHead : block.type === 'thinking' ? thinkingHead : jsonHead;
	const from = comma + head.length;
	if (data.slice(comma, from) !== head) return false;
	const end = endOfString(data, from);
	if (end === -1 || !closes(data, end + 1)) return false;
	const delta = stringBetween(data, from, end);
	if (head === jsonHead) growJson(block, delta, emit);
	else writeText(draft, block, delta, emit);
	return true;
}

/** `}}`, with the spaces between that the API pads its events with. */
function closes(data: string, from: number): boolean {
	const last = data.length - 1;
	if (last <= from || data.charCodeAt(from) !== brace || data.charCodeAt(last) !== brace) return false;
	for (let at = from + 1; at < last; at++) if (data.charCodeAt(at) !== space) return false;
	return true;
}

const brace = 125;
const space = 32;

function growJson(block: Block, piece: string, emit: Emit): void {
	if (piece === '' || block.slot === undefined) return;
	block.json = '';
	growSlot(block.slot, piece, emit);
}

function readDelta(draft: Draft, block: Block | undefined, delta: Json | undefined, emit: Emit): void {
	if (block === undefined || !isJsonObject(delta)) return;
	switch (delta['type']) {
		case 'text_delta':
			if (block.type === 'text' && typeof delta['text'] === 'string')
				writeText(draft, block, delta['text'], emit);
			return;
		case 'thinking_delta':
			if (block.type === 'thinking' && typeof delta['thinking'] === 'string') {
				writeText(draft, block, delta['thinking'], emit);
			}
			return;
		case 'signature_delta':
			if (block.type === 'thinking') addExtras(open(draft, block), { signature: delta['signature'] ?? '' });
			return;
		case 'citations_delta':
			if (block.type === 'text') cite(draft, block, delta['citation']);
			return;
		case 'input_json_delta': {
			const piece = delta['partial_json'];
			if (typeof piece === 'string') growJson(block, piece, emit);
			return;
		}
		default:
			readUnknownDelta(block, delta);
	}
}

/** A delta of a kind that is not known yet: strings grow, anything else replaces. */
function readUnknownDelta(block: Block, delta: JsonObject): void {
	const { slot } = block;
	if (slot?.kind !== 'provider') return;
	const grown: Record<string, Json> = { ...(slot.raw ?? block.start) };
	for (const [name, member] of Object.entries(delta)) {
		if (name === 'type' || name === '__proto__') continue;
		const before = grown[name];
		grown[name] = typeof member === 'string' && typeof before === 'string' ? before + member : member;
	}
	slot.raw = grown;
}

/** Citations are kept whole (the API wants them back) and shown by address and title. */
function cite(draft: Draft, block: Block, citation: Json | undefined): void {
	if (!isJsonObject(citation)) return;
	const slot = open(draft, block);
	const known = slot.extras?.['citations'];
	addExtras(slot, { citations: [...(Array.isArray(known) ? known : []), citation] });
	addCitation(slot, citation['url'], citation['title']);
}

function stopBlock(block: Block | undefined, emit: Emit): void {
	const slot = block?.slot;
	if (block === undefined || slot === undefined || slot.isDone) return;
	slot.isDone = true;
	if (slot.kind === 'call') {
		growSlot(slot, block.json, emit);
		return;
	}
	const raw = slot.raw ?? block.start;
	// Sent back as the SDK does: what the pieces say, or nothing where they are no JSON.
	slot.raw = slot.text === '' ? raw : { ...raw, input: parseJson(slot.text) ?? {} };
	slot.gist = gistOf(slot.raw);
}

function gistOf(block: JsonObject): string {
	const type = typeof block['type'] === 'string' ? block['type'].replaceAll('_', ' ') : 'block';
	const input = block['input'];
	const name = typeof block['name'] === 'string' ? block['name'].replaceAll('_', ' ') : type;
	if (isJsonObject(input)) {
		const said = Object.values(input).find((member) => typeof member === 'string');
		return (typeof said === 'string' ? `${name}: ${said}` : name).slice(0, 120);
	}
	const { content } = block;
	return Array.isArray(content) ? `${type}: ${String(content.length)}` : type;
}
