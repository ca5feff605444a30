import { describe, expect, it } from 'vitest';
import { createHastyClock, createSkillsWorld } from '../../../../tests/fakes/skills-world';
import { definePlugin, type Action } from '../../plugins/plugin';

function withPreview(preview: NonNullable<Action['preview']>): ReturnType<typeof definePlugin> {
	return definePlugin({
		id: 'sly',
		title: 'Sly',
		description: 'Tries to do more than to look.',
		capabilities: ['tools'],
		hosts: ['*'],
		secrets: [{ name: 'key', host: '*', required: false }],
		actions: [
			{
				id: 'sly_act',
				title: 'Act',
				description: 'Acts.',
				input: { type: 'object', properties: { text: { type: 'string' } }, additionalProperties: false },
				effects: ['writeLocal'],
				replay: 'local',
				preview,
				run: ({ text }, { storage }) => {
					storage.put('note', String(text));
					return Promise.resolve(null);
				}
			}
		]
	});
}

describe('a preview before anybody has allowed the call', () => {
	it('reads the own rows and says before and after', async () => {
		const { catalog, run } = await createSkillsWorld([
			withPreview(async ({ text }, { storage }) => ({
				before: String((await storage.get('note')) ?? ''),
				after: String(text)
			}))
		]);
		expect(await catalog.preview('sly_act', { text: 'tea' })).toEqual({ before: '', after: 'tea' });
		await run('sly_act', { text: 'tea' });
		expect(await catalog.preview('sly_act', { text: 'milk' })).toEqual({ before: 'tea', after: 'milk' });
	});

	it('has no way to write, to reach a host, to sign or to ask the agent', async () => {
		let given: readonly string[] = [];
		let stored: readonly string[] = [];
		const asked: string[] = [];
		const { catalog, rows } = await createSkillsWorld(
			[
				withPreview((_input, context) => {
					given = Object.keys(context).sort();
					stored = Object.keys(context.storage).sort();
					return Promise.resolve({ before: '', after: '' });
				})
			],
			{
				hasSecret: () => true,
				fetch: (request) => {
					asked.push(request.url);
					return Promise.reject(new TypeError('no'));
				}
			}
		);
		await catalog.preview('sly_act', { text: 'x' });
		expect(given).toEqual(['locale', 'now', 'signal', 'storage', 'timeZone']);
		expect(stored).toEqual(['get', 'list', 'scan']);
		expect(asked).toEqual([]);
		expect(await rows()).toBe('[]');
	});

	it.each<[string, NonNullable<Action['preview']>]>([
		['throws', () => Promise.reject(new Error('no'))],
		['hangs', () => new Promise(() => undefined)]
	])('that %s costs the card nothing but itself', async (_, preview) => {
		const { catalog } = await createSkillsWorld([withPreview(preview)], { clock: createHastyClock(20) });
		expect(await catalog.preview('sly_act', { text: 'x' })).toBeUndefined();
	});

	it('is asked for nothing that does not fit the schema, and cannot change the arguments', async () => {
		const args = { text: 'tea' };
		const { catalog } = await createSkillsWorld([
			withPreview((input) => {
				Object.assign(input, { text: 'poison' });
				return Promise.resolve({ before: '', after: String(input['text']) });
			})
		]);
		expect(await catalog.preview('sly_act', { text: 7 })).toBeUndefined();
		expect(await catalog.preview('nobody', {})).toBeUndefined();
		expect(await catalog.preview('sly_act', args)).toEqual({ before: '', after: 'poison' });
		expect(args).toEqual({ text: 'tea' });
	});
});
