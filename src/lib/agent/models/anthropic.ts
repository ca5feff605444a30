/**
 * Anthropic Messages (https://docs.anthropic.com/en/api/messages). Blocks come one after another;
 * thinking goes back with its signature, blocks of server tools go back as they came.
 */

import type { FilePart, TextPart } from '../../wire/entries';
import { isJsonObject, parseJson } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import { fenced, readAttachment } from './attachments';
import { endOfString, stringBetween } from './delta-template';
import { addCitation, addExtras, count, createDecoder, createDraft, openCall, openSlot, without } from './draft';
import type { Draft, Emit, Slot } from './draft';
import { nearestEffort } from './effort';
import type { Decoder, HttpCall, ModelRequest, Protocol, ProtocolTarget } from './protocol';
import { readErrorObject, readHttpError } from './provider-errors';
import { argsObject, createCallIds, extrasOf, isFailure, prepareTurns, resultText } from './transcript';
import type { AssistantTurn, Turn } from './transcript';

export const anthropic: Protocol = {
	id: 'anthropic',
	encode: encodeAnthropic,
	decoder: decodeAnthropic,
	readError: readHttpError
};

const defaultMaxOutput = 8192;
/** Tokens to think with, where a model takes a budget instead of an effort. The least that the API takes is 1,024. */
const budgets = { none: 0, minimal: 1024, low: 2048, medium: 8192, high: 16_384 } as const;

interface Message {
	readonly role: 'user' | 'assistant';
	readonly content: JsonObject[];
}

function encodeAnthropic(request: ModelRequest, target: ProtocolTarget): HttpCall {
	const turns = prepareTurns(request, target);
	const messages = writeMessages(turns, request, target);
	const tools = writeTools(request, target);
	const thinking = writeThinking(request, target, turns);
	const system: JsonObject[] =
		request.system === '' ? [] : [{ type: 'text', text: request.system, cache_control: { type: 'ephemeral' } }];
	markStable(messages, system.length === 0 ? tools : []);
	const choice = tools.length === 0 ? undefined : toolChoice(request, isThinkingOn(thinking));
	return {
		path: '/v1/messages',
		headers: {
			'content-type': 'application/json',
			'anthropic-version': '2023-06-01',
			// Without it the API refuses a browser's request even where CORS would allow it.
			'anthropic-dangerous-direct-browser-access': 'true'
		},
		body: {
			model: target.ref.model,
			max_tokens: maxTokens(request, target, thinking),
			...(system.length === 0 ? {} : { system }),
			messages: messages.map(({ role, content }) => ({ role, content })),
			...(tools.length === 0 ? {} : { tools }),
			...(choice === undefined ? {} : { tool_choice: choice }),
			...thinking,
			stream: true
		}
	};
}

function toolChoice(request: ModelRequest, isThinking: boolean): JsonObject | undefined {
	if (request.toolChoice === 'none') return { type: 'none' };
	// A forced tool is refused while thinking is on.
	if (request.toolChoice === 'required' && !isThinking) return { type: 'any' };
	return undefined;
}

function isThinkingOn(settings: JsonObject): boolean {
	const { thinking } = settings;
	return isJsonObject(thinking) && thinking['type'] !== 'disabled';
}

function maxTokens(request: ModelRequest, target: ProtocolTarget, thinking: JsonObject): number {
	const most = target.maxOutput ?? defaultMaxOutput;
	const wanted = Math.min(request.maxOutputTokens ?? most, most);
	const setting = thinking['thinking'];
	const budget = isJsonObject(setting) ? count(setting['budget_tokens']) : 0;
	// The budget is part of max_tokens and has to leave room for an answer.
	return budget === 0 ? wanted : Math.max(wanted, Math.min(budget + 4096, Math.max(most, budget + 1)));
}

function writeThinking(request: ModelRequest, target: ProtocolTarget, turns: readonly Turn[]): JsonObject {
	const effort = nearestEffort(request.effort, target);
	const { quirks } = target;
	if (quirks['thinking'] === 'adaptive' && target.abilities.reasoning) {
		const isOn = quirks['isAlwaysThinking'] === true || quirks['isThinkingByDefault'] === true;
		if (effort === 'none' && quirks['isAlwaysThinking'] !== true) return isOn ? { thinking: { type: 'disabled' } } : {};
		if (effort === undefined && !isOn) return {};
		const level = effort === 'none' || effort === 'minimal' ? 'low' : effort;
		return {
			// Newer models leave the text out unless they are asked, also what they say between calls.
			thinking: { type: 'adaptive', display: 'summarized' },
			...(level === undefined ? {} : { output_config: { effort: level } })
		};
	}
	if (effort === undefined || effort === 'none') return {};
	// In the middle of a tool loop the API wants the loop's first answer to begin with its thinking. Another
	// model of a fallback chain has written none, so this step goes without.
	const last = turns.at(-1);
	if (last?.role === 'assistant' && last.results.length > 0 && !startsWithThinking(last, target)) return {};
	return { thinking: { type: 'enabled', budget_tokens: budgets[effort] } };
}

function startsWithThinking(turn: AssistantTurn, target: ProtocolTarget): boolean {
	const first = turn.parts[0];
	if (!turn.isSameModel || first?.type !== 'reasoning') return false;
	const extras = extrasOf(first, target.ref.provider);
	return typeof extras['signature'] === 'string' || extras['type'] === 'redacted_thinking';
}

function writeTools(request: ModelRequest, target: ProtocolTarget): JsonObject[] {
	const tools: JsonObject[] = [];
	if (target.abilities.tools) {
		for (const tool of request.tools) {
			const input = tool.input['type'] === 'object' ? tool.input : { type: 'object', ...tool.input };
			tools.push({ name: tool.name, description: tool.description, input_schema: input });
		}
	}
	if (request.webSearch === true && target.abilities.webSearch) {
		tools.push({ type: 'web_search_20250305', name: 'web_search', max_uses: 5 });
	}
	return tools;
}

function writeMessages(turns: readonly Turn[], request: ModelRequest, target: ProtocolTarget): Message[] {
	const messages: Message[] = [];
	// Ids have to be unique in the whole conversation here.
	const idsOf = createCallIds(/^[a-zA-Z0-9_-]{1,128}$/, (n) => `call_${String(n)}`);
	for (const turn of turns) {
		if (turn.role === 'user') {
			push(messages, 'user', turn.parts.flatMap((part) => writeUserPart(part, request, target)));
			continue;
		}
		if (messages.length === 0) push(messages, 'user', [{ type: 'text', text: '(The conversation starts here.)' }]);
		const ids = idsOf(turn);
		push(messages, 'assistant', writeAssistant(turn, ids, target));
		push(
			messages,
			'user',
			turn.results.map((result) => ({
				type: 'tool_result',
				tool_use_id: ids.get(result.callId) ?? result.callId,
				content: resultText(result),
				...(isFailure(result) ? { is_error: true } : {})
			}))
		);
	}
	return messages;
}

/** Neighbours of one role become one message: results have to come first in the message after their calls. */
function push(messages: Message[], role: Message['role'], content: readonly JsonObject[]): void {
	if (content.length === 0) return;
	const last = messages.at(-1);
	if (last?.role === role) last.content.push(...content);
	else messages.push({ role, content: [...content] });
}

function writeUserPart(part: TextPart | FilePart, request: ModelRequest, target: ProtocolTarget): JsonObject[] {
	if (part.type === 'text') return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text }];
	const file = readAttachment(part, request, target);
	switch (file.kind) {
		case 'image':
			return [{ type: 'image', source: { type: 'base64', media_type: file.mediaType, data: file.base64 } }];
		case 'pdf':
			return [
				{
					type: 'document',
					source: { type: 'base64', media_type: file.mediaType, data: file.base64 },
					title: file.name
				}
			];
		case 'text':
			if (file.text.trim() === '') return [{ type: 'text', text: fenced(file.name, file.text) }];
			return [
				{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: file.text }, title: file.name }
			];
		case 'note':
			return [{ type: 'text', text: file.text }];
	}
}

function writeAssistant(turn: AssistantTurn, ids: ReadonlyMap<string, string>, target: ProtocolTarget): JsonObject[] {
	const blocks: JsonObject[] = [];
	const { provider } = target.ref;
	for (const part of turn.parts) {
		const extras = extrasOf(part, provider);
		switch (part.type) {
			case 'text':
				// The API refuses empty text, its own too.
				if (part.text !== '') blocks.push({ ...extras, type: 'text', text: part.text });
				break;
			case 'reasoning':
				// Thinking is tied to the model that thought it; of another one it is refused.
				if (!turn.isSameModel) break;
				if (extras['type'] === 'redacted_thinking') blocks.push(extras);
				// Without its signature (a stream that broke off) thinking is refused.
				else if (typeof extras['signature'] === 'string' && extras['signature'] !== '') {
					blocks.push({ ...extras, type: 'thinking', thinking: part.text });
				}
				break;
			case 'call': {
				const { arguments: _, ...rest } = extras;
				const id = ids.get(part.callId) ?? part.callId;
				blocks.push({ ...rest, type: 'tool_use', id, name: part.action, input: argsObject(part) });
				break;
			}
			case 'provider':
				if (isJsonObject(part.raw)) blocks.push(part.raw);
				break;
			case 'refusal':
				// The provider's own words about a refusal, never said by the model.
				break;
		}
	}
	return dropUnanswered(blocks);
}

/** A server tool's use without its result is allowed only at the very end (pause), not before our own text. */
function dropUnanswered(blocks: readonly JsonObject[]): JsonObject[] {
	const answered = new Set(blocks.map((block) => block['tool_use_id']));
	return blocks.filter((block, index) => {
		if (block['type'] !== 'server_tool_use' || index === blocks.length - 1) return true;
		// Code that calls our tools back is answered in a later message.
		return answered.has(block['id']) || blocks.some((other) => isCalledBy(other, block['id']));
	});
}

function isCalledBy(block: JsonObject, id: Json | undefined): boolean {
	const caller = block['caller'];
	return isJsonObject(caller) && caller['tool_id'] === id;
}

/**
 * Cache marks on a prefix that stays: the last blocks of the newest two user messages (the older one was
 * marked, so written, by the request before), and the tools where no system prompt carries a mark.
 */
function markStable(messages: Message[], tools: JsonObject[]): void {
	const mark = { cache_control: { type: 'ephemeral' } };
	const lastTool = tools.at(-1);
	if (lastTool !== undefined) tools[tools.length - 1] = { ...lastTool, ...mark };
	let left = 2;
	for (let index = messages.length - 1; index >= 0 && left > 0; index--) {
		const message = messages[index];
		const block = message?.content.at(-1);
		if (message?.role !== 'user' || block === undefined) continue;
		message.content[message.content.length - 1] = { ...block, ...mark };
		left--;
	}
}

interface Block {
	readonly type: string;
	readonly start: JsonObject;
	slot: Slot | undefined;
	index: number;
	/** Arguments that came whole with the block's start; deltas replace them. */
	json: string;
}

function decodeAnthropic(target: ProtocolTarget): Decoder {
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
	const extras = without(delta, ['type', 'stop_reason', 'stop_sequence', 'usage', 'content', 'id', 'role', 'model']);
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
	const block: Block = { type, start, slot: undefined, index: -1, json: '' };
	switch (type) {
		case 'text':
			if (typeof start['text'] === 'string' && start['text'] !== '') writeText(draft, block, start['text'], emit);
			for (const citation of Array.isArray(start['citations']) ? start['citations'] : []) cite(draft, block, citation);
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
			block.index = draft.slots.length - 1;
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
	block.index = draft.slots.length - 1;
	if (kind === 'text') addExtras(block.slot, without(block.start, ['type', 'text']));
	if (block.type === 'thinking') addExtras(block.slot, without(block.start, ['type', 'thinking', 'signature']));
	return block.slot;
}

function writeText(draft: Draft, block: Block, delta: string, emit: Emit): void {
	if (delta === '') return;
	const slot = open(draft, block);
	slot.text += delta;
	emit({ type: slot.kind === 'reasoning' ? 'reasoning' : 'text', index: block.index, delta });
}

const deltaHead = '{"type":"content_block_delta","index":';
const textHead = ',"delta":{"type":"text_delta","text":"';
const thinkingHead = ',"delta":{"type":"thinking_delta","thinking":"';
const jsonHead = ',"delta":{"type":"input_json_delta","partial_json":"';

/** The three deltas that make up nearly all of a stream, in the very form that the API writes them. */
function readPlainDelta(data: string, blocks: ReadonlyMap<number, Block>, draft: Draft, emit: Emit): boolean {
	if (!data.startsWith(deltaHead)) return false;
	const comma = data.indexOf(',', deltaHead.length);
	const block = blocks.get(Number(data.slice(deltaHead.length, comma)));
	if (block === undefined) return false;
	const isText = block.type === 'text';
	const head = isText ? textHead : block.type === 'thinking' ? thinkingHead : jsonHead;
	if (!data.startsWith(head, comma)) return false;
	const from = comma + head.length;
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
	block.slot.text += piece;
	if (block.slot.kind !== 'call') return;
	block.json = '';
	emit({ type: 'call-delta', index: block.index, callId: block.slot.callId, delta: piece });
}

function readDelta(draft: Draft, block: Block | undefined, delta: Json | undefined, emit: Emit): void {
	if (block === undefined || !isJsonObject(delta)) return;
	switch (delta['type']) {
		case 'text_delta':
			if (block.type === 'text' && typeof delta['text'] === 'string') writeText(draft, block, delta['text'], emit);
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
		if (block.json !== '') {
			slot.text = block.json;
			emit({ type: 'call-delta', index: block.index, callId: slot.callId, delta: block.json });
		}
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
