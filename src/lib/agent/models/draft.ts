/**
 * A response while it arrives: the slots that become its parts, and the frame around every
 * protocol's reader (SSE in, JSON parsed, errors caught, one reply out). Slots are opened when
 * their first content comes, so that an event's `index` is the part's place in the reply.
 */

import type { Part, StopReason, Usage } from '../../wire/entries';
import { noUsage } from '../../wire/entries';
import { AppError } from '../../wire/errors';
import type { WireError } from '../../wire/errors';
import { isJsonObject, parseJson } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import type { Decoder, ModelEvent, ModelReply } from './protocol';
import { createSseScanner } from './sse';

export type Emit = (event: ModelEvent) => void;

export interface Slot {
	readonly kind: 'text' | 'reasoning' | 'call' | 'refusal' | 'provider';
	/** Text, reasoning, refusal; of a call its arguments as they came. */
	text: string;
	callId: string;
	action: string;
	/** What this provider wants to see again with this part. */
	extras: Record<string, Json> | undefined;
	citations: { url: string; title?: string }[] | undefined;
	gist: string;
	raw: JsonObject | undefined;
	/** False while a call's arguments may still grow, or a provider's block is unfinished. */
	isDone: boolean;
	/** Replaces what the arguments' text says (a call whose input is no JSON text). */
	args: Json | undefined;
}

export interface Draft {
	readonly slots: Slot[];
	usage: Usage;
	responseId: string | undefined;
	stop: StopReason | undefined;
	/** The provider's own end mark came, though it named no reason. */
	isTerminated: boolean;
	error: WireError | undefined;
	/** Fields of the response that nothing here reads. */
	extras: Record<string, Json>;
}

export function createDraft(): Draft {
	return {
		slots: [],
		usage: noUsage,
		responseId: undefined,
		stop: undefined,
		isTerminated: false,
		error: undefined,
		extras: {}
	};
}

/** The new slot's index is `draft.slots.length - 1`. */
export function openSlot(draft: Draft, kind: Slot['kind']): Slot {
	const slot: Slot = {
		kind,
		text: '',
		callId: '',
		action: '',
		extras: undefined,
		citations: undefined,
		gist: '',
		raw: undefined,
		isDone: kind !== 'call' && kind !== 'provider',
		args: undefined
	};
	draft.slots.push(slot);
	return slot;
}

/** Opens a call under an id that is unique in the reply, and says so. */
export function openCall(draft: Draft, id: string, action: string, emit: Emit): Slot {
	const wanted = id === '' ? `call-${String(draft.slots.length)}` : id;
	let callId = wanted;
	for (let n = 2; draft.slots.some((slot) => slot.kind === 'call' && slot.callId === callId); n++) {
		callId = `${wanted}-${String(n)}`;
	}
	const slot = openSlot(draft, 'call');
	slot.callId = callId;
	slot.action = action;
	emit({ type: 'call-start', index: draft.slots.length - 1, callId, action });
	return slot;
}

export function addExtras(slot: Slot, extras: JsonObject | undefined): void {
	if (extras === undefined) return;
	slot.extras = Object.assign(slot.extras ?? {}, extras);
}

export function addCitation(slot: Slot, url: Json | undefined, title: Json | undefined): void {
	if (typeof url !== 'string' || url === '') return;
	slot.citations ??= [];
	if (slot.citations.some((known) => known.url === url)) return;
	slot.citations.push(typeof title === 'string' && title !== '' ? { url, title } : { url });
}

/** A copy without these fields; undefined where nothing is left. Mostly nothing is, and then nothing is made. */
export function without(value: JsonObject, names: readonly string[]): JsonObject | undefined {
	let rest: Record<string, Json> | undefined;
	for (const name in value) {
		if (names.includes(name)) continue;
		const member = value[name];
		// A provider may well send a field of that name; assigned, it would become the copy's prototype.
		if (member === undefined || name === '__proto__') continue;
		rest ??= {};
		rest[name] = member;
	}
	return rest;
}

/** Token counts come from outside: anything but a finite number from 0 up counts as 0. */
export function count(value: Json | undefined): number {
	return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}

function toPart(slot: Slot, provider: string, isWhole: boolean, keepsArgs: boolean): Part | undefined {
	const extras = slot.extras === undefined ? {} : { extras: { [provider]: slot.extras } };
	switch (slot.kind) {
		case 'text':
			return {
				type: 'text',
				text: slot.text,
				...(slot.citations === undefined ? {} : { citations: slot.citations }),
				...extras
			};
		case 'reasoning':
			return { type: 'reasoning', text: slot.text, ...extras };
		case 'refusal':
			return { type: 'refusal', text: slot.text, ...extras };
		case 'provider':
			// Half a block cannot be sent back, and says nothing.
			if (!slot.isDone || slot.raw === undefined) return undefined;
			return { type: 'provider', provider, gist: slot.gist, raw: slot.raw };
		case 'call':
			return toCall(slot, provider, isWhole, keepsArgs);
	}
}

function toCall(slot: Slot, provider: string, isWhole: boolean, keepsArgs: boolean): Part {
	const text = slot.text;
	const parsed = slot.args ?? (text.trim() === '' ? {} : parseJson(text));
	const base = { type: 'call', callId: slot.callId, action: slot.action, via: 'native' } as const;
	// What broke off before its end must never run, even if it happens to be JSON (or nothing) so far.
	const isBad = parsed === undefined || !(slot.isDone || isWhole);
	const args = parsed === undefined || parsed === null ? {} : parsed;
	// Where arguments go back as text, they go back as they were: a provider's cache sees bytes, not values.
	const isVerbatim = !keepsArgs || isBad || slot.args !== undefined || text === JSON.stringify(args);
	const extras = isVerbatim ? slot.extras : { ...slot.extras, arguments: text };
	return {
		...base,
		args: isBad ? {} : args,
		...(isBad ? { badArgs: text } : {}),
		...(extras === undefined ? {} : { extras: { [provider]: extras } })
	};
}

/**
 * The frame around a protocol: `read` gets each event's JSON. It may throw nothing that it means;
 * what it throws all the same is a malformed stream, not a crash.
 */
export function createDecoder(options: {
	readonly provider: string;
	readonly draft: Draft;
	/** The provider wants a call's arguments back as text. */
	readonly keepsArgs?: boolean;
	read(value: JsonObject, emit: Emit, event: string): void;
	/** Reads an event without parsing it, where its frame is known; false where it has to be parsed. */
	readFast?(data: string, emit: Emit): boolean;
	/** Called after `read` with the same event, to know its frame the next time. */
	learn?(data: string, value: JsonObject): void;
	/** Called once before the reply is made, to settle what is still open. */
	finish?(): void;
}): Decoder {
	const { draft, provider } = options;
	let emit: Emit = ignore;
	const scanner = createSseScanner((data, event) => {
		if (data.startsWith('[DONE]')) {
			draft.isTerminated = true;
			return;
		}
		try {
			if (event !== 'error' && options.readFast?.(data, emit) === true) return;
			const value: unknown = JSON.parse(data);
			if (isJsonObject(value)) {
				options.read(value, emit, event);
				options.learn?.(data, value);
			} else if (Array.isArray(value))
				for (const item of value) if (isJsonObject(item)) options.read(item, emit, event);
		} catch {
			draft.error ??= new AppError('model/malformed-stream').toWire();
		}
	});
	return {
		push: (bytes, onEvent) => {
			emit = onEvent;
			scanner.push(bytes);
		},
		end: (how) => {
			scanner.end();
			try {
				options.finish?.();
			} catch {
				draft.error ??= new AppError('model/malformed-stream').toWire();
			}
			return toReply(draft, provider, how, options.keepsArgs === true);
		}
	};
}

function ignore(): void {
	// No event is due after the end.
}

function toReply(
	draft: Draft,
	provider: string,
	how: 'closed' | 'aborted',
	keepsArgs: boolean
): Omit<ModelReply, 'model' | 'attempts'> {
	// Whether there are calls is seen, not believed: providers name the reason as they like.
	const said = draft.stop ?? (draft.isTerminated ? 'end' : undefined);
	const ended = said === 'end' ? kindOfEnd(draft) : said;
	const isWhole = ended !== undefined && ended !== 'length' && draft.error === undefined && how === 'closed';
	let stop: StopReason;
	let error = draft.error;
	if (how === 'aborted') {
		stop = 'aborted';
		error = undefined;
	} else if (error !== undefined) {
		stop = 'error';
	} else if (ended === undefined) {
		stop = 'cut';
		error = new AppError('model/stream-cut').toWire();
	} else {
		stop = ended;
	}
	const parts: Part[] = [];
	for (const slot of draft.slots) {
		const part = toPart(slot, provider, isWhole, keepsArgs);
		if (part !== undefined) parts.push(part);
	}
	return {
		parts,
		stop,
		...(error === undefined ? {} : { error }),
		usage: draft.usage,
		...(draft.responseId === undefined ? {} : { responseId: draft.responseId }),
		...(Object.keys(draft.extras).length === 0 ? {} : { extras: draft.extras })
	};
}

function kindOfEnd(draft: Draft): StopReason {
	if (draft.slots.some((slot) => slot.kind === 'call')) return 'calls';
	return draft.slots.some((slot) => slot.kind === 'refusal') ? 'refused' : 'end';
}
