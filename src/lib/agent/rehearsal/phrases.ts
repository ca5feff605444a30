/**
 * English phrases as commands. An action's own templates (`remember that {text}`) make most of
 * the table; `special` holds what a template cannot say. Later plugins add templates, not code.
 */

import { isJsonObject, parseJson, type Json, type JsonObject } from '../../wire/json';
import { inputFields } from '../skills/definition';

export interface PhraseTarget {
	readonly action: string;
	readonly input: JsonObject;
	readonly phrases: readonly string[];
}
export interface PhraseMatch {
	readonly action: string;
	readonly args: JsonObject;
	/** Letters of the phrase itself: the more, the surer. */
	readonly weight: number;
}

const longestOpen = 2000;

const special: readonly { readonly action: string; readonly argument: string; readonly pattern: RegExp }[] = [
	// `what is 12 * 7`, but not `what is a fork`: digits and signs only, or a function of digits.
	{
		action: 'calculate',
		argument: 'expression',
		pattern: /^what(?:\s+is|['’]s)\s+((?=.*\d)[\d\s.,()+\-*/×÷^%!√π]+)$/i
	},
	{
		action: 'calculate',
		argument: 'expression',
		pattern: /^((?=.*\d)(?=.*[-+*/×÷^!])[\d\s.()+\-*/×÷^%!√π]+)=?$/
	}
];

const polite =
	/^(?:(?:please|hey|hi|hello|ok(?:ay)?|now|so|wherry|can you|could you|would you|will you)(?:\s*,\s*|\s+))+(?=\S)/i;

/**
 * What people say around a command. A full stop or question mark at the end says nothing, and an
 * exclamation mark only where it follows a word: `5!` is a number.
 */
export function trimCommand(text: string): string {
	const command = unwrap(text.trim()).replace(polite, '');
	const end = endOf(command);
	const rest = command.slice(0, end);
	// With its comma: "remember to say please" means it.
	const thanks = /,\s*(?:please|thanks|thank you)$/i.exec(rest.slice(-40))?.[0] ?? '';
	return rest.slice(0, endOf(rest.slice(0, rest.length - thanks.length)));
}

function endOf(command: string): number {
	let end = command.length;
	while (end > 0) {
		const last = command.charAt(end - 1);
		const isShout = last === '!' && /[\p{L}!?"”’»]/u.test(command.charAt(end - 2));
		if (!isShout && !' \t\n\r.,;?…'.includes(last)) break;
		end--;
	}
	return end;
}

const wrappings: Readonly<Record<string, string>> = {
	'"': '"',
	'“': '”',
	'‘': '’',
	'«': '»',
	'<': '>',
	'`': '`'
};

/** Without the quotation marks around the whole of it. */
function unwrap(text: string): string {
	const closing = wrappings[text.charAt(0)];
	if (closing === undefined || text.length < 3 || !text.endsWith(closing)) return text;
	const inner = text.slice(1, -1);
	return inner.includes(text.charAt(0)) || inner.includes(closing) ? text : inner.trim();
}

/** Every reading of a command, the surest first. */
export function matchPhrases(text: string, targets: readonly PhraseTarget[]): readonly PhraseMatch[] {
	const command = trimCommand(text);
	const matches: PhraseMatch[] = [];
	for (const { action, argument, pattern } of special) {
		const value = pattern.exec(command)?.[1];
		if (value !== undefined && targets.some((target) => target.action === action)) {
			matches.push({ action, args: { [argument]: value.trim() }, weight: command.length });
		}
	}
	for (const target of targets) {
		for (const template of target.phrases) {
			// A phrase that goes on after its argument is slow on long texts, and nobody types such a one.
			if (command.length > longestOpen && !template.endsWith('}')) continue;
			const found = compile(template).exec(command);
			if (found === null) continue;
			const args = Object.entries(found.groups ?? {}).map(
				([name, value]) => [name, coerce(unwrap(value.trim()), name, target.input)] as const
			);
			const weight = template.replaceAll(/\{\w+\}|\s/g, '').length;
			matches.push({ action: target.action, args: Object.fromEntries(args), weight });
		}
	}
	return matches.sort((a, b) => b.weight - a.weight);
}

const compiled = new Map<string, RegExp>();

function compile(template: string): RegExp {
	const known = compiled.get(template);
	if (known !== undefined) return known;
	const pieces = template.split(/(\{\w+\})/);
	const source = pieces.map((piece, index) => {
		const name = /^\{(\w+)\}$/.exec(piece)?.[1];
		// A colon before what is asked for says nothing: `calculate: 2 + 2`.
		if (name === undefined)
			return literal(piece).replace(/\\s\+$/, pieces[index + 1] === undefined ? '$&' : ':?\\s+');
		return index >= pieces.length - 2 && pieces[index + 1] === '' ? `(?<${name}>[^]+)` : `(?<${name}>[^]+?)`;
	});
	const pattern = new RegExp(`^${source.join('')}$`, 'i');
	compiled.set(template, pattern);
	return pattern;
}

function literal(text: string): string {
	return text
		.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
		.replaceAll("'", "['’]")
		.replaceAll(/\s+is(?=\s|$)/g, "(?:\\s+is|['’]s)")
		.replaceAll(/\s+/g, '\\s+');
}

/** Text as the type that the schema asks for; what cannot be read stays text, and the check says so. */
export function coerce(value: string, name: string, input: JsonObject): Json {
	const types = inputFields(input).find((field) => field.name === name)?.types ?? [];
	const text = value.trim();
	if (types.includes('string')) return text;
	if ((types.includes('integer') || types.includes('number')) && text !== '' && Number.isFinite(Number(text)))
		return Number(text);
	if (types.includes('boolean') && /^(?:true|false|yes|no|on|off)$/i.test(text))
		return /^(?:true|yes|on)$/i.test(text);
	if (types.includes('array') || types.includes('object')) {
		const parsed = readJson(text);
		if (parsed !== undefined && (Array.isArray(parsed) || isJsonObject(parsed))) return parsed;
		if (types.includes('array')) return text.split(',').map((item) => item.trim());
	}
	return text;
}

function readJson(text: string): Json | undefined {
	return /^[[{]/.test(text) ? parseJson(text) : undefined;
}
