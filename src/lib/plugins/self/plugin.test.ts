import { describe, expect, it } from 'vitest';
import { testPlugin } from '../../../../tests/contract/plugin';
import { createSkillsWorld } from '../../../../tests/fakes/skills-world';
import { builtInPlugins } from '../index';
import self from './plugin';

testPlugin(self, {
	examples: {
		self_introspect: {},
		self_health: {},
		self_suggest_plugin: { goal: 'explain what is missing' },
		self_explain: { about: 'self_health' }
	}
});

describe('self', () => {
	it('lists every skill with its state', async () => {
		const { run, catalog } = await createSkillsWorld(builtInPlugins);
		await catalog.setEnabled('clock', false);
		const { output } = await run('self_introspect');
		expect(JSON.stringify(output)).toContain(
			'"action":"clock","title":"Tell the time","plugin":"clock","state":"off"'
		);
	});

	it('says why a skill is unavailable, and how to mend it', async () => {
		const { run, catalog } = await createSkillsWorld(builtInPlugins);
		await catalog.setEnabled('clock', false);
		const explain = async (about: string): Promise<string | undefined> =>
			catalog.say('self_explain', (await run('self_explain', { about })).output, {});
		expect(await explain('sessions_list')).toBe(
			'List sessions (/sessions_list): It needs the sessions of this device, which are not open here.'
		);
		expect(await explain('Tell the time')).toBe(
			'Tell the time (/clock): It is switched off: switch it on under Skills.'
		);
		expect(await explain('flying to the moon')).toMatch(/^No skill here does this/);
	});

	it('suggests what fits a goal', async () => {
		const { run } = await createSkillsWorld(builtInPlugins);
		const suggest = async (goal: string): Promise<unknown> =>
			(await run('self_suggest_plugin', { goal })).output;
		expect(await suggest('read a web page')).toMatchObject({
			fitting: [{ action: 'web_fetch', state: 'on' }]
		});
		expect(await suggest('search my past sessions')).toMatchObject({
			fitting: [
				{ action: 'sessions_search', state: 'unavailable' },
				{ action: 'sessions_read' },
				{ action: 'sessions_list' }
			]
		});
		expect(await suggest('brew beer')).toMatchObject({
			fitting: [],
			note: expect.stringMatching(/plugin:new/)
		});
	});

	it('reports health, with what the host found', async () => {
		const { run, catalog } = await createSkillsWorld(builtInPlugins, {
			host: { health: { check: async () => ({ storage: 'fine', findings: [{ problem: 'no key' }] }) } }
		});
		const { output } = await run('self_health');
		expect(catalog.say('self_health', output, {})).toMatch(
			/^storage: fine\nfindings: problem no key\nskills: \d+ of \d+ can be used\nunavailable: List sessions: It needs the sessions/
		);
	});
});
