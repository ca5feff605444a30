/**
 * Which chunks of Chat Completions do nothing but let one text grow: their frame is worth knowing again
 * (`delta-template.ts`).
 */

import { isJsonObject } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import { without } from './draft';

export interface Growth {
	readonly kind: 'text' | 'reasoning';
	readonly field: string;
	readonly value: string;
	/** Of the call whose arguments grow. */
	readonly index: number | undefined;
}

const grows = new Set(['content', 'reasoning_content', 'reasoning', 'refusal', 'tool_calls']);

/**
 * What a chunk does, where one text, one reasoning or one call's arguments grow and nothing else changes: a plain field
 * that says again what it said changes nothing.
 */
export function onlyGrowth(value: JsonObject): Growth | undefined {
	const { choices, usage, error } = value;
	if (!Array.isArray(choices) || choices.length !== 1 || (usage ?? error ?? null) !== null) return undefined;
	const choice: unknown = choices[0];
	if (!isJsonObject(choice) || (choice['index'] ?? 0) !== 0 || !isJsonObject(choice['delta']))
		return undefined;
	if ((choice['finish_reason'] ?? choice['error'] ?? null) !== null) return undefined;
	let found: Growth | undefined;
	for (const [name, member] of Object.entries(choice['delta'])) {
		if (member === null || member === '' || (!grows.has(name) && typeof member !== 'object')) continue;
		if (found !== undefined) return undefined;
		if (name === 'content' && typeof member === 'string') {
			found = { kind: 'text', field: name, value: member, index: undefined };
		} else if ((name === 'reasoning_content' || name === 'reasoning') && typeof member === 'string') {
			found = { kind: 'reasoning', field: name, value: member, index: undefined };
		} else if (name === 'tool_calls' && Array.isArray(member) && member.length === 1) {
			found = onlyArguments(member[0]);
			if (found === undefined) return undefined;
		} else {
			return undefined;
		}
	}
	return found;
}

function onlyArguments(piece: Json | undefined): Growth | undefined {
	if (!isJsonObject(piece) || typeof piece['index'] !== 'number' || !isJsonObject(piece['function']))
		return undefined;
	if (
		without(piece, ['index', 'function']) !== undefined ||
		without(piece['function'], ['arguments']) !== undefined
	) {
		return undefined;
	}
	const value = piece['function']['arguments'];
	if (typeof value !== 'string' || value === '') return undefined;
	return { kind: 'text', field: 'arguments', value, index: piece['index'] };
}
