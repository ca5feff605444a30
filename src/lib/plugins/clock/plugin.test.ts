import { describe, expect, it } from 'vitest';
import { testPlugin } from '../../../../tests/contract/plugin';
import { createSkillsWorld } from '../../../../tests/fakes/skills-world';
import clock from './plugin';

testPlugin(clock, { examples: { clock: { zone: 'Asia/Tokyo' } } });

describe('clock', () => {
	it('tells the time here, and wherever it is asked for', async () => {
		const { run } = await createSkillsWorld([clock]);
		expect((await run('clock')).output).toEqual({
			iso: '2025-01-15T12:30:00.000Z',
			local: 'Wednesday, 15 January 2025 at 13:30',
			zone: 'Europe/Berlin'
		});
		expect((await run('clock', { zone: 'new york' })).output).toMatchObject({ zone: 'America/New_York' });
		expect((await run('clock', { zone: 'Nowhere' })).error?.message).toBe('No time zone is called Nowhere.');
	});
});
