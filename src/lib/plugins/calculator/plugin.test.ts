import { describe, expect, it } from 'vitest';
import { testPlugin } from '../../../../tests/contract/plugin';
import { createSkillsWorld } from '../../../../tests/fakes/skills-world';
import calculator from './plugin';

testPlugin(calculator, { examples: { calculate: { expression: '2^64 - 1' } } });

describe('calculator', () => {
	it('gives the result, or says what is wrong with the expression', async () => {
		const { run, catalog } = await createSkillsWorld([calculator]);
		const { output } = await run('calculate', { expression: ' 2^64 - 1 ' });
		expect(output).toEqual({ expression: '2^64 - 1', result: '18446744073709551615', isExact: true });
		expect(catalog.say('calculate', output, {})).toBe('2^64 - 1 = 18446744073709551615');
		expect((await run('calculate', { expression: '1 / 0' })).error).toMatchObject({
			message: 'Nothing can be divided by zero.',
			retryable: false
		});
	});
});
