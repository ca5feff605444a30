/**
 * JSON Schema as Gemini's `parameters` take it: a subset of OpenAPI 3.0. What it does not know is left
 * out or rewritten, since one unknown keyword refuses the whole request.
 */

import { isJsonObject } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';

const copied = [
	'title',
	'description',
	'minimum',
	'maximum',
	'minItems',
	'maxItems',
	'minLength',
	'maxLength',
	'minProperties',
	'maxProperties',
	'pattern',
	'nullable',
	'default',
	'example',
	'propertyOrdering'
];
const stringFormats = new Set(['enum', 'date-time']);
const numberFormats = new Set(['float', 'double', 'int32', 'int64']);
// References may be circular; what is deeper than this says only "object".
const maximumDepth = 24;
const maximumNodes = 2000;

interface Frame {
	readonly root: JsonObject;
	/** Nodes that may still be written: a circular schema with two branches would double at every level. */
	left: number;
}

/** Undefined where the schema takes no fields at all: Gemini refuses an object without properties. */
export function toGeminiSchema(schema: JsonObject): JsonObject | undefined {
	const adapted = adapt(schema, { root: schema, left: maximumNodes }, 0);
	const properties = adapted['properties'];
	if (!isJsonObject(properties) || Object.keys(properties).length === 0) return undefined;
	return { ...adapted, type: 'object' };
}

function adapt(given: Json | undefined, frame: Frame, depth: number): JsonObject {
	if (!isJsonObject(given) || depth > maximumDepth || frame.left-- <= 0) return { type: 'object' };
	const schema = resolve(given, frame.root);
	const out: Record<string, Json> = {};
	for (const name of copied) {
		const member = schema[name];
		if (member !== undefined) out[name] = member;
	}
	readType(schema, out);
	readEnum(schema, out);
	const { format, items, prefixItems, properties, required } = schema;
	if (typeof format === 'string' && (out['type'] === 'string' ? stringFormats : numberFormats).has(format)) {
		out['format'] = format;
	}
	if (out['type'] === 'array') {
		const item = isJsonObject(items) ? items : Array.isArray(prefixItems) ? prefixItems[0] : undefined;
		out['items'] = item === undefined ? { type: 'string' } : adapt(item, frame, depth + 1);
	}
	if (isJsonObject(properties)) {
		out['type'] ??= 'object';
		out['properties'] = Object.fromEntries(
			Object.entries(properties).map(([name, member]) => [name, adapt(member, frame, depth + 1)])
		);
		const names = Array.isArray(required)
			? required.filter((name) => typeof name === 'string' && name in properties)
			: [];
		if (names.length > 0) out['required'] = names;
	}
	const alternatives = schema['anyOf'] ?? schema['oneOf'];
	if (Array.isArray(alternatives)) readAlternatives(alternatives, out, frame, depth);
	return out;
}

/** A local reference and the members of `allOf`, merged into the schema that holds them. */
function resolve(schema: JsonObject, root: JsonObject): JsonObject {
	let resolved = schema;
	for (let hops = 0; hops < 8 && typeof resolved['$ref'] === 'string'; hops++) {
		const { $ref: reference, ...beside } = resolved;
		const target = typeof reference === 'string' ? lookUp(reference, root) : undefined;
		resolved = { ...(target ?? { type: 'object' }), ...beside };
		if (target === undefined) break;
	}
	const all = resolved['allOf'];
	if (!Array.isArray(all)) return resolved;
	let merged: JsonObject = {};
	for (const member of all) {
		if (!isJsonObject(member)) continue;
		const one = typeof member['$ref'] === 'string' ? (lookUp(member['$ref'], root) ?? {}) : member;
		merged = {
			...merged,
			...one,
			properties: { ...objectOf(merged['properties']), ...objectOf(one['properties']) },
			required: [...listOf(merged['required']), ...listOf(one['required'])]
		};
	}
	const { allOf: _, ...beside } = resolved;
	return { ...merged, ...beside };
}

function lookUp(reference: string, root: JsonObject): JsonObject | undefined {
	if (!reference.startsWith('#/')) return undefined;
	let at: Json | undefined = root;
	for (const step of reference.slice(2).split('/')) {
		const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
		at = isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
	}
	return isJsonObject(at) ? at : undefined;
}

function objectOf(value: Json | undefined): JsonObject {
	return isJsonObject(value) ? value : {};
}

function listOf(value: Json | undefined): readonly Json[] {
	return Array.isArray(value) ? value : [];
}

function readType(schema: JsonObject, out: Record<string, Json>): void {
	const { type } = schema;
	if (typeof type === 'string') out['type'] = type;
	if (!Array.isArray(type)) return;
	const named = type.filter((one) => typeof one === 'string' && one !== 'null');
	if (type.includes('null')) out['nullable'] = true;
	const [first] = named;
	if (named.length === 1 && first !== undefined) out['type'] = first;
	else if (named.length > 1) out['anyOf'] = named.map((one) => ({ type: one }));
}

/** Only strings may be listed here; numbers are told in words. */
function readEnum(schema: JsonObject, out: Record<string, Json>): void {
	const values = schema['const'] === undefined ? schema['enum'] : [schema['const']];
	if (!Array.isArray(values)) return;
	const strings = values.filter((value) => typeof value === 'string');
	if (values.includes(null)) out['nullable'] = true;
	if (strings.length > 0 && strings.length === values.filter((value) => value !== null).length) {
		out['type'] = 'string';
		out['enum'] = strings;
		return;
	}
	const told = `One of: ${values.map((value) => JSON.stringify(value)).join(', ')}.`;
	out['description'] = typeof out['description'] === 'string' ? `${out['description']} ${told}` : told;
}

function readAlternatives(
	alternatives: readonly Json[],
	out: Record<string, Json>,
	frame: Frame,
	depth: number
): void {
	const real = alternatives.filter((one) => !(isJsonObject(one) && one['type'] === 'null'));
	if (real.length < alternatives.length) out['nullable'] = true;
	const adapted = real.map((one) => adapt(one, frame, depth + 1));
	const [only] = adapted;
	if (adapted.length === 1 && only !== undefined) Object.assign(out, { ...only, ...out });
	else if (adapted.length > 1) out['anyOf'] = adapted;
}
