import { describe, expect, it } from 'vitest';
import { testPlugin } from '../../../../tests/contract/plugin';
import { createSkillsWorld } from '../../../../tests/fakes/skills-world';
import memory from './plugin';

testPlugin(memory, {
	examples: {
		memory_remember: { text: 'I like green tea', tags: ['drinks'] },
		memory_recall: { query: 'tea' },
		memory_list: {},
		memory_ingest: { text: '- I live in Berlin\n- My cat is called Ada' },
		memory_forget: { query: 'coffee' }
	},
	prepare: async ({ run }) => {
		await run('memory_remember', { text: 'I never drink coffee' });
		await run('memory_remember', { text: 'Coffee is at nine' }, { untrusted: true });
	}
});

describe('memory', () => {
	it('OT-103 saves, recalls, lists, ingests and forgets', async () => {
		const { run } = await createSkillsWorld([memory]);
		await run('memory_remember', { text: 'I like green tea', tags: ['drinks'] });
		expect((await run('memory_remember', { text: 'i like green tea' })).output).toMatchObject({
			isNew: false
		});
		await run('memory_ingest', {
			text: '1. My cat is called Ada\n\n2. I live in Berlin\n* i like GREEN tea'
		});
		expect((await run('memory_recall', { query: 'What do I like to drink?' })).output).toMatchObject({
			facts: [{ text: 'I like green tea' }]
		});
		expect((await run('memory_recall', { query: 'cats' })).output).toMatchObject({
			facts: [{ text: 'My cat is called Ada' }]
		});
		expect((await run('memory_recall', { query: 'Paris' })).output).toEqual({ facts: [], found: 0 });
		expect((await run('memory_list')).output).toMatchObject({
			facts: [{ text: 'I live in Berlin' }, { text: 'My cat is called Ada' }, { text: 'I like green tea' }]
		});
		expect((await run('memory_forget', { query: 'green tea' })).output).toMatchObject({
			forgotten: [{ text: 'I like green tea' }]
		});
		expect((await run('memory_forget', { query: 'dogs' })).output).toEqual({ forgotten: [] });
		expect((await run('memory_list')).output).toMatchObject({ found: 2 });
	});

	it('keeps what an untrusted page said untrusted, and nothing else', async () => {
		const { run } = await createSkillsWorld([memory]);
		await run('memory_remember', { text: 'The sky is green' }, { untrusted: true });
		await run('memory_remember', { text: 'I like tea' });
		expect((await run('memory_recall', { query: 'sky' })).labels).toMatchObject({
			integrity: 'untrusted',
			sources: ['https://evil.example']
		});
		expect((await run('memory_recall', { query: 'tea' })).labels).toMatchObject({
			integrity: 'own',
			private: true
		});
	});

	it('survives a row that cannot be read', async () => {
		const { run, store } = await createSkillsWorld([memory]);
		await store.commit({
			epoch: 0,
			put: [
				{ table: 'plugins', key: 'memory/fact/0', row: { v: 1, value: 7 } },
				{ table: 'plugins', key: 'memory/fact/1', row: {} }
			]
		});
		await run('memory_remember', { text: 'I like tea' });
		expect((await run('memory_list')).output).toMatchObject({ found: 1 });
	});
});
