/**
 * The transcript made fit for one target, before a protocol writes it: what only its own provider
 * may see again is dropped elsewhere, calls and results are paired or left out, and where a
 * target has no tools (or a call came as text) both become text.
 */

import type {
	CallPart,
	FilePart,
	Part,
	ProviderPart,
	ReasoningPart,
	RefusalPart,
	ResultPart,
	TextPart
} from '../../wire/entries';
import { isJsonObject } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import type { ModelRequest, ProtocolTarget, TranscriptMessage } from './protocol';

export interface UserTurn {
	readonly role: 'user';
	readonly parts: readonly (TextPart | FilePart)[];
}
export interface AssistantTurn {
	readonly role: 'assistant';
	/** No call without its result; reasoning, refusals with extras and provider parts only from this provider. */
	readonly parts: readonly (TextPart | ReasoningPart | CallPart | RefusalPart | ProviderPart)[];
	/** Written by this very model. Encrypted reasoning is of use only to the one that made it. */
	readonly isSameModel: boolean;
	readonly isSameProvider: boolean;
	/** One per call, in the order of the calls. */
	readonly results: readonly ResultPart[];
}
export type Turn = UserTurn | AssistantTurn;

export function prepareTurns(request: ModelRequest, target: ProtocolTarget): readonly Turn[] {
	const turns: Turn[] = [];
	const { messages } = request;
	for (let index = 0; index < messages.length; index++) {
		const message = messages[index];
		if (message === undefined || message.role === 'tool') continue;
		if (message.role === 'user') {
			const parts = message.parts.filter((part) => part.type === 'text' || part.type === 'file');
			if (parts.some((part) => part.type === 'file' || part.text !== '')) turns.push({ role: 'user', parts });
			continue;
		}
		const answers = new Map<string, ResultPart>();
		for (let next = index + 1; messages[next]?.role === 'tool'; next++) {
			for (const part of messages[next]?.parts ?? []) {
				if (part.type === 'result' && !answers.has(part.callId)) answers.set(part.callId, part);
			}
		}
		pushAssistant(turns, message, answers, target);
	}
	return turns;
}

function pushAssistant(
	turns: Turn[],
	message: TranscriptMessage,
	answers: ReadonlyMap<string, ResultPart>,
	target: ProtocolTarget
): void {
	const { provider, model } = target.ref;
	const isSameProvider = message.from?.provider === provider;
	const isSameModel = isSameProvider && message.from.model === model;
	const parts: AssistantTurn['parts'][number][] = [];
	const results: ResultPart[] = [];
	const told: string[] = [];
	const seen = new Set<string>();
	for (const part of message.parts) {
		switch (part.type) {
			case 'text':
				parts.push(isSameProvider || part.extras === undefined ? part : { type: 'text', text: part.text });
				break;
			case 'reasoning':
				if (isSameProvider) parts.push(part);
				break;
			case 'provider':
				if (isSameProvider && part.provider === provider) parts.push(part);
				break;
			case 'refusal':
				parts.push(isSameProvider ? part : { type: 'text', text: part.text });
				break;
			case 'call': {
				const result = answers.get(part.callId);
				if (result === undefined || seen.has(part.callId)) break;
				seen.add(part.callId);
				if (part.via === 'fence' || !target.abilities.tools) {
					parts.push({ type: 'text', text: fencedCall(part) });
					told.push(toldResult(part, result));
				} else {
					parts.push(isSameProvider ? part : bare(part));
					results.push(result);
				}
				break;
			}
			case 'file':
			case 'result':
				break;
		}
	}
	const joined = joinFences(parts);
	if (joined.some(says))
		turns.push({ role: 'assistant', parts: joined, isSameModel, isSameProvider, results });
	if (told.length > 0) turns.push({ role: 'user', parts: [{ type: 'text', text: told.join('\n\n') }] });
}

function says(part: AssistantTurn['parts'][number]): boolean {
	return (part.type !== 'text' && part.type !== 'refusal') || part.text !== '' || part.extras !== undefined;
}

function bare(part: CallPart): CallPart {
	const { extras: _, ...rest } = part;
	return rest;
}

function fencedCall(part: CallPart): string {
	return `\n\n\`\`\`wherry-action\n${JSON.stringify({ action: part.action, args: part.args })}\n\`\`\``;
}

function toldResult(part: CallPart, result: ResultPart): string {
	return `[Result of ${part.action}] ${resultText(result)}`;
}

/** A fenced call belongs to the text before it. */
function joinFences(parts: AssistantTurn['parts']): AssistantTurn['parts'] {
	const joined: AssistantTurn['parts'][number][] = [];
	for (const part of parts) {
		const last = joined.at(-1);
		if (part.type === 'text' && part.text.startsWith('\n\n```wherry-action\n')) {
			if (last?.type === 'text') joined[joined.length - 1] = { ...last, text: last.text + part.text };
			else joined.push({ ...part, text: part.text.slice(2) });
		} else {
			joined.push(part);
		}
	}
	return joined;
}

/** What a provider kept for itself with this part. */
export function extrasOf(part: Part, provider: string): JsonObject {
	const all = 'extras' in part ? part.extras : undefined;
	const own = all !== undefined && Object.hasOwn(all, provider) ? all[provider] : undefined;
	return isJsonObject(own) ? own : {};
}

/** A call's arguments as text: as the provider wrote them, where it is known. */
export function argsText(part: CallPart, provider: string): string {
	if (part.badArgs !== undefined) return part.badArgs;
	const { arguments: verbatim } = extrasOf(part, provider);
	return typeof verbatim === 'string' ? verbatim : JSON.stringify(part.args);
}

/** A call's arguments as an object, for providers that take nothing else. */
export function argsObject(part: CallPart): JsonObject {
	return isJsonObject(part.args) ? part.args : {};
}

export function isFailure(result: ResultPart): boolean {
	return result.status !== 'ok';
}

/** What a model reads of a result. */
export function resultText(result: ResultPart): string {
	const output = outputText(result.output);
	if (result.status === 'ok') return output;
	const why = result.error?.message ?? result.status;
	const detail = isJsonObject(result.error?.data) ? result.error.data['detail'] : undefined;
	const said = typeof detail === 'string' && detail !== '' ? `${why} ${detail}` : why;
	return output === '' || result.output === null ? `Error: ${said}` : `Error: ${said}\n${output}`;
}

function outputText(output: Json): string {
	if (typeof output === 'string') return output;
	return output === null ? 'done' : JSON.stringify(output);
}

/**
 * Call ids as a provider takes them: one that fits and is new stays as it is; any other gets a name
 * of its own, the same for the call and its result.
 */
export function createCallIds(
	fits: RegExp,
	make: (n: number) => string
): (turn: AssistantTurn) => ReadonlyMap<string, string> {
	const used = new Set<string>();
	let n = 0;
	return (turn) => {
		const ids = new Map<string, string>();
		for (const part of turn.parts) {
			if (part.type !== 'call') continue;
			let id = part.callId;
			while (!fits.test(id) || used.has(id)) id = make(n++);
			used.add(id);
			ids.set(part.callId, id);
		}
		return ids;
	};
}
