/**
 * Anthropic Messages (https://docs.anthropic.com/en/api/messages). Thinking goes back with its signature
 * to the model that thought it, blocks of server tools go back as they came.
 */

import type { FilePart, TextPart } from '../../wire/entries';
import { isJsonObject } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import { decodeAnthropic } from './anthropic-decoder';
import { fenced, readAttachment } from './attachments';
import { count } from './draft';
import { nearestEffort } from './effort';
import type { HttpCall, ModelRequest, Protocol, ProtocolTarget } from './protocol';
import { readHttpError } from './provider-errors';
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
		request.system === ''
			? []
			: [{ type: 'text', text: request.system, cache_control: { type: 'ephemeral' } }];
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
		if (effort === 'none' && quirks['isAlwaysThinking'] !== true)
			return isOn ? { thinking: { type: 'disabled' } } : {};
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
			push(
				messages,
				'user',
				turn.parts.flatMap((part) => writeUserPart(part, request, target))
			);
			continue;
		}
		if (messages.length === 0)
			push(messages, 'user', [{ type: 'text', text: '(The conversation starts here.)' }]);
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

function writeUserPart(
	part: TextPart | FilePart,
	request: ModelRequest,
	target: ProtocolTarget
): JsonObject[] {
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
				{
					type: 'document',
					source: { type: 'text', media_type: 'text/plain', data: file.text },
					title: file.name
				}
			];
		case 'note':
			return [{ type: 'text', text: file.text }];
	}
}

function writeAssistant(
	turn: AssistantTurn,
	ids: ReadonlyMap<string, string>,
	target: ProtocolTarget
): JsonObject[] {
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
