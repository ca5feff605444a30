/**
 * The session tree's only content: immutable entries made of parts.
 * An entry is never changed after its commit; an edit or a retry is a new sibling.
 */

import type { WireError } from './errors';
import type { Json, JsonObject } from './json';
import type { Labels } from './labels';

export const entryVersion = 1;

export type EntryKind = 'user' | 'assistant' | 'result' | 'summary' | 'note';

/** What a provider added to a part, verbatim, under the provider's id; sent back to that provider only. */
export type Extras = { readonly [provider: string]: Json };

export interface TextPart {
	readonly type: 'text';
	readonly text: string;
	/** Sources the provider named for this text. */
	readonly citations?: readonly { readonly url: string; readonly title?: string }[];
	readonly extras?: Extras;
}
export interface ReasoningPart {
	readonly type: 'reasoning';
	/** Empty where the provider sends only an encrypted form. */
	readonly text: string;
	readonly extras?: Extras;
}
export interface CallPart {
	readonly type: 'call';
	/** Unique in its entry; the provider's id where it gave one. */
	readonly callId: string;
	readonly action: string;
	readonly args: Json;
	/** The arguments as they came, where they were not JSON. Such a call is never run. */
	readonly badArgs?: string;
	/** native: the provider's tool call · fence: a fenced action block in the text. */
	readonly via: 'native' | 'fence';
	readonly extras?: Extras;
}
export type CallStatus = 'ok' | 'error' | 'rejected' | 'not-run' | 'unknown';
export interface ResultPart {
	readonly type: 'result';
	readonly callId: string;
	readonly action: string;
	readonly status: CallStatus;
	readonly output: Json;
	readonly error?: WireError;
	readonly startedAt: number;
	readonly durationMs: number;
	/** Idempotency key of the effect, also the key of its undo row. */
	readonly effectKey?: string;
	/** What may be offered to undo it; absent where nothing can. */
	readonly undo?: { readonly label: string };
}
export interface FilePart {
	readonly type: 'file';
	/** SHA-256 (hex) of the bytes, key in the `blobs` table. */
	readonly blob: string;
	readonly name: string;
	readonly mediaType: string;
	readonly size: number;
}
export interface RefusalPart {
	readonly type: 'refusal';
	readonly text: string;
	readonly extras?: Extras;
}
/** A block that only its provider understands (server tools, unknown types): kept and sent back verbatim. */
export interface ProviderPart {
	readonly type: 'provider';
	readonly provider: string;
	/** One line for the transcript, e.g. `web search: tea`. */
	readonly gist: string;
	readonly raw: Json;
}
export type Part = TextPart | ReasoningPart | CallPart | ResultPart | FilePart | RefusalPart | ProviderPart;

/** Which model, through whom. `provider` is a provider id (`anthropic`), `model` the provider's own name. */
export interface ModelRef {
	readonly provider: string;
	readonly model: string;
}

export interface Usage {
	/** All input tokens, cached ones included. */
	readonly input: number;
	readonly output: number;
	readonly cacheRead: number;
	readonly cacheWrite: number;
	/** Part of `output`. */
	readonly reasoning: number;
}
export const noUsage: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };

export function addUsage(a: Usage, b: Usage): Usage {
	return {
		input: a.input + b.input,
		output: a.output + b.output,
		cacheRead: a.cacheRead + b.cacheRead,
		cacheWrite: a.cacheWrite + b.cacheWrite,
		reasoning: a.reasoning + b.reasoning
	};
}

/**
 * Why a model response ended. `pause`: the provider wants to be asked again with what it has said
 * (Anthropic `pause_turn`). `cut`: no terminator came. `aborted`: we stopped it.
 */
export type StopReason = 'end' | 'calls' | 'length' | 'refused' | 'pause' | 'cut' | 'aborted' | 'error';

/** One try of a fallback chain. */
export interface Attempt {
	readonly model: ModelRef;
	readonly ok: boolean;
	readonly error?: WireError;
	readonly durationMs: number;
}

/** What an assistant entry says about the response it holds. */
export interface ResponseMeta {
	readonly model: ModelRef;
	readonly stop: StopReason;
	readonly error?: WireError;
	readonly usage: Usage;
	readonly durationMs: number;
	/** The provider's id of the response, where it gave one. */
	readonly responseId?: string;
	/** Present when more than one attempt was made. */
	readonly attempts?: readonly Attempt[];
	/** Fields of the response that nothing here reads, verbatim. */
	readonly extras?: JsonObject;
}

export interface Author {
	readonly device: string;
	/** `user`, `agent`, `skill:{action id}`, `import`, … */
	readonly principal: string;
}

export interface Entry {
	/** UUIDv7. */
	readonly id: string;
	readonly sessionId: string;
	readonly parentId: string | null;
	readonly turnId?: string;
	readonly v: number;
	readonly kind: EntryKind;
	readonly author: Author;
	readonly parts: readonly Part[];
	readonly labels: Labels;
	/** Lamport clock of the writing device. */
	readonly lam: number;
	/** Milliseconds since 1970. For display; order is the tree's. */
	readonly at: number;
	/** Only on `assistant`. */
	readonly response?: ResponseMeta;
	/** Only on `summary`: this entry and everything before it on the branch is replaced by the summary in what the model gets. */
	readonly covers?: { readonly upTo: string };
}
