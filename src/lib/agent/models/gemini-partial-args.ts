/**
 * Gemini's streamed arguments: values addressed by JSON path (`$.a.b[0]`, `$['x y']`), strings growing
 * over several pieces. Paths come from outside: they build plain data of bounded size and nothing else.
 */

import type { Json, JsonObject } from '../../wire/json';

export interface PartialArgs {
	replace(args: JsonObject): void;
	add(piece: JsonObject): void;
	value(): JsonObject;
}

type Tree = Map<string | number, Tree | Json>;

const maximumIndex = 10_000;
const step = /\.([A-Za-z_$][\w$]*)|\[(\d+)\]|\[\s*'((?:[^'\\]|\\.)*)'\s*\]|\[\s*"((?:[^"\\]|\\.)*)"\s*\]/gy;

export function createPartialArgs(): PartialArgs {
	let whole: JsonObject | undefined;
	const root: Tree = new Map();
	return {
		replace: (args) => {
			whole = args;
		},
		add: (piece) => {
			const path = typeof piece['jsonPath'] === 'string' ? readPath(piece['jsonPath']) : undefined;
			const value = readValue(piece);
			if (path !== undefined && value !== undefined) put(root, path, value);
		},
		value: () => {
			const built = toObject(root);
			return whole === undefined ? built : { ...whole, ...built };
		}
	};
}

function readPath(text: string): (string | number)[] | undefined {
	if (!text.startsWith('$') || text.length > 2000) return undefined;
	const path: (string | number)[] = [];
	step.lastIndex = 1;
	while (step.lastIndex < text.length) {
		const match = step.exec(text);
		if (match === null) return undefined;
		const [, name, index, single, double] = match;
		if (index !== undefined) {
			if (Number(index) > maximumIndex) return undefined;
			path.push(Number(index));
		} else {
			path.push(name ?? (single ?? double ?? '').replace(/\\(.)/g, '$1'));
		}
	}
	return path.length === 0 || path.length > 64 ? undefined : path;
}

function readValue(piece: JsonObject): Json | undefined {
	if ('stringValue' in piece) return piece['stringValue'];
	if ('numberValue' in piece) return piece['numberValue'];
	if ('boolValue' in piece) return piece['boolValue'];
	if ('nullValue' in piece) return null;
	return undefined;
}

function put(root: Tree, path: readonly (string | number)[], value: Json): void {
	let at = root;
	for (const name of path.slice(0, -1)) {
		const next = at.get(name);
		if (next instanceof Map) {
			at = next;
		} else {
			const made: Tree = new Map();
			at.set(name, made);
			at = made;
		}
	}
	const last = path.at(-1);
	if (last === undefined) return;
	const before = at.get(last);
	at.set(last, typeof before === 'string' && typeof value === 'string' ? before + value : value);
}

function toObject(tree: Tree): JsonObject {
	return Object.fromEntries([...tree].map(([name, member]) => [String(name), toJson(member)]));
}

function toJson(member: Tree | Json): Json {
	if (!(member instanceof Map)) return member;
	const isList = member.size > 0 && [...member.keys()].every((name) => typeof name === 'number');
	if (!isList) return toObject(member);
	const list: Json[] = [];
	for (const [name, item] of member) if (typeof name === 'number') list[name] = toJson(item);
	return Array.from(list, (item) => item ?? null);
}
