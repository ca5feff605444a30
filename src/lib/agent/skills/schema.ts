/**
 * Does a JSON value fit a JSON Schema? Interprets the schema (no eval), knows the keywords
 * that action inputs use, and is total: hostile values and odd schemas give problems, never
 * an exception. Unknown keywords are ignored, as the specification asks.
 */

import { canonicalJson, isJsonObject, type Json, type JsonObject } from '../../wire/json';

export interface Problem {
	/** `text`, `tags[2]`, `a.b`; empty for the value itself. */
	readonly path: string;
	/** What is wrong, to be read after the path: `is required`. */
	readonly problem: string;
}

const maximumProblems = 20;
const maximumDepth = 60;
/** A pattern runs only on strings up to this: the bound on what a slow one can cost. */
const maximumPatternInput = 10_000;
const maximumPatternLength = 500;

/** At most 20 problems; empty means that it fits. */
export function validate(schema: Json, value: Json): readonly Problem[] {
	const hostile = scan(value);
	if (hostile !== undefined) return [hostile];
	const problems: Problem[] = [];
	visit(schema, value, '', problems, 0);
	return problems.slice(0, maximumProblems);
}

/** `text is required; limit must be a number` */
export function problemText(problems: readonly Problem[]): string {
	return problems.map(({ path, problem }) => (path === '' ? problem : `${path} ${problem}`)).join('; ');
}

/**
 * Nesting, and own keys named `__proto__`. Own keys only: asking with `in` finds what every
 * object inherits, and refuses them all. Iterative, so that depth cannot overflow the stack.
 */
function scan(value: unknown): Problem | undefined {
	const open: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
	for (let next = open.pop(); next !== undefined; next = open.pop()) {
		if (typeof next.value !== 'object' || next.value === null) continue;
		if (next.depth > maximumDepth) return { path: '', problem: 'is nested too deeply' };
		if (Object.hasOwn(next.value, '__proto__')) return { path: '', problem: 'has a member named __proto__' };
		for (const member of Object.values(next.value)) open.push({ value: member, depth: next.depth + 1 });
	}
	return undefined;
}

function visit(schema: Json, value: Json, path: string, problems: Problem[], depth: number): void {
	if (schema === true || problems.length >= maximumProblems) return;
	if (!isJsonObject(schema) || depth > maximumDepth) {
		problems.push({ path, problem: 'is not allowed' });
		return;
	}
	const wrong = (problem: string): number => problems.push({ path, problem });
	if (schema['type'] !== undefined && !typesOf(schema['type']).some((type) => isOfType(value, type))) {
		wrong(`must be ${typesOf(schema['type']).map(withArticle).join(' or ')}`);
		return;
	}
	const allowed = schema['enum'];
	if (isList(allowed) && !allowed.some((one) => isEqual(one, value))) {
		wrong(`must be one of ${allowed.map((one) => JSON.stringify(one)).join(', ')}`);
	}
	if (schema['const'] !== undefined && !isEqual(schema['const'], value)) {
		wrong(`must be ${JSON.stringify(schema['const'])}`);
	}
	if (typeof value === 'number') checkNumber(schema, value, wrong);
	if (typeof value === 'string') checkString(schema, value, wrong);
	if (isList(value)) checkList(schema, value, path, problems, depth);
	else if (isJsonObject(value)) checkObject(schema, value, path, problems, depth);
	checkAlternatives(schema, value, path, problems, depth);
}

function checkNumber(schema: JsonObject, value: number, wrong: (problem: string) => void): void {
	const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
	if (typeof minimum === 'number' && value < minimum) wrong(`must be at least ${minimum}`);
	if (typeof maximum === 'number' && value > maximum) wrong(`must be at most ${maximum}`);
	if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum)
		wrong(`must be more than ${exclusiveMinimum}`);
	if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum)
		wrong(`must be less than ${exclusiveMaximum}`);
}

function checkString(schema: JsonObject, value: string, wrong: (problem: string) => void): void {
	const { minLength, maxLength, pattern } = schema;
	// The specification counts characters, not code units.
	const length = typeof minLength === 'number' || typeof maxLength === 'number' ? characters(value) : 0;
	if (typeof minLength === 'number' && length < minLength) {
		wrong(minLength === 1 ? 'must not be empty' : `must have at least ${minLength} characters`);
	}
	if (typeof maxLength === 'number' && length > maxLength) wrong(`must have at most ${maxLength} characters`);
	if (typeof pattern !== 'string') return;
	if (value.length > maximumPatternInput) wrong(`must have at most ${maximumPatternInput} characters`);
	else if (!matches(pattern, value)) wrong(`must match ${pattern}`);
}

function checkList(
	schema: JsonObject,
	value: readonly Json[],
	path: string,
	problems: Problem[],
	depth: number
): void {
	const { minItems, maxItems, items } = schema;
	if (typeof minItems === 'number' && value.length < minItems) {
		problems.push({ path, problem: `must have at least ${minItems} items` });
	}
	if (typeof maxItems === 'number' && value.length > maxItems) {
		problems.push({ path, problem: `must have at most ${maxItems} items` });
		return;
	}
	if (items === undefined) return;
	for (const [index, item] of value.entries()) {
		if (problems.length >= maximumProblems) return;
		visit(items, item, `${path}[${index}]`, problems, depth + 1);
	}
}

function checkObject(
	schema: JsonObject,
	value: JsonObject,
	path: string,
	problems: Problem[],
	depth: number
): void {
	const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
	const required = schema['required'];
	const within = (key: string): string => (path === '' ? key : `${path}.${key}`);
	for (const key of isList(required) ? required : []) {
		if (typeof key === 'string' && !Object.hasOwn(value, key))
			problems.push({ path: within(key), problem: 'is required' });
	}
	const others = schema['additionalProperties'];
	for (const key of Object.keys(value)) {
		if (problems.length >= maximumProblems) return;
		const member = value[key] ?? null;
		if (Object.hasOwn(properties, key))
			visit(properties[key] ?? true, member, within(key), problems, depth + 1);
		else if (others === false) problems.push({ path: within(key), problem: 'is not known' });
		else if (others !== undefined) visit(others, member, within(key), problems, depth + 1);
	}
}

function checkAlternatives(
	schema: JsonObject,
	value: Json,
	path: string,
	problems: Problem[],
	depth: number
): void {
	const fitting = (list: readonly Json[]): number =>
		list.filter((one) => {
			const found: Problem[] = [];
			visit(one, value, path, found, depth + 1);
			return found.length === 0;
		}).length;
	const { anyOf, oneOf, allOf } = schema;
	if (isList(anyOf) && fitting(anyOf) === 0)
		problems.push({ path, problem: 'fits none of the allowed forms' });
	if (isList(oneOf) && fitting(oneOf) !== 1)
		problems.push({ path, problem: 'must fit exactly one of the allowed forms' });
	if (isList(allOf)) for (const one of allOf) visit(one, value, path, problems, depth + 1);
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(value: Json | undefined): value is readonly Json[] {
	return Array.isArray(value);
}

function typesOf(type: Json): readonly string[] {
	return (isList(type) ? type : [type]).filter((one) => typeof one === 'string');
}

function isOfType(value: Json, type: string): boolean {
	switch (type) {
		case 'null':
			return value === null;
		case 'array':
			return isList(value);
		case 'object':
			return isJsonObject(value);
		case 'integer':
			return Number.isInteger(value);
		case 'number':
			return typeof value === 'number' && Number.isFinite(value);
		default:
			return typeof value === type;
	}
}

function withArticle(type: string): string {
	if (type === 'null') return 'null';
	return `${/^[aeio]/.test(type) ? 'an' : 'a'} ${type}`;
}

function isEqual(a: Json, b: Json): boolean {
	return canonicalJson(a) === canonicalJson(b);
}

function characters(text: string): number {
	let count = 0;
	for (const character of text) count += character === '' ? 0 : 1;
	return count;
}

const compiled = new Map<string, RegExp | undefined>();

function matches(pattern: string, value: string): boolean {
	if (!compiled.has(pattern)) compiled.set(pattern, compile(pattern));
	return compiled.get(pattern)?.test(value) ?? false;
}

function compile(pattern: string): RegExp | undefined {
	if (pattern.length > maximumPatternLength) return undefined;
	try {
		return new RegExp(pattern, 'u');
	} catch {
		return undefined;
	}
}
