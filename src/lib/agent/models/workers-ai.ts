/**
 * Cloudflare Workers AI, native `/ai/run/{model}`
 * (https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/ has the other one).
 * No recording of it was to be had: this follows the documentation, `data: {"response": …}` with
 * `tool_calls` as whole objects, and reads OpenAI's chunks too, which newer models send.
 */

import { isJsonObject } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import { createDecoder } from './decoder';
import type { Emit } from './draft';
import { writeChatMessages } from './openai-chat';
import { createChatState, finishChat, readChunk } from './openai-chat-decoder';
import type { ChatState } from './openai-chat-decoder';
import type { Decoder, HttpCall, ModelRequest, Protocol, ProtocolTarget } from './protocol';
import { readErrorObject, readHttpError } from './provider-errors';

export const workersAi: Protocol = {
	id: 'workers-ai',
	encode: encodeWorkersAi,
	decoder: decodeWorkersAi,
	readError: readHttpError
};

function encodeWorkersAi(request: ModelRequest, target: ProtocolTarget): HttpCall {
	const account = String(target.quirks['account'] ?? '');
	const model = target.ref.model.split('/').map(encodeURIComponent).join('/').replaceAll('%40', '@');
	return {
		path: `/client/v4/accounts/${encodeURIComponent(account)}/ai/run/${model}`,
		headers: { 'content-type': 'application/json' },
		body: {
			messages: writeChatMessages(request, target),
			...(target.abilities.tools && request.tools.length > 0
				? {
						tools: request.tools.map((tool) => ({
							type: 'function',
							function: { name: tool.name, description: tool.description, parameters: tool.input }
						}))
					}
				: {}),
			...(request.maxOutputTokens === undefined ? {} : { max_tokens: request.maxOutputTokens }),
			stream: true
		}
	};
}

function decodeWorkersAi(target: ProtocolTarget): Decoder {
	const state = createChatState();
	return createDecoder({
		provider: target.ref.provider,
		draft: state.draft,
		keepsArgs: true,
		read: (value, emit, event) => {
			readEvent(state, value, emit, event);
		},
		finish: () => {
			finishChat(state);
		}
	});
}

function readEvent(state: ChatState, value: JsonObject, emit: Emit, event: string): void {
	if (Array.isArray(value['choices'])) {
		readChunk(state, value, emit, event);
		return;
	}
	if (value['success'] === false || value['errors'] !== undefined) {
		const errors = value['errors'];
		if (value['success'] === false || (Array.isArray(errors) && errors.length > 0)) {
			state.draft.error ??= readErrorObject({ errors: errors ?? null }, 0).toWire();
			return;
		}
	}
	// A whole answer is wrapped in `result`.
	const said = isJsonObject(value['result']) ? value['result'] : value;
	if (Array.isArray(said['choices'])) {
		readChunk(state, said, emit, event);
		return;
	}
	const { response, usage, tool_calls: calls } = said;
	readChunk(
		state,
		{
			choices: [
				{
					delta: {
						content:
							typeof response === 'string'
								? response
								: response === undefined || response === null
									? null
									: JSON.stringify(response),
						...(Array.isArray(calls)
							? { tool_calls: calls.map((call, index) => toChatCall(call, state.calls.count() + index)) }
							: {})
					},
					finish_reason: said === value ? (said['finish_reason'] ?? null) : 'stop'
				}
			],
			...(usage === undefined ? {} : { usage })
		},
		emit,
		event
	);
}

/** `{name, arguments: {…}}`, with no index and mostly no id. */
function toChatCall(call: Json, index: number): Json {
	if (!isJsonObject(call) || isJsonObject(call['function'])) return call;
	const { name, id, arguments: args } = call;
	return {
		index,
		...(typeof id === 'string' ? { id } : {}),
		function: { name: name ?? '', arguments: args ?? '' }
	};
}
