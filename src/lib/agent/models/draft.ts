/**
 * A response while it arrives: the slots that become its parts, and the events that their growth is.
 * Slots are opened when their first content comes, so that an event's `index` is the part's place in the reply.
 */

import type { StopReason, Usage } from '../../wire/entries';
import { noUsage } from '../../wire/entries';
import type { WireError } from '../../wire/errors';
import type { Json, JsonObject } from '../../wire/json';
import type { ModelEvent } from './protocol';

export type Emit = (event: ModelEvent) => void;

export interface Slot {
	readonly kind: 'text' | 'reasoning' | 'call' | 'refusal' | 'provider';
	/** Its place in the response. */
	readonly index: number;
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
	/** The text or reasoning that was opened last and may still grow: any other part ends it. */
	open: Slot | undefined;
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
		open: undefined,
		usage: noUsage,
		responseId: undefined,
		stop: undefined,
		isTerminated: false,
		error: undefined,
		extras: {}
	};
}

export function openSlot(draft: Draft, kind: Slot['kind']): Slot {
	const slot: Slot = {
		kind,
		index: draft.slots.length,
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
	draft.open = kind === 'text' || kind === 'reasoning' ? slot : undefined;
	return slot;
}

/** More of a part, said as what it is. Refusals and a provider's own blocks are shown when they are whole. */
export function growSlot(slot: Slot, delta: string, emit: Emit): void {
	if (delta === '') return;
	slot.text += delta;
	const { kind, index } = slot;
	if (kind === 'call') emit({ type: 'call-delta', index, callId: slot.callId, delta });
	else if (kind === 'text' || kind === 'reasoning') emit({ type: kind, index, delta });
}

/** For streams that do not number their parts: what is of the open part's kind belongs to it. */
export function growOpen(draft: Draft, kind: 'text' | 'reasoning', delta: string, emit: Emit): void {
	if (delta === '') return;
	growSlot(draft.open?.kind === kind ? draft.open : openSlot(draft, kind), delta, emit);
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
	emit({ type: 'call-start', index: slot.index, callId, action });
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
