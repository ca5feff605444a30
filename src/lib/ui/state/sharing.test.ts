import { expect, test } from 'vitest';
import { createBlockStream } from '../../agent/render/stream';
import { toBlocks } from '../../agent/render/markdown';
import type { Block } from '../../wire/blocks';
import { sharing } from './sharing';

const text = [
	'# Title\n\nSome *words* with `code`, a [link](https://example.com/a) and **strong _nested_ text**.\n',
	'- one\n- two **bold**\n  - inner\n- [x] three\n\n1. first\n2. second\n\n> quoted *text*\n> more\n',
	'| a | b |\n| - | :-: |\n| 1 | **2** |\n| 3 | ![x](https://example.com/x.png) |\n\n---\n\n$$a+b$$\n\n```js\nlet x;\n```\n'
].join('\n');

test('blocks are what they would be without it, however they arrive', () => {
	const stream = createBlockStream();
	let shown: readonly Block[] = [];
	let frozen: Block[] = [];
	for (const letter of text) {
		const update = stream.push(letter);
		frozen = [...frozen, ...update.frozen];
		const next = [...frozen, ...update.tail];
		shown = sharing(shown, structuredClone(next));
		expect(shown).toEqual(next);
	}
	expect(sharing(shown, structuredClone(toBlocks(text)))).toEqual(toBlocks(text));
});

test('only what changed is another object: one more word of a list leaves its other items alone', () => {
	const before = toBlocks('- one\n- two\n- thr');
	const after = sharing(before, toBlocks('- one\n- two\n- three'));
	const [then, now] = [before[0], after[0]];
	if (then?.k !== 'list' || now?.k !== 'list') throw new Error('It is a list.');
	expect(now).not.toBe(then);
	expect(now.items[0]).toBe(then.items[0]);
	expect(now.items[1]).toBe(then.items[1]);
	expect(now.items[2]).not.toBe(then.items[2]);
	expect(sharing(before, structuredClone(before))).toBe(before);
});
