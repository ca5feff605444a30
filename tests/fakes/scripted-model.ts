/** A model that says what a script tells it, decided by the transcript alone: asked again after a crash it says the same. */

import { noUsage } from '../../src/lib/wire/entries';
import type { Part } from '../../src/lib/wire/entries';
import type { ModelPort, ModelReply, ModelRequest } from '../../src/lib/agent/models/protocol';

export type Script = (
	responsesSoFar: number,
	request: ModelRequest
) => Partial<ModelReply> & { readonly parts: readonly Part[] };

export function call(callId: string, action: string, args: Record<string, string | number> = {}): Part {
	return { type: 'call', callId, action, args, via: 'native' };
}
export function text(value: string): Part {
	return { type: 'text', text: value };
}

export interface ScriptedModel extends ModelPort {
	readonly requests: ModelRequest[];
}

export function createScriptedModel(
	script: Script,
	options: { contextWindow?: number; tools?: boolean } = {}
): ScriptedModel {
	const requests: ModelRequest[] = [];
	return {
		requests,
		describe: () => ({
			abilities: { tools: options.tools ?? true, images: true, pdf: true, reasoning: true, webSearch: false },
			contextWindow: options.contextWindow ?? 100_000,
			maxOutput: 4_096,
			isRehearsal: false
		}),
		async ask(request, { onEvent, signal }) {
			requests.push(request);
			await Promise.resolve();
			const soFar = lastTurnResponses(request);
			const reply = script(soFar, request);
			if (signal.aborted) return { model: request.model, parts: [], stop: 'aborted', usage: noUsage };
			for (const [index, part] of reply.parts.entries()) {
				if (part.type === 'text')
					for (const word of part.text.split(/(?<= )/)) onEvent({ type: 'text', index, delta: word });
				if (part.type === 'call') {
					onEvent({ type: 'call-start', index, callId: part.callId, action: part.action });
					onEvent({ type: 'call-delta', index, callId: part.callId, delta: JSON.stringify(part.args) });
				}
			}
			const hasCalls = reply.parts.some((part) => part.type === 'call');
			return { model: request.model, stop: hasCalls ? 'calls' : 'end', usage: noUsage, ...reply };
		}
	};
}

/** Assistant messages after the last user message. */
function lastTurnResponses(request: ModelRequest): number {
	const last = request.messages.findLastIndex((message) => message.role === 'user');
	return request.messages.slice(last + 1).filter((message) => message.role === 'assistant').length;
}
