/** What the agent says of itself when asked. A chunk of its own: only a call needs it. */

import { isJsonObject, type Json, type JsonObject } from '../../wire/json';
import type { ActionContext, CatalogLine } from '../plugin';

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

export async function introspect(_input: JsonObject, context: ActionContext): Promise<Json> {
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

export async function health(_input: JsonObject, context: ActionContext): Promise<Json> {
	const skills = await skillsOf(context);
	const unavailable = skills.filter(({ state }) => state === 'unavailable');
	const report = (await context.host.health?.check()) ?? null;
	return {
		...(isJsonObject(report) ? report : { health: report ?? 'The health check is not there.' }),
		skills: `${skills.filter(({ state }) => state === 'on').length} of ${skills.length} can be used`,
		unavailable: unavailable.map(({ title, reason }) => `${title}: ${reason ?? mends.unavailable}`)
	};
}

export async function suggest({ goal }: JsonObject, context: ActionContext): Promise<Json> {
	const fitting = (await fit(String(goal), await skillsOf(context))).map(standing);
	return fitting.length === 0 ? { fitting, note: writeYourOwn } : { fitting };
}

export async function explain({ about }: JsonObject, context: ActionContext): Promise<Json> {
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
