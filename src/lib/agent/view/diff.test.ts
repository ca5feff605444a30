import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffLines } from './diff';

const told = (before: string, after: string): string[] =>
	diffLines(before, after).map((line) =>
		line.op === 'far' ? `@${line.count}` : `${{ same: ' ', removed: '-', added: '+' }[line.op]}${line.text}`
	);

describe('before and after, line by line', () => {
	it('says what is gone, what is new, and two lines around it', () => {
		expect(told('', '')).toEqual([]);
		expect(told('', 'tea')).toEqual(['+tea']);
		expect(told('tea', '')).toEqual(['-tea']);
		expect(told('tea', 'tea')).toEqual(['@1']);
		expect(told('a\nb\nc\nd\ne\nf\ng', 'a\nb\nc\nd\nE\nf\ng')).toEqual([
			'@2',
			' c',
			' d',
			'-e',
			'+E',
			' f',
			' g'
		]);
		expect(told('a\nb\nc', 'b\nc\na')).toEqual(['-a', ' b', ' c', '+a']);
	});

	it('takes texts of any size, and cuts what nobody would read', () => {
		const many = (word: string): string =>
			Array.from({ length: 5_000 }, (_, at) => `${word} ${at}`).join('\n');
		const lines = diffLines(many('before'), many('after'));
		expect(lines).toHaveLength(401);
		expect(lines.at(-1)).toEqual({ op: 'far', count: 9_600 });
		expect(diffLines('', 'x'.repeat(10_000))).toMatchObject([{ text: expect.stringMatching(/^x{500}…$/) }]);
	});

	it('loses and invents no line', () => {
		const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 });
		fc.assert(
			fc.property(text, text, (before, after) => {
				const lines = diffLines(before.join('\n'), after.join('\n'));
				const side = (op: 'removed' | 'added'): number =>
					lines.reduce(
						(sum, line) =>
							sum + (line.op === 'far' ? line.count : line.op === 'same' || line.op === op ? 1 : 0),
						0
					);
				expect([side('removed'), side('added')]).toEqual([before.length, after.length]);
			}),
			{ seed: 20261120 }
		);
	});
});
