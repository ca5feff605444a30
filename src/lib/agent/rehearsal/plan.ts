/**
 * From a message to what is to be called, step by step. `A and also B` are two calls of one
 * step, `A, then B` two steps; a separator counts only where both its sides are commands, so
 * "remember that salt and also pepper are spices" stays one.
 */

import { isJsonObject, type Json, type JsonObject } from '../../wire/json';
import type { Catalog, SkillCommand } from '../skills/catalog';
import { inputFields } from '../skills/definition';
import { demonstrations } from './demonstrations';
import { matchPhrases, trimCommand } from './phrases';
import { isWholeJson, readArguments, readSlash, usage } from './slash';

export type RehearsalSkills = Pick<Catalog, 'commands' | 'check' | 'say'>;

export interface PlannedCall {
	readonly action: string;
	readonly args: JsonObject;
}
export type Plan =
	| {
			readonly kind: 'steps';
			readonly steps: readonly (readonly PlannedCall[])[];
			readonly epilogue?: string;
	  }
	/** Known, but it cannot be run as it was written; `form` asks the page for a form of the action. */
	| { readonly kind: 'say'; readonly text: string; readonly form?: PlannedCall }
	| { readonly kind: 'unknown' };

type Command = { readonly call: PlannedCall } | { readonly problem: string; readonly form?: PlannedCall };

const thenSeparator = /[,;.?!]?\s+(?:and\s+)?then,?\s+/gi;
const alsoSeparator = /[,;.?!]?\s+and\s+also,?\s+/gi;
/** A longer message is a pasted text, not a sequence of commands. */
const longestSequence = 4000;

export function makePlan(text: string, skills: RehearsalSkills): Plan {
	const demonstration = demonstrations.find(({ names }) => names.includes(trimCommand(text).toLowerCase()));
	if (demonstration !== undefined) {
		const { calls, explanation } = demonstration;
		return calls.length === 0
			? { kind: 'say', text: explanation }
			: { kind: 'steps', steps: [calls], epilogue: explanation };
	}
	const commands = skills.commands();
	const read = (piece: string): Command | undefined => readCommand(piece, commands, skills);
	const steps = split(text, thenSeparator, (piece) => group(piece, read)) ?? [];
	const problems = steps.flat().flatMap((command) => ('problem' in command ? [command] : []));
	const [first] = problems;
	if (first !== undefined) {
		const isPart = steps.flat().length > 1;
		const said = isPart ? `${first.problem} Nothing was run.` : first.problem;
		return { kind: 'say', text: said, ...(first.form === undefined ? {} : { form: first.form }) };
	}
	if (steps.length === 0) return unknownSlash(text, commands) ?? { kind: 'unknown' };
	return {
		kind: 'steps',
		steps: steps.map((step) => step.flatMap((command) => ('call' in command ? [command.call] : [])))
	};
}

function group(text: string, read: (piece: string) => Command | undefined): readonly Command[] | undefined {
	return split(text, alsoSeparator, read);
}

/** Cuts at each separator whose right side reads as a command; `undefined` where a piece does not. */
function split<T>(
	text: string,
	separator: RegExp,
	read: (piece: string) => T | undefined
): readonly T[] | undefined {
	const slash = readSlash(text);
	if (slash !== undefined && isWholeJson(slash.rest)) return one(read(text));
	const marks = text.length > longestSequence ? [] : [...text.matchAll(separator)];
	const values: T[] = [];
	let from = 0;
	for (const [index, mark] of marks.entries()) {
		const start = mark.index + mark[0].length;
		if (read(text.slice(start, marks[index + 1]?.index)) === undefined) continue;
		const left = read(text.slice(from, mark.index));
		if (left === undefined) continue;
		values.push(left);
		from = start;
	}
	const last = read(text.slice(from));
	return last === undefined ? undefined : [...values, last];
}

function one<T>(value: T | undefined): readonly T[] | undefined {
	return value === undefined ? undefined : [value];
}

function readCommand(
	text: string,
	commands: readonly SkillCommand[],
	skills: RehearsalSkills
): Command | undefined {
	const slash = readSlash(text);
	if (slash !== undefined) {
		const command = commands.find(({ action }) => action === slash.action.replaceAll('-', '_'));
		if (command === undefined) return undefined;
		return checked(command, readArguments(slash.rest, command.input), skills);
	}
	const readings = matchPhrases(text, commands).flatMap(({ action, args }) => {
		const command = commands.find((candidate) => candidate.action === action);
		return command === undefined ? [] : [checked(command, args, skills)];
	});
	return readings.find((reading) => 'call' in reading) ?? readings[0];
}

function checked(command: SkillCommand, args: JsonObject, skills: RehearsalSkills): Command {
	const { action, title, input, unavailable } = command;
	if (unavailable !== undefined) return { problem: `“${title}” cannot run here. ${unavailable}` };
	const error = skills.check(action, args);
	if (error === undefined) return { call: { action, args } };
	const missing = inputFields(input).filter(
		({ name, isRequired }) => isRequired && !Object.hasOwn(args, name)
	);
	const what =
		missing.length > 0
			? `“${title}” needs ${missing.map(({ name, description }) => `\`${name}\`${description === '' ? '' : ` (${plain(description)})`}`).join(' and ')}.`
			: `“${title}”: ${problemsOf(error.data) ?? error.message}`;
	return { problem: `${what} Write it like this: \`${usage(action, input)}\``, form: { action, args } };
}

function plain(description: string): string {
	return description.replace(/\.$/, '');
}

function problemsOf(data: Json | undefined): string | undefined {
	const list = isJsonObject(data) ? data['problems'] : undefined;
	if (!Array.isArray(list)) return undefined;
	return `${list.map((one: unknown) => (isJsonObject(one) ? `\`${String(one['path'])}\` ${String(one['problem'])}` : '')).join('; ')}.`;
}

function unknownSlash(text: string, commands: readonly SkillCommand[]): Plan | undefined {
	const slash = readSlash(text);
	if (slash === undefined) return undefined;
	const near = commands.filter(
		({ action }) => action.includes(slash.action) || slash.action.includes(action)
	);
	const names = (near.length > 0 ? near : commands).slice(0, 8).map(({ action }) => `\`/${action}\``);
	return {
		kind: 'say',
		text: `There is no skill called \`${slash.action}\`. ${near.length > 0 ? 'Near it' : 'Some that are there'}: ${names.join(', ')}.`
	};
}
