/** What the agent knows of itself: what it can do, how it is, what is missing and why. */

import { isJsonObject, type Json } from '../../wire/json';
import { definePlugin } from '../plugin';

/** Its own chunk: knowing that one can ask does not take answering. */
const answers = (): Promise<typeof import('./answers')> => import('./answers');

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
			run: async (input, context) => (await answers()).introspect(input, context)
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
				'diagnose storage',
				'diagnose my storage',
				'diagnose providers',
				'diagnose my providers',
				'check storage',
				'check providers',
				'check your health',
				'health',
				'what is wrong',
				'are you ok'
			],
			say: sayHealth,
			run: async (input, context) => (await answers()).health(input, context)
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
			run: async (input, context) => (await answers()).suggest(input, context)
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
				'diagnose {about}',
				'why can I not use {about}',
				"why can't I use {about}",
				'explain the skill {about}'
			],
			say: (output) => sayNote(output, 'skills'),
			run: async (input, context) => (await answers()).explain(input, context)
		}
	]
});
