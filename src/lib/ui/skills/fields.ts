/**
 * A form from a JSON Schema, and back: which fields there are, what stands in them, and the
 * arguments they make. Pure. It judges nothing: whether the arguments fit is the catalog's to say.
 */

import { isJsonObject, parseJson, type Json, type JsonObject } from '../../wire/json';

export type FieldKind = 'line' | 'lines' | 'number' | 'switch' | 'choice' | 'list' | 'group' | 'json';

export interface Field {
	/** `tags`, `place.city`: as the validator names it. */
	readonly path: string;
	readonly name: string;
	readonly label: string;
	readonly description: string;
	readonly isRequired: boolean;
	readonly kind: FieldKind;
	/** Of a choice. */
	readonly options: readonly Json[];
	/** Of a group. */
	readonly fields: readonly Field[];
	/** Of a list: what one of it is. */
	readonly isListOfNumbers: boolean;
	readonly fallback: Json | undefined;
}

/** What a person has typed, by path; a switch holds a boolean. */
export type Draft = Readonly<Record<string, string | boolean>>;

export interface FieldProblem {
	readonly path: string;
	readonly problem: string;
}

const deepestGroup = 2;
const longText = 200;

export function fieldsOf(schema: JsonObject, within = '', depth = 0): readonly Field[] {
	const properties = schema['properties'];
	if (!isJsonObject(properties)) return [];
	const required = listOf(schema['required']);
	return Object.entries(properties).map(([name, value]) => {
		const property = isJsonObject(value) ? value : {};
		const path = within === '' ? name : `${within}.${name}`;
		const kind = kindOf(property, depth);
		return {
			path,
			name,
			label: textOf(property['title']) || inWords(name),
			description: textOf(property['description']),
			isRequired: required.includes(name),
			kind,
			options: listOf(property['enum']),
			fields: kind === 'group' ? fieldsOf(property, path, depth + 1) : [],
			isListOfNumbers: isNumber(typeOf(isJsonObject(property['items']) ? property['items'] : {})),
			fallback: property['default']
		};
	});
}

function kindOf(property: JsonObject, depth: number): FieldKind {
	const allowed = property['enum'];
	if (Array.isArray(allowed)) return allowed.every(isScalar) ? 'choice' : 'json';
	const type = typeOf(property);
	switch (type) {
		case 'string': {
			const { maxLength, pattern, format } = property;
			const isShort = typeof maxLength === 'number' && maxLength <= longText;
			return isShort || pattern !== undefined || format !== undefined ? 'line' : 'lines';
		}
		case 'number':
		case 'integer':
			return 'number';
		case 'boolean':
			return 'switch';
		case 'array': {
			const item = typeOf(isJsonObject(property['items']) ? property['items'] : {});
			return item === 'string' || isNumber(item) ? 'list' : 'json';
		}
		case 'object':
			return depth < deepestGroup && isJsonObject(property['properties']) ? 'group' : 'json';
		default:
			return 'json';
	}
}

/** What the fields hold before anybody types: the arguments there are, else the defaults. */
export function draftOf(fields: readonly Field[], args: JsonObject): Draft {
	const draft: Record<string, string | boolean> = {};
	for (const field of fields) {
		const value = (Object.hasOwn(args, field.name) ? args[field.name] : undefined) ?? field.fallback;
		if (field.kind === 'group') Object.assign(draft, draftOf(field.fields, isJsonObject(value) ? value : {}));
		else if (field.kind === 'switch') draft[field.path] = value === true;
		else draft[field.path] = shown(field, value);
	}
	return draft;
}

function shown(field: Field, value: Json | undefined): string {
	if (value === undefined || value === null) return '';
	if (field.kind === 'list' && Array.isArray(value)) return value.map(String).join('\n');
	if (field.kind === 'choice') return JSON.stringify(value);
	if (field.kind === 'json' && typeof value !== 'string') return JSON.stringify(value, null, 2);
	return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The arguments that the draft means. What is empty is left out; what cannot be read is a problem. */
export function argumentsOf(
	fields: readonly Field[],
	draft: Draft
): { readonly args: JsonObject; readonly problems: readonly FieldProblem[] } {
	const args: Record<string, Json> = {};
	const problems: FieldProblem[] = [];
	for (const field of fields) {
		const typed = draft[field.path] ?? '';
		if (field.kind === 'group') {
			const inner = argumentsOf(field.fields, draft);
			problems.push(...inner.problems);
			if (field.isRequired || Object.keys(inner.args).length > 0) args[field.name] = inner.args;
			continue;
		}
		const value = typeof typed === 'boolean' ? readSwitch(field, typed) : readText(field, typed);
		if (value === unreadable) problems.push({ path: field.path, problem: 'cannot be read as JSON' });
		else if (value !== undefined) args[field.name] = value;
	}
	return { args, problems };
}

const unreadable = Symbol('unreadable');

/** "Off" says nothing where it is what happens anyway. */
function readSwitch(field: Field, isOn: boolean): boolean | undefined {
	return isOn || field.isRequired || field.fallback === true ? isOn : undefined;
}

function readText(field: Field, typed: string): Json | undefined | typeof unreadable {
	const text = typed.trim();
	if (field.kind === 'list') {
		const items = text.split('\n').map((line) => line.trim());
		const filled = items.filter((item) => item !== '');
		if (filled.length === 0) return field.isRequired ? [] : undefined;
		return field.isListOfNumbers ? filled.map(numberOf) : filled;
	}
	if (text === '') return undefined;
	if (field.kind === 'number') return numberOf(text);
	if (field.kind === 'line' || field.kind === 'lines') return text;
	const parsed = parseJson(text);
	return parsed === undefined ? unreadable : parsed;
}

/** What is no number stays text, and the check says so. */
function numberOf(text: string): Json {
	const number = Number(text);
	return Number.isFinite(number) ? number : text;
}

/** The field that a problem is about: itself, or the one that holds it. */
export function fieldFor(path: string, fields: readonly Field[]): Field | undefined {
	const holder = fields.find(
		(field) => path === field.path || path.startsWith(`${field.path}.`) || path.startsWith(`${field.path}[`)
	);
	return holder?.kind === 'group' ? (fieldFor(path, holder.fields) ?? holder) : holder;
}

function typeOf(property: JsonObject): string {
	const type = property['type'];
	const types = Array.isArray(type) ? listOf(type) : [type];
	const found = types.filter((one) => one !== 'null');
	return found.length === 1 && typeof found[0] === 'string' ? found[0] : '';
}

const isNumber = (type: string): boolean => type === 'number' || type === 'integer';
const isScalar = (value: Json): boolean => typeof value !== 'object';
const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/** `Array.isArray` does not narrow a readonly array. */
function listOf(value: Json | undefined): readonly Json[] {
	return Array.isArray(value) ? value : [];
}

/** `sessionId` and `session_id` as `Session id`. */
function inWords(name: string): string {
	const words = name
		.replaceAll(/[_-]+/g, ' ')
		.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
		.toLowerCase();
	return words.charAt(0).toUpperCase() + words.slice(1);
}
