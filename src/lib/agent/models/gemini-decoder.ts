/**
 * The stream of Gemini: whole candidates in pieces. Neighbouring text grows together, but never across
 * a thought signature; arguments come whole, or by JSON path (`partialArgs`).
 */

import { isJsonObject } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import { createDecoder } from './decoder';
import {
	addCitation,
	addExtras,
	count,
	createDraft,
	growOpen,
	growSlot,
	openCall,
	openSlot,
	without
} from './draft';
import type { Draft, Emit, Slot } from './draft';
import { createPartialArgs } from './gemini-partial-args';
import type { PartialArgs } from './gemini-partial-args';
import type { Decoder, ProtocolTarget } from './protocol';
import { readErrorObject } from './provider-errors';

interface State {
	readonly draft: Draft;
	/** A call whose arguments come in pieces. */
	partial: { readonly slot: Slot; readonly args: PartialArgs } | undefined;
}

export function decodeGemini(target: ProtocolTarget): Decoder {
	const state: State = { draft: createDraft(), partial: undefined };
	return createDecoder({
		provider: target.ref.provider,
		draft: state.draft,
		read: (value, emit) => {
			readChunk(state, value, emit);
		}
	});
}

function readChunk(state: State, value: JsonObject, emit: Emit): void {
	const { draft } = state;
	if (value['error'] !== undefined) {
		draft.error ??= readErrorObject(value['error'], 0).toWire();
		return;
	}
	if (typeof value['responseId'] === 'string') draft.responseId = value['responseId'];
	readUsage(draft, value['usageMetadata']);
	const feedback = value['promptFeedback'];
	if (isJsonObject(feedback) && typeof feedback['blockReason'] === 'string') {
		draft.stop = 'refused';
		draft.extras['promptFeedback'] = feedback;
	}
	const candidate = Array.isArray(value['candidates']) ? value['candidates'][0] : undefined;
	if (!isJsonObject(candidate)) return;
	const { content, finishReason } = candidate;
	const parts = isJsonObject(content) ? content['parts'] : undefined;
	if (Array.isArray(parts)) for (const part of parts) if (isJsonObject(part)) readPart(state, part, emit);
	readGrounding(draft, candidate['groundingMetadata']);
	const extras = without(candidate, ['content', 'finishReason', 'index', 'groundingMetadata', 'tokenCount']);
	if (extras !== undefined) draft.extras = { ...draft.extras, ...extras };
	if (typeof finishReason === 'string') readReason(draft, finishReason, candidate['finishMessage']);
}

function readPart(state: State, part: JsonObject, emit: Emit): void {
	const { text, functionCall } = part;
	if (isJsonObject(functionCall)) {
		readCall(state, part, functionCall, emit);
	} else if (typeof text === 'string') {
		readText(state, part, text, emit);
	} else if (Object.keys(part).length > 0) {
		const slot = openSlot(state.draft, 'provider');
		slot.raw = part;
		slot.isDone = true;
		slot.gist = gistOf(part);
	}
}

function readText(state: State, part: JsonObject, text: string, emit: Emit): void {
	const kind = part['thought'] === true ? 'reasoning' : 'text';
	const extras = without(part, ['text', 'thought']);
	if (extras === undefined) {
		growOpen(state.draft, kind, text, emit);
		return;
	}
	// A part with a signature is merged with nothing.
	const slot = openSlot(state.draft, kind);
	growSlot(slot, text, emit);
	addExtras(slot, extras);
	state.draft.open = undefined;
}

function readCall(state: State, part: JsonObject, call: JsonObject, emit: Emit): void {
	const { name, args, id, partialArgs, willContinue } = call;
	state.draft.open = undefined;
	if (typeof name === 'string' && name !== '') {
		const slot = openCall(state.draft, typeof id === 'string' ? id : '', name, emit);
		addExtras(slot, without(part, ['functionCall']));
		if (typeof id === 'string') addExtras(slot, { id });
		state.partial = { slot, args: createPartialArgs() };
	}
	const { partial } = state;
	if (partial === undefined) return;
	if (isJsonObject(args)) partial.args.replace(args);
	if (Array.isArray(partialArgs))
		for (const piece of partialArgs) if (isJsonObject(piece)) partial.args.add(piece);
	if (willContinue === true) return;
	growSlot(partial.slot, JSON.stringify(partial.args.value()), emit);
	partial.slot.isDone = true;
	state.partial = undefined;
}

function readUsage(draft: Draft, usage: Json | undefined): void {
	if (!isJsonObject(usage)) return;
	const reasoning = count(usage['thoughtsTokenCount']);
	draft.usage = {
		input: count(usage['promptTokenCount']) + count(usage['toolUsePromptTokenCount']),
		output: count(usage['candidatesTokenCount']) + reasoning,
		cacheRead: count(usage['cachedContentTokenCount']),
		cacheWrite: 0,
		reasoning
	};
}

/** Google's search: its sources belong to the whole answer and are shown with its last text. */
function readGrounding(draft: Draft, grounding: Json | undefined): void {
	if (!isJsonObject(grounding) || Object.keys(grounding).length === 0) return;
	draft.extras['groundingMetadata'] = grounding;
	const chunks = grounding['groundingChunks'];
	const slot = draft.slots.findLast((known) => known.kind === 'text');
	if (!Array.isArray(chunks) || slot === undefined) return;
	for (const chunk of chunks) {
		const web = isJsonObject(chunk) ? chunk['web'] : undefined;
		if (isJsonObject(web)) addCitation(slot, web['uri'], web['title']);
	}
}

function readReason(draft: Draft, reason: string, message: Json | undefined): void {
	switch (reason) {
		case 'STOP':
		case 'FUNCTION_CALL':
		case 'OTHER':
		case 'FINISH_REASON_UNSPECIFIED':
			draft.stop ??= 'end';
			return;
		case 'MAX_TOKENS':
			draft.stop = 'length';
			return;
		case 'MALFORMED_FUNCTION_CALL':
		case 'UNEXPECTED_TOOL_CALL':
		case 'TOO_MANY_TOOL_CALLS':
		case 'MISSING_THOUGHT_SIGNATURE':
			draft.error ??= readErrorObject(
				{ type: 'server_error', code: reason, message: message ?? reason },
				0
			).toWire();
			return;
		default:
			// SAFETY, RECITATION, BLOCKLIST, PROHIBITED_CONTENT, SPII, LANGUAGE, IMAGE_SAFETY, …
			draft.stop = 'refused';
			draft.extras['finishReason'] = reason;
	}
}

function gistOf(part: JsonObject): string {
	const [kind] = Object.keys(part).filter((name) => name !== 'thoughtSignature' && name !== 'thought');
	return (kind ?? 'part').replace(/([A-Z])/g, ' $1').toLowerCase();
}
