/**
 * The calls of a Chat Completions stream: with and without an index, whole or in pieces, arguments before
 * their name.
 */

import { isJsonObject } from '../../wire/json';
import type { JsonObject } from '../../wire/json';
import { addExtras, growSlot, openCall, without } from './draft';
import type { Draft, Emit, Slot } from './draft';

interface OpenCall {
	slot: Slot | undefined;
	id: string;
	name: string;
	/** Arguments that came before the name. */
	early: string;
	readonly index: number | undefined;
	extras: JsonObject | undefined;
}

export interface Calls {
	/** How many there are. */
	count(): number;
	/** A member of `tool_calls`. */
	read(piece: JsonObject, emit: Emit): void;
	/** More arguments of the call with that index. */
	grow(index: number, delta: string, emit: Emit): void;
	/** The provider said that nothing more comes. */
	finish(): void;
}

export function createCalls(draft: Draft): Calls {
	const calls: OpenCall[] = [];
	return {
		count: () => calls.length,
		read: (piece, emit) => {
			readCall(draft, calls, piece, emit);
		},
		grow: (index, delta, emit) => {
			growCall(findCall(calls, index, '', ''), delta, emit);
		},
		finish: () => {
			for (const { slot } of calls) if (slot !== undefined) slot.isDone = true;
		}
	};
}

function readCall(draft: Draft, calls: OpenCall[], piece: JsonObject, emit: Emit): void {
	const fn = isJsonObject(piece['function']) ? piece['function'] : {};
	const index = typeof piece['index'] === 'number' ? piece['index'] : undefined;
	const id = typeof piece['id'] === 'string' ? piece['id'] : '';
	const name = typeof fn['name'] === 'string' ? fn['name'] : '';
	const call = findCall(calls, index, id, name);
	if (call.id === '') call.id = id;
	if (call.name === '') call.name = name;
	const rest = without(piece, ['index', 'id', 'type', 'function']);
	const restOfFn = without(fn, ['name', 'arguments']);
	if (rest !== undefined || restOfFn !== undefined) {
		call.extras = { ...call.extras, ...rest, ...(restOfFn === undefined ? {} : { function: restOfFn }) };
		if (call.slot !== undefined) addExtras(call.slot, call.extras);
	}
	const said = fn['arguments'];
	// `null` is how some say "no arguments"; an object is how some say them all at once.
	const delta = typeof said === 'string' ? said : isJsonObject(said) ? JSON.stringify(said) : '';
	if (call.slot === undefined && call.name !== '') {
		call.slot = openCall(draft, call.id, call.name, emit);
		addExtras(call.slot, call.extras);
		const { early } = call;
		call.early = '';
		growCall(call, early, emit);
	}
	growCall(call, delta, emit);
}

/** Arguments that come before their call has a name wait for it. */
function growCall(call: OpenCall, delta: string, emit: Emit): void {
	if (call.slot === undefined) call.early += delta;
	else growSlot(call.slot, delta, emit);
}

/**
 * Which call a piece belongs to. By index; but some number every parallel call 0 and tell them apart by id,
 * and some give no index at all.
 */
function findCall(calls: OpenCall[], index: number | undefined, id: string, name: string): OpenCall {
	let known: OpenCall | undefined;
	if (index === undefined) {
		known = id === '' ? (name === '' ? calls.at(-1) : undefined) : calls.find((call) => call.id === id);
	} else {
		known = calls.findLast((call) => call.index === index);
		if (known !== undefined && id !== '' && known.id !== '' && known.id !== id && name !== '')
			known = undefined;
	}
	if (known !== undefined) return known;
	const call: OpenCall = {
		slot: undefined,
		id: '',
		name: '',
		early: '',
		index,
		extras: undefined
	};
	calls.push(call);
	return call;
}
