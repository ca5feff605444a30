/**
 * What a provider protocol is: request → HTTP request, bytes → model events, error body →
 * AppError. One file a protocol; `tests/contract/model.ts` is the suite that each passes.
 * Decoders are synchronous state machines: the same bytes give the same events however cut.
 */

import type { AppError, WireError } from '../../wire/errors';
import type { Attempt, FilePart, ModelRef, Part, StopReason, Usage } from '../../wire/entries';
import type { JsonObject } from '../../wire/json';
import type { StreamNames } from './hub-names';

/** An action as a model gets it. `name` is the action id; providers allow [a-zA-Z0-9_-]{1,64}. */
export interface ToolDescriptor {
	readonly name: string;
	readonly description: string;
	/** JSON Schema, type object. */
	readonly input: JsonObject;
}

export type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high';

/**
 * The transcript as providers see it, oldest first. `tool` messages follow the assistant
 * message whose calls they answer, one result part per call, in the order of the calls.
 * `from` is the model that wrote an assistant message: extras go back only to the same provider.
 */
export interface TranscriptMessage {
	readonly role: 'user' | 'assistant' | 'tool';
	readonly parts: readonly Part[];
	readonly from?: ModelRef;
}

export interface ModelRequest {
	readonly model: ModelRef;
	/** Stable across the turns of a session, so that it can be cached. */
	readonly system: string;
	readonly messages: readonly TranscriptMessage[];
	readonly tools: readonly ToolDescriptor[];
	readonly toolChoice?: 'auto' | 'none' | 'required';
	readonly effort?: Effort;
	readonly maxOutputTokens?: number;
	/** The provider's own web search, where it has one. */
	readonly webSearch?: boolean;
	/** Bytes of the file parts in `messages`, by their `blob`. */
	readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
	/** A stable id of the conversation, for providers' prompt caches. No personal data. */
	readonly cacheKey?: string;
}

export type ModelEvent =
	| { readonly type: 'text'; readonly index: number; readonly delta: string }
	| { readonly type: 'reasoning'; readonly index: number; readonly delta: string }
	/** `index` is the part's place in the response; parts may interleave. */
	| { readonly type: 'call-start'; readonly index: number; readonly callId: string; readonly action: string }
	| { readonly type: 'call-delta'; readonly index: number; readonly callId: string; readonly delta: string };

/** A whole response. Never thrown away: with `stop` `cut`, `error` or `aborted`, `parts` holds what had arrived. */
export interface ModelReply {
	readonly model: ModelRef;
	readonly parts: readonly Part[];
	readonly stop: StopReason;
	readonly error?: WireError;
	readonly usage: Usage;
	readonly responseId?: string;
	readonly extras?: JsonObject;
	readonly attempts?: readonly Attempt[];
}

export interface HttpCall {
	/** Path below the provider's base address, e.g. `/v1/messages`; may carry a query. */
	readonly path: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: JsonObject;
}

export interface Decoder {
	/** Bytes as they come from the wire, in pieces of any size. Emits what they complete. */
	push(bytes: Uint8Array, emit: (event: ModelEvent) => void): void;
	/** The stream is over (or broke off): the whole reply. Call once. */
	end(how: 'closed' | 'aborted'): Omit<ModelReply, 'model' | 'attempts'>;
}

/** What a protocol has to know of the model and provider that it is to speak to. */
export interface ProtocolTarget {
	readonly ref: ModelRef;
	readonly abilities: Abilities;
	/** Differences of a provider within one protocol, e.g. `maxTokensField`. See `providers.ts`. */
	readonly quirks: Readonly<Record<string, string | boolean | number>>;
	/** Tokens that the model can write at most, where that is known. */
	readonly maxOutput?: number;
	/** Efforts that the model knows, weakest first; absent where it cannot be told how hard to think. */
	readonly efforts?: readonly Effort[];
}

export interface Abilities {
	readonly tools: boolean;
	readonly images: boolean;
	readonly pdf: boolean;
	readonly reasoning: boolean;
	readonly webSearch: boolean;
}

export interface Protocol {
	readonly id: string;
	encode(request: ModelRequest, target: ProtocolTarget): HttpCall;
	decoder(target: ProtocolTarget): Decoder;
	/** Reads a non-2xx answer. */
	readError(status: number, headers: Headers, body: string): AppError;
}

/**
 * The port that the loop asks. Never rejects: a failure is a reply with `stop: 'error'`.
 * `onEvent` is called synchronously as bytes arrive. When an attempt is retried or the chain
 * falls back, nothing had been emitted yet.
 */
export interface ModelPort {
	ask(request: ModelRequest, options: AskOptions): Promise<ModelReply>;
	/** What the loop must know before it builds a request. */
	describe(model: ModelRef): ModelTraits;
}
/** Why an abort is no stop: this tab gives the turn away, and whoever takes it reads the answer on. */
export const givenAway = new DOMException('Another tab goes on with it.', 'AbortError');

export interface AskOptions {
	readonly signal: AbortSignal;
	readonly onEvent: (event: ModelEvent) => void;
	/** `x-request-id` for the relay and the audit log. */
	readonly requestId: string;
	/** Where answers through the relay are to outlive this tab. */
	readonly stream?: StreamNames;
}
export interface ModelTraits {
	readonly abilities: Abilities;
	/** Tokens. */
	readonly contextWindow: number;
	readonly maxOutput: number;
	/** Rehearsal: its prose never enters a real model's context. */
	readonly isRehearsal: boolean;
}

export type LoadBlob = (file: FilePart) => Promise<Uint8Array<ArrayBuffer> | undefined>;
