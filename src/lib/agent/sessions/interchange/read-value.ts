/** Total readers of loose JSON: an answer for every value, never a throw. */

import { isJsonObject } from '../../../wire/json';
import type { Json, JsonObject } from '../../../wire/json';

export function objectOf(value: unknown): JsonObject {
	return isJsonObject(value) ? value : {};
}
export function listOf(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : [];
}
export function textOf(value: unknown): string {
	return typeof value === 'string' ? value : '';
}
/** An id: text or a number; null where there is none. */
export function keyOf(value: unknown): string | null {
	if (typeof value === 'number') return String(value);
	return typeof value === 'string' && value !== '' ? value : null;
}

/** Seconds, milliseconds or ISO text as milliseconds; 0 where it is none of them. */
export function timeOf(value: unknown): number {
	if (typeof value === 'number' && Number.isFinite(value) && value > 0) {
		// Seconds since 1970 stay below 1e11 until the year 5138.
		return Math.round(value < 1e11 ? value * 1000 : value < 1e14 ? value : value / 1000);
	}
	if (typeof value !== 'string') return 0;
	const at = Date.parse(value);
	return Number.isNaN(at) ? 0 : at;
}

/** What an action may be called when it is offered to a model again. */
export function actionName(value: unknown): string {
	const name = textOf(value)
		.replace(/[^A-Za-z0-9_-]+/g, '_')
		.slice(0, 64);
	return name === '' ? 'tool' : name;
}

/** Arguments that came as JSON text; text that is none stays text. */
export function argumentsOf(value: unknown): Json {
	let current = value;
	// Some programs encode twice.
	for (let i = 0; i < 2 && typeof current === 'string'; i++) {
		try {
			const parsed: unknown = JSON.parse(current);
			current = parsed;
		} catch {
			break;
		}
	}
	return jsonOf(current);
}

/** A value that came out of `JSON.parse`; one nested too deep to be written again becomes a note about that. */
export function jsonOf(value: unknown): Json {
	if (value === undefined) return null;
	let level: unknown[] = [value];
	for (let depth = 0; level.length > 0; depth++) {
		if (depth > 100) return '(nested too deep)';
		const next: unknown[] = [];
		for (const one of level) {
			if (Array.isArray(one)) for (const inner of one) next.push(inner);
			else if (isJsonObject(one)) for (const key of Object.keys(one)) next.push(one[key]);
		}
		level = next;
	}
	return isJson(value) ? value : null;
}

/** Only the outermost type: what is inside came from the same parse. */
function isJson(value: unknown): value is Json {
	return (
		typeof value !== 'undefined' &&
		typeof value !== 'function' &&
		typeof value !== 'symbol' &&
		typeof value !== 'bigint'
	);
}
