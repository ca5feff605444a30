import { describe, expect, it } from 'vitest';
import { testPlugin } from '../../../../tests/contract/plugin';
import { createSkillsWorld } from '../../../../tests/fakes/skills-world';
import type { HostServices } from '../plugin';
import sessions from './plugin';

const asked: unknown[] = [];
const host: HostServices = {
	sessions: {
		list: async (query) => (asked.push(query), { rows: [{ id: 's1', title: 'Tea', preview: 'I like tea' }] }),
		search: async (query) => (
			asked.push(query),
			{ hits: [{ title: 'Tea', snippet: '…like tea…' }], sources: ['import:chatgpt'] }
		),
		read: async (query) => (asked.push(query), { messages: [{ by: 'user', text: 'I like tea' }] })
	}
};

testPlugin(sessions, {
	examples: {
		sessions_list: { text: 'tea' },
		sessions_search: { text: 'tea' },
		sessions_read: { sessionId: 's1' }
	},
	ports: { host }
});

describe('sessions', () => {
	it('SAM-57 SAM-58 asks within the limits: 20 of 100, 10 of 50, 50 of 200', async () => {
		const { run, catalog } = await createSkillsWorld([sessions], { host });
		asked.length = 0;
		await run('sessions_list');
		await run('sessions_search', { text: 'tea' });
		await run('sessions_read', { sessionId: 's1' });
		expect(asked).toEqual([{ limit: 20 }, { text: 'tea', limit: 10 }, { sessionId: 's1', limit: 50 }]);
		const tooMany = [
			['sessions_list', { limit: 101 }],
			['sessions_search', { text: 'x', limit: 51 }],
			['sessions_read', { sessionId: 'x', limit: 201 }]
		] as const;
		for (const [action, args] of tooMany) expect(catalog.check(action, args)?.id).toBe('skill/bad-arguments');
	});

	it('keeps what came from elsewhere untrusted, and everything private', async () => {
		const { run } = await createSkillsWorld([sessions], { host });
		expect((await run('sessions_search', { text: 'tea' })).labels).toEqual({
			integrity: 'untrusted',
			private: true,
			sources: ['import:chatgpt']
		});
		expect((await run('sessions_list')).labels).toEqual({ integrity: 'own', private: true, sources: [] });
	});
});
