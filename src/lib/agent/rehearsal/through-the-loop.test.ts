import { describe, expect, it } from 'vitest';
import { createSkillsWorld } from '../../../../tests/fakes/skills-world';
import { openTurnWorld, type TurnWorld } from '../../../../tests/fakes/turn-world';
import { builtInPlugins } from '../../plugins/index';
import { documentation } from './docs';
import { createRehearsal } from './rehearsal';

async function open(): Promise<TurnWorld> {
	const { catalog, store } = await createSkillsWorld(builtInPlugins);
	return openTurnWorld({
		store,
		skills: catalog,
		model: createRehearsal({ skills: catalog, docs: documentation })
	});
}

/** Who said or did what, a line an entry. */
function transcript(world: TurnWorld): readonly string[] {
	return world.entries().map(({ kind, parts }) => {
		const lines = parts.map((part) => {
			if (part.type === 'text') return part.text;
			if (part.type === 'call') return part.action;
			return part.type === 'result' ? `${part.action} ${part.status}` : part.type;
		});
		return `${kind}: ${lines.join(', ')}`;
	});
}

describe('rehearsal through the real loop, gate and catalog', () => {
	it('runs two steps with two calls, one after the other', async () => {
		const world = await open();
		expect((await world.send('what time is it, then remember that I like tea')).outcome).toBe('done');
		expect(transcript(world)).toEqual([
			'user: what time is it, then remember that I like tea',
			'assistant: clock',
			'result: clock ok',
			'assistant: memory_remember',
			'result: memory_remember ok',
			expect.stringMatching(/^assistant: It is .*\n\nRemembered: I like tea$/)
		]);
		await world.send('what do you know about tea?');
		expect(transcript(world).at(-1)).toBe('assistant: I like tea');
	});

	it('holds the demonstration of approval, and a page that nobody named as known', async () => {
		for (const command of ['demo approval', '/web_fetch https://unknown.example/?q=secret']) {
			const world = await open();
			const turn = world.send(command);
			await world.parked();
			const [approval] = await world.approvals();
			expect(approval?.held.effects).toContain('egress');
			await world.decide(approval?.approvalId ?? '', 'reject');
			expect((await turn).outcome).toBe('done');
			expect(transcript(world).at(-1)).toMatch(/^assistant: You rejected “.*”\. It was not run\./);
		}
	});

	it('does not hold a known host', async () => {
		const world = await open();
		await world.send('fetch https://en.wikipedia.org/wiki/Tea');
		expect(transcript(world).at(-1)).toMatch(
			/^assistant: “Read a web page” failed\. en\.wikipedia\.org does not let/
		);
	});
});
