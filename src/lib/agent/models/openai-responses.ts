/**
 * OpenAI Responses (https://platform.openai.com/docs/api-reference/responses), without the provider's
 * storage: every item goes back as it came, encrypted reasoning with it.
 */

import type { FilePart, TextPart } from '../../wire/entries';
import { isJsonObject } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import { fenced, readAttachment } from './attachments';
import { nearestEffort } from './effort';
import { decodeOpenAiResponses } from './openai-responses-decoder';
import type { HttpCall, ModelRequest, Protocol, ProtocolTarget } from './protocol';
import { readHttpError } from './provider-errors';
import { argsText, createCallIds, extrasOf, prepareTurns, resultText } from './transcript';
import type { AssistantTurn } from './transcript';

export const openAiResponses: Protocol = {
	id: 'openai-responses',
	encode: encodeOpenAiResponses,
	decoder: decodeOpenAiResponses,
	readError: readHttpError
};

function encodeOpenAiResponses(request: ModelRequest, target: ProtocolTarget): HttpCall {
	const tools = writeTools(request, target);
	const effort = nearestEffort(request.effort, target);
	const { quirks, abilities } = target;
	return {
		path: `${typeof quirks['basePath'] === 'string' ? quirks['basePath'] : '/v1'}/responses`,
		headers: { 'content-type': 'application/json' },
		body: {
			model: target.ref.model,
			...(request.system === '' ? {} : { instructions: request.system }),
			input: writeInput(request, target),
			...(tools.length === 0 ? {} : { tools }),
			...(tools.length === 0 || request.toolChoice === undefined ? {} : { tool_choice: request.toolChoice }),
			...(request.maxOutputTokens === undefined ? {} : { max_output_tokens: request.maxOutputTokens }),
			// Models that do not reason refuse both.
			...(abilities.reasoning
				? {
						reasoning: { ...(effort === undefined ? {} : { effort }), summary: 'auto' },
						include: ['reasoning.encrypted_content']
					}
				: {}),
			...(quirks['cacheKey'] === true && request.cacheKey !== undefined
				? { prompt_cache_key: request.cacheKey }
				: {}),
			store: false,
			stream: true
		}
	};
}

function writeTools(request: ModelRequest, target: ProtocolTarget): JsonObject[] {
	const tools: JsonObject[] = [];
	if (target.abilities.tools) {
		for (const tool of request.tools) {
			tools.push({
				type: 'function',
				name: tool.name,
				description: tool.description,
				parameters:
					tool.input['type'] === 'object' ? tool.input : { type: 'object', properties: {}, ...tool.input },
				// Strict is the default here, and refuses schemas with optional fields.
				strict: false
			});
		}
	}
	if (request.webSearch === true && target.abilities.webSearch) tools.push({ type: 'web_search' });
	return tools;
}

function writeInput(request: ModelRequest, target: ProtocolTarget): JsonObject[] {
	const input: JsonObject[] = [];
	const idsOf = createCallIds(/^.{1,64}$/s, (n) => `call_${String(n)}`);
	for (const turn of prepareTurns(request, target)) {
		if (turn.role === 'user') {
			input.push({
				role: 'user',
				content: turn.parts.map((part) => writeUserPart(part, request, target))
			});
			continue;
		}
		const ids = idsOf(turn);
		writeAssistant(turn, ids, target, input);
		for (const result of turn.results) {
			const call = turn.parts.find((part) => part.type === 'call' && part.callId === result.callId);
			const isCustom =
				turn.isSameModel &&
				call !== undefined &&
				itemOf(extrasOf(call, target.ref.provider))['type'] === 'custom_tool_call';
			input.push({
				type: isCustom ? 'custom_tool_call_output' : 'function_call_output',
				call_id: ids.get(result.callId) ?? result.callId,
				output: resultText(result)
			});
		}
	}
	return input;
}

function writeUserPart(part: TextPart | FilePart, request: ModelRequest, target: ProtocolTarget): JsonObject {
	if (part.type === 'text') return { type: 'input_text', text: part.text };
	const file = readAttachment(part, request, target);
	switch (file.kind) {
		case 'image':
			return {
				type: 'input_image',
				image_url: `data:${file.mediaType};base64,${file.base64}`,
				detail: 'auto'
			};
		case 'pdf':
			return {
				type: 'input_file',
				filename: file.name,
				file_data: `data:${file.mediaType};base64,${file.base64}`
			};
		case 'text':
			return { type: 'input_text', text: fenced(file.name, file.text) };
		case 'note':
			return { type: 'input_text', text: file.text };
	}
}

function itemOf(extras: JsonObject): JsonObject {
	return isJsonObject(extras['item']) ? extras['item'] : {};
}

function writeAssistant(
	turn: AssistantTurn,
	ids: ReadonlyMap<string, string>,
	target: ProtocolTarget,
	input: JsonObject[]
): void {
	const { provider } = target.ref;
	// An item id is checked against the encrypted reasoning beside it, which only its own model can read.
	const keepsItems = turn.isSameModel;
	let message: { readonly id: Json | undefined; readonly content: JsonObject[] } | undefined;
	for (const part of turn.parts) {
		const extras = extrasOf(part, provider);
		const item = keepsItems ? itemOf(extras) : {};
		switch (part.type) {
			case 'text':
			case 'refusal': {
				const said = isJsonObject(extras['part']) ? extras['part'] : {};
				const content =
					part.type === 'text'
						? { annotations: [], ...said, type: 'output_text', text: part.text }
						: { ...said, type: 'refusal', refusal: part.text };
				if (message === undefined || message.id !== item['id']) {
					message = { id: item['id'], content: [] };
					input.push({
						status: 'completed',
						...item,
						type: 'message',
						role: 'assistant',
						content: message.content
					});
				}
				message.content.push(content);
				continue;
			}
			case 'reasoning':
				// Nothing is stored over there: without its encrypted form an id of reasoning names nothing.
				if (typeof item['encrypted_content'] === 'string') input.push(item);
				break;
			case 'call': {
				const id = ids.get(part.callId) ?? part.callId;
				if (item['type'] === 'custom_tool_call') input.push({ ...item, call_id: id });
				else {
					input.push({
						...item,
						type: 'function_call',
						call_id: id,
						name: part.action,
						arguments: argsText(part, provider)
					});
				}
				break;
			}
			case 'provider':
				if (keepsItems && isJsonObject(part.raw)) input.push(part.raw);
				break;
		}
		message = undefined;
	}
}
