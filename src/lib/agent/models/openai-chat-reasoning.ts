/** What Chat Completions speakers want back with a reasoning: the field it came in, its signed details. */

import { isJsonObject } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import { addExtras, growOpen, openSlot } from './draft';
import type { Draft, Emit } from './draft';

/** The name under which the provider wants its reasoning back. */
export function setField(draft: Draft, field: string): void {
	const slot = draft.open;
	if (slot?.kind === 'reasoning' && slot.extras?.['field'] === undefined) addExtras(slot, { field });
}

/** OpenRouter's signed reasoning: pieces of one block (same index and type) grow together. */
export function readDetails(draft: Draft, delta: JsonObject, details: readonly Json[], emit: Emit): void {
	if (details.length === 0) return;
	const hasPlain = typeof delta['reasoning'] === 'string' || typeof delta['reasoning_content'] === 'string';
	if (!hasPlain) {
		for (const detail of details) {
			if (!isJsonObject(detail)) continue;
			const said = detail['text'] ?? detail['summary'];
			if (typeof said === 'string') growOpen(draft, 'reasoning', said, emit);
		}
	}
	const slot = draft.slots.find((known) => known.kind === 'reasoning') ?? openSlot(draft, 'reasoning');
	const known = slot.extras?.['reasoning_details'];
	const merged: JsonObject[] = Array.isArray(known) ? known.filter(isJsonObject) : [];
	for (const detail of details) {
		if (!isJsonObject(detail)) continue;
		const at = merged.findIndex((one) => one['type'] === detail['type'] && one['index'] === detail['index']);
		const before = merged[at];
		if (before === undefined || detail['index'] === undefined) merged.push(detail);
		else merged[at] = joinDetail(before, detail);
	}
	addExtras(slot, { reasoning_details: merged });
}

function joinDetail(before: JsonObject, piece: JsonObject): JsonObject {
	const joined: Record<string, Json> = { ...before };
	for (const [name, member] of Object.entries(piece)) {
		const old = joined[name];
		if (name === '__proto__' || member === null) continue;
		const grows = name === 'text' || name === 'summary' || name === 'data';
		joined[name] = grows && typeof old === 'string' && typeof member === 'string' ? old + member : member;
	}
	return joined;
}
