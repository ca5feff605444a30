/**
 * `/{action id} args`, for every action of the catalog: args as a JSON object, as `name=value`
 * pairs, or as plain text for the one property that text can only mean.
 */

import { isJsonObject, parseJson, type JsonObject } from '../../wire/json';
import { inputFields } from '../skills/definition';
import { coerce } from './phrases';

export interface Slash {
	readonly action: string;
	readonly rest: string;
}

export function readSlash(text: string): Slash | undefined {
	const found = /^\s*\/([a-z][a-z0-9_-]*)(?:\s+([^]*))?$/i.exec(text);
	if (found === null) return undefined;
	return { action: (found[1] ?? '').toLowerCase(), rest: (found[2] ?? '').trim() };
}

/** True when the whole rest is one JSON object: then nothing in it may be taken for a separator. */
export function isWholeJson(rest: string): boolean {
	return rest.startsWith('{') && isJsonObject(parseJson(rest));
}

export function readArguments(rest: string, input: JsonObject): JsonObject {
	if (rest === '') return {};
	if (rest.startsWith('{')) {
		const parsed = parseJson(rest);
		if (isJsonObject(parsed)) return parsed;
	}
	return readPairs(rest, input) ?? readText(rest, input);
}

/** How to write the command, with the arguments that it needs: `/memory_remember text=…` */
export function usage(action: string, input: JsonObject): string {
	const required = inputFields(input).filter((field) => field.isRequired);
	const shown = required.length > 0 ? required : inputFields(input).slice(0, 1);
	return [`/${action}`, ...shown.map(({ name }) => `${name}=…`)].join(' ');
}

/** `a=1 b="two words" c=to the end`; only where it begins with a name that the input has. */
function readPairs(rest: string, input: JsonObject): JsonObject | undefined {
	const names = inputFields(input).map((field) => field.name);
	if (names.length === 0) return undefined;
	const marker = new RegExp(`(?:^|\\s)(${names.join('|')})=`, 'g');
	const marks = outsideQuotes(rest, marker);
	if (marks[0]?.index !== 0) return undefined;
	const pairs = marks.map((mark, index) => {
		const raw = rest.slice(mark.end, marks[index + 1]?.index ?? rest.length).trim();
		return [mark.name, coerce(unquote(raw), mark.name, input)] as const;
	});
	return Object.fromEntries(pairs);
}

interface Mark {
	readonly name: string;
	readonly index: number;
	readonly end: number;
}

function outsideQuotes(text: string, marker: RegExp): readonly Mark[] {
	const quoted = [...text.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(({ 0: { length }, index }) => ({
		index,
		end: index + length
	}));
	return [...text.matchAll(marker)]
		.map((found) => ({ name: found[1] ?? '', index: found.index, end: found.index + found[0].length }))
		.filter(({ index }) => !quoted.some((range) => index > range.index && index < range.end));
}

function unquote(value: string): string {
	if (!/^".*"$/s.test(value)) return value;
	const parsed = parseJson(value);
	return typeof parsed === 'string' ? parsed : value.slice(1, -1);
}

/** Plain text belongs to the only required property, or else to the first that takes text. */
function readText(rest: string, input: JsonObject): JsonObject {
	const fields = inputFields(input);
	const required = fields.filter((field) => field.isRequired);
	const field = required.length === 1 ? required[0] : fields.find((one) => one.types.includes('string'));
	return field === undefined ? { text: rest } : { [field.name]: coerce(unquote(rest), field.name, input) };
}
