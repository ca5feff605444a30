import { describe, expect, it } from 'vitest';
import { testPlugin } from '../../../../tests/contract/plugin';
import { createSkillsWorld } from '../../../../tests/fakes/skills-world';
import demo from './plugin';

testPlugin(demo, {
	examples: {
		demo_send_postcard: { to: 'Ada', text: 'Hello' },
		demo_write_note: { text: 'Hello' },
		demo_count: { seconds: 2 }
	}
});

describe('demo', () => {
	it('says that nothing is real, and is never offered to models', async () => {
		const { run, catalog } = await createSkillsWorld([demo], {
			fetch: () => Promise.reject(new Error('reached the network'))
		});
		const progress: string[] = [];
		const outcomes = [
			await run('demo_send_postcard', { to: 'Ada', text: 'Hello' }),
			await run('demo_write_note', { text: 'Hello' }),
			await run('demo_count', { seconds: 2 }, { onProgress: (text) => progress.push(text) })
		];
		for (const { output } of outcomes)
			expect(output).toMatchObject({ text: expect.stringMatching(/^Demonstration: /) });
		expect(progress).toEqual(['1 of 2', '2 of 2']);
		expect(catalog.tools()).toEqual([]);
		expect(catalog.destinations('demo_send_postcard', { to: 'Ada' })).toEqual(['Ada (demonstration)']);
	});
});
