/**
 * What rehearsal says once calls have run: one line a result, quoted as it is. Results are
 * plain text from anywhere, so nothing in them may act as Markdown.
 */

import type { CallPart, ResultPart } from '../../wire/entries';
import { isJsonObject, type Json } from '../../wire/json';
import type { PlannedCall, RehearsalSkills } from './plan';

const maximumQuote = 4000;

export interface Settled {
	readonly call: CallPart;
	/** Absent where the transcript holds none: then it was not run. */
	readonly result: ResultPart | undefined;
}

export function resultText(
	settled: readonly Settled[],
	notReached: readonly PlannedCall[],
	skills: RehearsalSkills
): string {
	const titles = new Map(skills.commands().map(({ action, title }) => [action, title]));
	const titleOf = (action: string): string => `“${titles.get(action) ?? action}”`;
	const paragraphs = settled.map(({ call, result }) => lineOf(call, result, titleOf(call.action), skills));
	if (notReached.length > 0) {
		paragraphs.push(
			`${notReached.map(({ action }) => titleOf(action)).join(', ')}: not run, because what came before did not succeed.`
		);
	}
	return paragraphs.join('\n\n');
}

function lineOf(
	call: CallPart,
	result: ResultPart | undefined,
	title: string,
	skills: RehearsalSkills
): string {
	switch (result?.status) {
		case 'ok':
			return quoted(skills.say(call.action, result.output, call.args) ?? '', result.output);
		case 'error':
			return `${title} failed. ${escapeMarkdown(errorText(result))}`;
		case 'rejected':
			return `You rejected ${title}. It was not run.`;
		case 'unknown':
			return `It is not known whether ${title} took effect.`;
		case 'not-run':
		case undefined:
			return `${title} was not run.`;
	}
}

function errorText({ error }: ResultPart): string {
	if (error === undefined) return '';
	const detail = isJsonObject(error.data) ? (error.data['detail'] ?? error.data['reason']) : undefined;
	return typeof detail === 'string' ? `${error.message} (${detail})` : error.message;
}

function quoted(said: string, output: Json): string {
	if (said.trim() !== '') return escapeMarkdown(cut(said.trim()));
	if (typeof output === 'string') return escapeMarkdown(cut(output));
	if (output === null) return 'Done.';
	return fenced(cut(JSON.stringify(output, null, 2)));
}

function cut(text: string): string {
	return text.length > maximumQuote ? `${text.slice(0, maximumQuote)}…` : text;
}

/** Longer than any fence inside. */
function fenced(text: string): string {
	const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
	const fence = '`'.repeat(longest + 1);
	return `${fence}json\n${text}\n${fence}`;
}

/** Text that Markdown shows as it is, line by line. */
export function escapeMarkdown(text: string): string {
	return text
		.split('\n')
		.map((line) =>
			line
				.trim()
				.replaceAll(/[\\`*[\]<>|$~]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|&(?=#?\w+;)/gu, '\\$&')
				.replace(/^(#{1,6}(?=\s|$)|[-+](?=\s|$)|={2,}|-{2,})/, '\\$1')
				.replace(/^(\d{1,9})([.)])(?=\s|$)/, '$1\\$2')
		)
		.join('  \n');
}
