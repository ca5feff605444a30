/** What the agent knows of itself: what it can do, how it is, what is missing and why. */

import { isJsonObject, type Json } from '../../wire/json';
import { definePlugin, type ActionContext, type CatalogLine } from '../plugin';

const writeYourOwn =
	'No skill here does this. A plugin of your own can: `npm run plugin:new my-id` makes one to fill in.';
/** Below this a skill has only a common word in common with the goal. */
const leastFit = 0.3;
const most = 5;

const mends: Readonly<Record<CatalogLine['state'], string>> = {
	on: 'It can be used.',
	off: 'It is switched off: switch it on under Skills.',
	unavailable: 'It is unavailable.'
};

async function skillsOf({ host }: ActionContext): Promise<readonly CatalogLine[]> {
	return (await host.catalog?.list()) ?? [];
}

async function fit(goal: string, skills: readonly CatalogLine[]): Promise<readonly CatalogLine[]> {
	const { rank } = await import('../../agent/memory/rank');
	return rank(
		goal,
		skills,
		({ action, title, description }) => `${action.replaceAll('_', ' ')} ${title} ${description}`
	)
		.filter(({ score }) => score >= leastFit)
		.slice(0, most)
		.map(({ item }) => item);
}

function standing({ action, title, plugin, state, reason }: CatalogLine): { readonly [key: string]: Json } {
	return {
		action,
		title,
		plugin,
		state,
		explanation: state === 'unavailable' ? (reason ?? mends.unavailable) : mends[state]
	};
}

function sayLines(output: Json, member: string): string {
	const list = isJsonObject(output) ? output[member] : undefined;
	if (!Array.isArray(list)) return '';
	return list
		.map((line: unknown) =>
			isJsonObject(line)
				? `${String(line['title'])} (/${String(line['action'])}): ${String(line['explanation'])}`
				: String(line)
		)
		.join('\n');
}

function sayNote(output: Json, member: string): string {
	const note = isJsonObject(output) ? output['note'] : undefined;
	return [sayLines(output, member), typeof note === 'string' ? note.replaceAll('`', '') : '']
		.filter((part) => part !== '')
		.join('\n');
}

/** The parts of a health report, whatever they are, a line each. */
function sayHealth(output: Json): string {
	if (!isJsonObject(output)) return '';
	const lines = Object.entries(output).flatMap(([name, value]) => {
		const parts = Array.isArray(value) ? value.map(inWords) : [inWords(value)];
		return parts.length === 0 ? [`${name}: none`] : parts.map((part) => `${name}: ${part}`);
	});
	return lines.join('\n');
}

function inWords(value: Json): string {
	if (!isJsonObject(value)) return typeof value === 'string' ? value : JSON.stringify(value);
	return Object.entries(value)
		.map(([name, one]) => `${name} ${typeof one === 'string' ? one : JSON.stringify(one)}`)
		.join(', ');
}

export default definePlugin({
	id: 'self',
	title: 'Self-knowledge',
	description: 'Knows what Wherry can do, how it is, and what is missing.',
	capabilities: ['tools', 'admin'],
	needs: ['catalog'],
	actions: [
		{
			id: 'self_introspect',
			title: 'List what it can do',
			description: 'Lists every skill of this agent with its state.',
			input: { type: 'object', properties: {}, additionalProperties: false },
			effects: [],
			replay: 'pure',
			phrases: ['what can you do', 'introspect', 'list your skills', 'list skills', 'what are your skills'],
			say: (output) => sayLines(output, 'skills'),
			async run(_input, context) {
				const skills = await skillsOf(context);
				return {
					agent: 'Wherry, an AI agent that lives in a browser tab',
					timeZone: context.timeZone,
					skills: skills.map((line) => ({
						...standing(line),
						explanation: line.state === 'on' ? line.description : (line.reason ?? mends[line.state])
					}))
				};
			}
		},
		{
			id: 'self_health',
			title: 'Check its health',
			description: 'Checks storage, providers and skills, and says what is wrong.',
			input: { type: 'object', properties: {}, additionalProperties: false },
			effects: [],
			replay: 'pure',
			phrases: [
				'diagnose',
				'diagnose yourself',
				'check your health',
				'health',
				'what is wrong',
				'are you ok'
			],
			say: sayHealth,
			async run(_input, context) {
				const skills = await skillsOf(context);
				const unavailable = skills.filter(({ state }) => state === 'unavailable');
				const report = (await context.host.health?.check()) ?? null;
				return {
					...(isJsonObject(report) ? report : { health: report ?? 'The health check is not there.' }),
					skills: `${skills.filter(({ state }) => state === 'on').length} of ${skills.length} can be used`,
					unavailable: unavailable.map(({ title, reason }) => `${title}: ${reason ?? mends.unavailable}`)
				};
			}
		},
		{
			id: 'self_suggest_plugin',
			title: 'Suggest a plugin',
			description: 'Says which skills fit a goal, what each of them still needs, or that none does.',
			input: {
				type: 'object',
				properties: {
					goal: { type: 'string', description: 'What is to be done', minLength: 1, maxLength: 500 }
				},
				required: ['goal'],
				additionalProperties: false
			},
			effects: [],
			replay: 'pure',
			phrases: [
				'suggest a plugin for {goal}',
				'suggest a skill for {goal}',
				'suggest a plugin to {goal}',
				'which skill can {goal}'
			],
			say: (output) => sayNote(output, 'fitting'),
			async run({ goal }, context) {
				const fitting = (await fit(String(goal), await skillsOf(context))).map(standing);
				return fitting.length === 0 ? { fitting, note: writeYourOwn } : { fitting };
			}
		},
		{
			id: 'self_explain',
			title: 'Explain a skill or a problem',
			description:
				'Says why a skill cannot be used and what would mend it, by its id, its name or a description of the problem.',
			input: {
				type: 'object',
				properties: {
					about: {
						type: 'string',
						description: 'Id or name of a skill, or a problem',
						minLength: 1,
						maxLength: 500
					}
				},
				required: ['about'],
				additionalProperties: false
			},
			effects: [],
			replay: 'pure',
			phrases: [
				'why is {about} unavailable',
				'why is {about} off',
				'why is {about} missing',
				'why can I not use {about}',
				"why can't I use {about}",
				'explain the skill {about}'
			],
			say: (output) => sayNote(output, 'skills'),
			async run({ about }, context) {
				const skills = await skillsOf(context);
				const wanted = String(about).trim().toLowerCase();
				const named = skills.filter(({ action, title, plugin }) =>
					[action, title.toLowerCase(), plugin].includes(wanted)
				);
				const meant = named.length > 0 ? named : await fit(wanted, skills);
				if (meant.length > 0) return { skills: meant.map(standing) };
				const health = (await context.host.health?.check()) ?? null;
				return { skills: [], note: writeYourOwn, health };
			}
		}
	]
});
