/**
 * OpenAI Chat Completions (https://platform.openai.com/docs/api-reference/chat) and everything that
 * speaks it: Groq, Together, Mistral, DeepSeek, xAI, OpenRouter, AI Gateway, Ollama, LM Studio, vLLM.
 * What differs between them is in `quirks` (see `providers.ts`).
 */

import type { FilePart, TextPart } from '../../wire/entries';
import { isJsonObject } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import { fenced, readAttachment } from './attachments';
import { nearestEffort } from './effort';
import { decodeOpenAiChat } from './openai-chat-decoder';
import type { HttpCall, ModelRequest, Protocol, ProtocolTarget } from './protocol';
import { readHttpError } from './provider-errors';
import { argsText, createCallIds, extrasOf, prepareTurns, resultText } from './transcript';
import type { AssistantTurn, Turn } from './transcript';

export const openAiChat: Protocol = {
	id: 'openai-chat',
	encode: encodeOpenAiChat,
	decoder: decodeOpenAiChat,
	readError: readHttpError
};

function encodeOpenAiChat(request: ModelRequest, target: ProtocolTarget): HttpCall {
	const { quirks } = target;
	const tools = writeTools(request, target);
	const maxTokensField =
		quirks['maxTokensField'] === 'max_completion_tokens' ? 'max_completion_tokens' : 'max_tokens';
	return {
		path: `${typeof quirks['basePath'] === 'string' ? quirks['basePath'] : '/v1'}/chat/completions`,
		headers: { 'content-type': 'application/json' },
		body: {
			model: target.ref.model,
			messages: writeChatMessages(request, target),
			...(tools.length === 0 ? {} : { tools }),
			...(tools.length === 0 || request.toolChoice === undefined
				? {}
				: { tool_choice: writeChoice(request, target) }),
			...(request.maxOutputTokens === undefined ? {} : { [maxTokensField]: request.maxOutputTokens }),
			...writeEffort(request, target),
			...writeSearch(request, target),
			...(quirks['cacheKey'] === true && request.cacheKey !== undefined
				? { prompt_cache_key: request.cacheKey }
				: {}),
			stream: true,
			// Without it usage never comes; some refuse fields that they do not know.
			...(quirks['streamOptions'] === false ? {} : { stream_options: { include_usage: true } })
		}
	};
}

function writeChoice(request: ModelRequest, target: ProtocolTarget): string {
	if (request.toolChoice === 'required')
		return target.quirks['requiredChoice'] === 'any' ? 'any' : 'required';
	return request.toolChoice ?? 'auto';
}

function writeEffort(request: ModelRequest, target: ProtocolTarget): JsonObject {
	const effort = nearestEffort(request.effort, target);
	if (effort === undefined) return {};
	return target.quirks['effortField'] === 'reasoning'
		? { reasoning: { effort } }
		: { reasoning_effort: effort };
}

function writeSearch(request: ModelRequest, target: ProtocolTarget): JsonObject {
	if (request.webSearch !== true || !target.abilities.webSearch) return {};
	switch (target.quirks['webSearch']) {
		case 'plugin':
			return { plugins: [{ id: 'web' }] };
		case 'options':
			return { web_search_options: {} };
		default:
			return {};
	}
}

function writeTools(request: ModelRequest, target: ProtocolTarget): JsonObject[] {
	if (!target.abilities.tools) return [];
	return request.tools.map((tool) => ({
		type: 'function',
		function: {
			name: tool.name,
			description: tool.description,
			parameters:
				tool.input['type'] === 'object' ? tool.input : { type: 'object', properties: {}, ...tool.input }
		}
	}));
}

/** Messages of this protocol; Workers AI takes the same. */
export function writeChatMessages(request: ModelRequest, target: ProtocolTarget): JsonObject[] {
	const messages: JsonObject[] = [];
	if (request.system !== '') messages.push({ role: 'system', content: request.system });
	const turns = prepareTurns(request, target);
	const isMistral = target.quirks['callIds'] === 'nine';
	const idsOf = isMistral
		? createCallIds(/^[a-zA-Z0-9]{9}$/, (n) => `call${String(n).padStart(5, '0')}`)
		: createCallIds(/^.{1,64}$/s, (n) => `call_${String(n)}`);
	const loopStart = turns.findLastIndex((turn) => turn.role === 'user');
	for (const [index, turn] of turns.entries()) {
		if (turn.role === 'user') {
			// Mistral takes no user message right after a result.
			if (isMistral && messages.at(-1)?.['role'] === 'tool')
				messages.push({ role: 'assistant', content: 'Understood.' });
			messages.push({ role: 'user', content: writeUser(turn, request, target) });
			continue;
		}
		const ids = idsOf(turn);
		messages.push(writeAssistant(turn, ids, target, index > loopStart));
		for (const result of turn.results) {
			messages.push({
				role: 'tool',
				tool_call_id: ids.get(result.callId) ?? result.callId,
				...(isMistral ? { name: result.action } : {}),
				content: resultText(result)
			});
		}
	}
	return messages;
}

function writeUser(
	turn: Extract<Turn, { role: 'user' }>,
	request: ModelRequest,
	target: ProtocolTarget
): Json {
	if (turn.parts.every((part) => part.type === 'text'))
		return turn.parts.map((part) => part.text).join('\n\n');
	return turn.parts.map((part) => writeUserPart(part, request, target));
}

function writeUserPart(part: TextPart | FilePart, request: ModelRequest, target: ProtocolTarget): JsonObject {
	if (part.type === 'text') return { type: 'text', text: part.text };
	const file = readAttachment(part, request, target);
	switch (file.kind) {
		case 'image': {
			const url = `data:${file.mediaType};base64,${file.base64}`;
			return { type: 'image_url', image_url: target.quirks['imageUrl'] === 'string' ? url : { url } };
		}
		case 'pdf': {
			const data = `data:${file.mediaType};base64,${file.base64}`;
			if (target.quirks['pdf'] === 'document_url') return { type: 'document_url', document_url: data };
			return { type: 'file', file: { filename: file.name, file_data: data } };
		}
		case 'text':
			return { type: 'text', text: fenced(file.name, file.text) };
		case 'note':
			return { type: 'text', text: file.text };
	}
}

function writeAssistant(
	turn: AssistantTurn,
	ids: ReadonlyMap<string, string>,
	target: ProtocolTarget,
	isInLoop: boolean
): JsonObject {
	const { provider } = target.ref;
	let text: string | undefined;
	let refusal: string | undefined;
	const calls: JsonObject[] = [];
	const chunks: JsonObject[] = [];
	const fields: Record<string, Json> = {};
	for (const part of turn.parts) {
		const extras = extrasOf(part, provider);
		switch (part.type) {
			case 'text':
				text = (text ?? '') + part.text;
				chunks.push({ type: 'text', text: part.text });
				break;
			case 'reasoning':
				writeReasoning(part.text, extras, fields, chunks, target, isInLoop);
				break;
			case 'refusal':
				refusal = (refusal ?? '') + part.text;
				break;
			case 'call': {
				const { arguments: _, function: named, ...rest } = extras;
				const own = isJsonObject(named) ? named : {};
				calls.push({
					...rest,
					id: ids.get(part.callId) ?? part.callId,
					type: 'function',
					function: { ...own, name: part.action, arguments: argsText(part, provider) }
				});
				break;
			}
			case 'provider':
				// Parts of a content array that only this provider knows; without its text they mean nothing.
				if (isJsonObject(part.raw)) chunks.push(part.raw);
				break;
		}
	}
	const isArray = chunks.some((chunk) => chunk['type'] !== 'text');
	return {
		role: 'assistant',
		content: isArray ? chunks : (text ?? (calls.length > 0 || refusal !== undefined ? null : '')),
		...fields,
		...(refusal === undefined ? {} : { refusal }),
		...(calls.length === 0 ? {} : { tool_calls: calls })
	};
}

/**
 * Reasoning goes back in the field that it came in, as far as its provider wants it: `always`, only
 * while the tool loop that it belongs to goes on (`loop`), or `never`.
 */
function writeReasoning(
	text: string,
	extras: JsonObject,
	fields: Record<string, Json>,
	chunks: JsonObject[],
	target: ProtocolTarget,
	isInLoop: boolean
): void {
	const wanted = target.quirks['reasoningBack'] ?? 'loop';
	if (wanted === 'never' || (wanted === 'loop' && !isInLoop)) return;
	const { reasoning_details: details, field, chunk } = extras;
	if (field === 'thinking') {
		chunks.push({
			...(isJsonObject(chunk) ? chunk : {}),
			type: 'thinking',
			thinking: [{ type: 'text', text }]
		});
		return;
	}
	if (Array.isArray(details) && details.length > 0) {
		const known = fields['reasoning_details'];
		fields['reasoning_details'] = [...(Array.isArray(known) ? known : []), ...details];
	}
	if (text === '' || typeof field !== 'string') return;
	// The signed form says all that the plain one does.
	if (fields['reasoning_details'] !== undefined) return;
	const before = fields[field];
	fields[field] = typeof before === 'string' ? before + text : text;
}
