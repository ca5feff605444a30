/**
 * Google Gemini, `streamGenerateContent` (https://ai.google.dev/api/generate-content). Parts go back as
 * they came; a thought signature stays on the very part that it came with.
 */

import type { FilePart, TextPart } from '../../wire/entries';
import { isJsonObject } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import { fenced, readAttachment } from './attachments';
import { nearestEffort } from './effort';
import { decodeGemini } from './gemini-decoder';
import { toGeminiSchema } from './gemini-schema';
import type { HttpCall, ModelRequest, Protocol, ProtocolTarget } from './protocol';
import { readHttpError } from './provider-errors';
import { argsObject, extrasOf, isFailure, prepareTurns, resultText } from './transcript';
import type { AssistantTurn } from './transcript';

export const gemini: Protocol = {
	id: 'gemini',
	encode: encodeGemini,
	decoder: decodeGemini,
	readError: readHttpError
};

/** Tokens to think with, for models that take a budget. -1: as many as the model likes. */
const budgets = { none: 0, minimal: 512, low: 2048, medium: 8192, high: 24_576 } as const;

function encodeGemini(request: ModelRequest, target: ProtocolTarget): HttpCall {
	const tools = writeTools(request, target);
	const hasFunctions = tools.some((tool) => 'functionDeclarations' in tool);
	const generationConfig = writeConfig(request, target);
	return {
		path: `/v1beta/models/${encodeURIComponent(target.ref.model)}:streamGenerateContent?alt=sse`,
		headers: { 'content-type': 'application/json' },
		body: {
			contents: writeContents(request, target),
			...(request.system === '' ? {} : { systemInstruction: { parts: [{ text: request.system }] } }),
			...(tools.length === 0 ? {} : { tools }),
			...(hasFunctions && request.toolChoice !== undefined
				? { toolConfig: writeChoice(request.toolChoice) }
				: {}),
			...(Object.keys(generationConfig).length === 0 ? {} : { generationConfig })
		}
	};
}

function writeChoice(choice: 'auto' | 'none' | 'required'): JsonObject {
	const mode = choice === 'auto' ? 'AUTO' : choice === 'none' ? 'NONE' : 'ANY';
	return { functionCallingConfig: { mode } };
}

function writeConfig(request: ModelRequest, target: ProtocolTarget): JsonObject {
	const effort = nearestEffort(request.effort, target);
	let thinkingConfig: JsonObject | undefined;
	if (target.abilities.reasoning) {
		thinkingConfig = { includeThoughts: true };
		if (effort !== undefined) {
			thinkingConfig =
				target.quirks['thinking'] === 'level'
					? { includeThoughts: true, thinkingLevel: effort === 'none' ? 'minimal' : effort }
					: { includeThoughts: effort !== 'none', thinkingBudget: budgets[effort] };
		}
	}
	return {
		...(request.maxOutputTokens === undefined ? {} : { maxOutputTokens: request.maxOutputTokens }),
		...(thinkingConfig === undefined ? {} : { thinkingConfig })
	};
}

function writeTools(request: ModelRequest, target: ProtocolTarget): JsonObject[] {
	const tools: JsonObject[] = [];
	if (target.abilities.tools && request.tools.length > 0) {
		tools.push({
			functionDeclarations: request.tools.map((tool) => {
				const parameters = toGeminiSchema(tool.input);
				return {
					name: tool.name,
					description: tool.description,
					...(parameters === undefined ? {} : { parameters })
				};
			})
		});
	}
	// Before Gemini 3 the API refuses its own search beside functions; then the functions stay.
	const canSearch = tools.length === 0 || target.quirks['searchBesideTools'] === true;
	if (request.webSearch === true && target.abilities.webSearch && canSearch) tools.push({ googleSearch: {} });
	return tools;
}

function writeContents(request: ModelRequest, target: ProtocolTarget): JsonObject[] {
	const contents: { role: string; parts: JsonObject[] }[] = [];
	const push = (role: string, parts: readonly JsonObject[]): void => {
		if (parts.length === 0) return;
		const last = contents.at(-1);
		// A call's results have to be alone in the next content; a message after them gets its own.
		if (last?.role === role && !last.parts.some((part) => 'functionResponse' in part))
			last.parts.push(...parts);
		else contents.push({ role, parts: [...parts] });
	};
	for (const turn of prepareTurns(request, target)) {
		if (turn.role === 'user') {
			push(
				'user',
				turn.parts.flatMap((part) => writeUserPart(part, request, target))
			);
			continue;
		}
		if (contents.length === 0) push('user', [{ text: '(The conversation starts here.)' }]);
		push('model', writeAssistant(turn, target));
		push(
			'user',
			turn.results.map((result) => {
				const call = turn.parts.find((part) => part.type === 'call' && part.callId === result.callId);
				const id = call === undefined ? undefined : extrasOf(call, target.ref.provider)['id'];
				return {
					functionResponse: {
						...(typeof id === 'string' ? { id } : {}),
						name: result.action,
						response: isFailure(result) ? { error: resultText(result) } : writeOutput(result.output)
					}
				};
			})
		);
	}
	return contents.map(({ role, parts }) => ({ role, parts }));
}

function writeOutput(output: Json): JsonObject {
	return isJsonObject(output) ? output : { output };
}

function writeUserPart(
	part: TextPart | FilePart,
	request: ModelRequest,
	target: ProtocolTarget
): JsonObject[] {
	if (part.type === 'text') return part.text === '' ? [] : [{ text: part.text }];
	const file = readAttachment(part, request, target);
	switch (file.kind) {
		case 'image':
		case 'pdf':
			return [{ inlineData: { mimeType: file.mediaType, data: file.base64 } }];
		case 'text':
			return [{ text: fenced(file.name, file.text) }];
		case 'note':
			return [{ text: file.text }];
	}
}

function writeAssistant(turn: AssistantTurn, target: ProtocolTarget): JsonObject[] {
	const parts: JsonObject[] = [];
	let isFirstCall = true;
	for (const part of turn.parts) {
		const extras = extrasOf(part, target.ref.provider);
		switch (part.type) {
			case 'text':
				if (part.text !== '' || Object.keys(extras).length > 0) parts.push({ ...extras, text: part.text });
				break;
			case 'reasoning':
				parts.push({ ...extras, text: part.text, thought: true });
				break;
			case 'call': {
				const { id, ...rest } = extras;
				parts.push({
					...rest,
					...(isFirstCall && rest['thoughtSignature'] === undefined ? standIn(target) : {}),
					functionCall: {
						...(typeof id === 'string' ? { id } : {}),
						name: part.action,
						args: argsObject(part)
					}
				});
				isFirstCall = false;
				break;
			}
			case 'provider':
				if (isJsonObject(part.raw)) parts.push(part.raw);
				break;
			case 'refusal':
				if (part.text !== '') parts.push({ text: part.text });
				break;
		}
	}
	return parts;
}

/**
 * Gemini 3 refuses a step whose first call has no signature; for calls that another model made the
 * documentation names this value instead (https://ai.google.dev/gemini-api/docs/thought-signatures).
 */
function standIn(target: ProtocolTarget): JsonObject {
	return target.quirks['thinking'] === 'level'
		? { thoughtSignature: 'skip_thought_signature_validator' }
		: {};
}
