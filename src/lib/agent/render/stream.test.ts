import { describe, expect, test } from 'vitest';
import { commonMark, hostileTexts } from '../../../../tests/fixtures/rendering-corpora';
import type { Block } from '../../wire/blocks';
import { LITERAL_PIECE, MAX_MARKDOWN, toBlocks } from './markdown';
import { createBlockStream } from './stream';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

/** mulberry32: small, seeded, good enough for cuts. */
function seeded(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

/** A definition further down changes what is frozen: the documented exception. */
function hasLateDefinition(markdown: string): boolean {
	return /^[ >\-*+\d.\t]*\[[^\]]+\]:/m.test(markdown);
}

interface Fed {
	readonly blocks: Block[];
	/** The first point at which the stream showed something other than the text so far. */
	readonly differs: string | null;
}

function feed(pieces: readonly string[], isChecked: (all: string) => boolean): Fed {
	const stream = createBlockStream();
	const frozen: Block[] = [];
	let all = '';
	let differs: string | null = null;
	for (const piece of pieces) {
		all += piece;
		const update = stream.push(piece);
		frozen.push(...update.frozen);
		if (differs === null && isChecked(all)) {
			const shown = JSON.stringify([...frozen, ...update.tail]);
			if (shown !== JSON.stringify(toBlocks(all))) differs = all;
		}
	}
	frozen.push(...stream.end().frozen);
	return { blocks: frozen, differs };
}

function cuts(text: string, random: () => number): string[] {
	const pieces: string[] = [];
	for (let at = 0; at < text.length;) {
		const length = 1 + Math.floor(random() * 40);
		pieces.push(text.slice(at, at + length));
		at += length;
	}
	return pieces;
}

const LONG = [
	'# Title\nText right below, *with* words.\n\n- one\n- two\n\n  more of two\n- three\n\nAnd so:\n```js\nlet a = 1;\n\n\nlet b;\n```\nAfter it.\n\n',
	'| a | b |\n|---|---|\n| 1 | 2 |\n\n> quote\nlazy\n\n> other\n\n1. x\n\n2. y\n\n3) z\n\n---\n\nSetext\n===\n\n    indented\n\n    more\n\nend\n\n',
	'$$\nx^2\n$$\n\ntext \\[\na\n\\] more\n\n<div>\n\nin\n\n</div>\n\n<!-- a\n\nb -->\n\n~~~\nopen\n\n```\n',
	'~~~\n* a\n\n  ```\n  code\n\n  ```\n\n* b\n***\n+ c\n\n\n+ d\n\n[x]: https://x.test "t"\n\n[x] and [y]\n\r\n\rend\r\n'
].join('');

describe('createBlockStream', () => {
	test(`gives at every character what the text so far gives (seed ${SEED})`, () => {
		const texts = [LONG, ...hostileTexts().filter((text) => text.length < 400)];
		const wrong = texts.filter(
			(text) => !hasLateDefinition(text) && feed([...text], () => true).differs !== null
		);
		expect(wrong).toEqual([]);
	});

	test(`gives at the end what the whole gives, whatever the cuts (seed ${SEED})`, () => {
		const random = seeded(SEED);
		const texts = hostileTexts().filter((text) => !hasLateDefinition(text));
		for (const text of [LONG, ...texts, texts.join('\n\n').slice(0, 60_000)]) {
			const { blocks } = feed(cuts(text, random), () => false);
			expect(blocks).toEqual(toBlocks(text));
		}
	});

	test(`mixes of specification examples freeze only what is final (seed ${SEED})`, () => {
		const random = seeded(SEED);
		const examples = commonMark()
			.map(({ markdown }) => markdown)
			.filter((text) => !hasLateDefinition(text));
		if (examples.length === 0) return;
		for (let round = 0; round < 300; round++) {
			const text = Array.from(
				{ length: 6 },
				() => examples[Math.floor(random() * examples.length)] ?? ''
			).join(random() < 0.5 ? '\n' : '');
			const { blocks, differs } = feed(cuts(text, random), () => true);
			expect(differs, `seed ${SEED}`).toBeNull();
			expect(blocks).toEqual(toBlocks(text));
		}
	});

	test('freezes a paragraph as soon as the next one has a line', () => {
		const stream = createBlockStream();
		expect(stream.push('one\n\ntw')).toMatchObject({ frozen: [], tail: [{ k: 'p' }, { k: 'p' }] });
		expect(stream.push('o\n')).toMatchObject({ frozen: [{ k: 'p' }], tail: [{ k: 'p' }] });
		expect(stream.end()).toMatchObject({ frozen: [{ k: 'p' }], tail: [] });
	});

	test('keeps definitions for what follows them', () => {
		const text = '[x]: https://x.test/\n\nfirst\n\n[x] here\n';
		expect(feed([...text], () => true)).toEqual({ blocks: toBlocks(text), differs: null });
	});

	test('an open code fence grows without being read again', () => {
		const line = 'const value = compute(input, 42); // and so on\n';
		const deltas = ['intro\n\n```ts\n', ...Array.from({ length: 4000 }, () => line)];
		const started = performance.now();
		const { blocks } = feed(deltas, () => false);
		const took = performance.now() - started;
		expect(blocks).toEqual([
			{ k: 'p', c: [{ t: 'text', v: 'intro' }] },
			{ k: 'code', lang: 'ts', text: line.repeat(4000).trimEnd() }
		]);
		console.log(`open fence, 188 kB in 4,000 deltas: ${took.toFixed(0)} ms`);
		expect(took).toBeLessThan(4000);
	});

	test('one huge paragraph stays within bounds', () => {
		const text = 'word *and* `code` with [a link](https://x.test) '.repeat(1100);
		const deltas = text.match(/[\s\S]{1,26}/g) ?? [];
		const started = performance.now();
		const { blocks } = feed(deltas, () => false);
		const took = performance.now() - started;
		console.log(`one paragraph, ${text.length} characters in ${deltas.length} deltas: ${took.toFixed(0)} ms`);
		expect(blocks).toEqual(toBlocks(text));
		expect(took).toBeLessThan(8000);
	});

	test('past the limit it streams the text as written', () => {
		const text = 'word **bold**\n\n'.repeat(60_000);
		const deltas = text.match(/[\s\S]{1,50000}/g) ?? [];
		const { blocks } = feed(deltas, () => false);
		expect(text.length).toBeGreaterThan(MAX_MARKDOWN + 2 * LITERAL_PIECE);
		expect(blocks).toEqual(toBlocks(text));
	});
});
