/** Slash commands of the composer: which fit what is typed, and what a finished line asks for. Pure. */

import type { SkillCard } from '../../wire/commands';

export type PageCommand = 'new' | 'fork' | 'resume' | 'model' | 'compact';
export const pageCommands: readonly PageCommand[] = ['new', 'fork', 'resume', 'model', 'compact'];

export interface Completion {
	/** Without the slash. */
	readonly name: string;
	readonly title: string;
	readonly kind: 'command' | 'action';
}

/** The completions of a text that is one slash word so far; empty otherwise. */
export function completionsOf(
	text: string,
	skills: readonly SkillCard[],
	titleOf: (command: PageCommand) => string
): readonly Completion[] {
	const word = /^\/([\w-]*)$/.exec(text)?.[1]?.toLowerCase();
	if (word === undefined) return [];
	const commands = pageCommands.map((name): Completion => ({ name, title: titleOf(name), kind: 'command' }));
	const actions = skills
		.filter((skill) => skill.isOn && skill.unavailable === undefined)
		.map((skill): Completion => ({ name: skill.action, title: skill.title, kind: 'action' }));
	const starts = (completion: Completion) => completion.name.toLowerCase().startsWith(word);
	const contains = (completion: Completion) =>
		!starts(completion) && `${completion.name} ${completion.title}`.toLowerCase().includes(word);
	const all = [...commands, ...actions];
	return [...all.filter(starts), ...(word === '' ? [] : all.filter(contains))].slice(0, 12);
}

/** A line that the page itself acts on; an action's slash is a message like any other. */
export function pageCommandOf(text: string): { command: PageCommand; rest: string } | undefined {
	const match = /^\/(\w+)\s*([\s\S]*)$/.exec(text.trim());
	const command = pageCommands.find((name) => name === match?.[1]);
	return command === undefined ? undefined : { command, rest: match?.[2] ?? '' };
}
