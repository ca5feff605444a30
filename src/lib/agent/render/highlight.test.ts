import { expect, test } from 'vitest';
import { domPurify } from '../../../../tests/fixtures/rendering-corpora';
import { KINDS } from './colour';
import { MAX_HIGHLIGHT, highlight } from './highlight';

const LANGUAGES =
	'js jsx ts tsx json html xml svelte css scss python py bash sh shell go rust rs java c cpp c++ sql yaml yml markdown md diff'.split(
		' '
	);

test('colours what a language gives a meaning', async () => {
	expect(await highlight('ts', 'const a = "x"; // y')).toEqual([
		['keyword', 'const'],
		['', ' a = '],
		['string', '"x"'],
		['', '; '],
		['comment', '// y']
	]);
});

test('colours scripts inside markup', async () => {
	const runs = await highlight('svelte', '<script>let a = 1;</script><b>{a}</b>');
	expect(runs).toContainEqual(['keyword', 'let']);
	expect(runs).toContainEqual(['name', 'b']);
});

test('leaves alone what it does not know, and what is too long', async () => {
	expect(await highlight('brainfuck', '+[--->+]')).toEqual([['', '+[--->+]']]);
	expect(await highlight('', 'x')).toEqual([['', 'x']]);
	const long = 'let a;\n'.repeat(MAX_HIGHLIGHT / 7 + 1);
	expect(await highlight('js', long)).toEqual([['', long]]);
});

test('keeps the text and the closed set of kinds, whatever the code and the language', async () => {
	const kinds = new Set<string>(KINDS);
	const codes = [
		...domPurify(),
		'`${`${`',
		'"""\'\'\'',
		'<!--<script>/*',
		'${{',
		'\0\ud800',
		'a'.repeat(2000)
	];
	for (const lang of LANGUAGES) {
		for (const code of codes) {
			const runs = await highlight(lang, code);
			expect(runs.map(([, part]) => part).join('')).toBe(code);
			for (const [kind] of runs) expect(kinds.has(kind)).toBe(true);
		}
	}
});

test('colours 100 kB in bounded time, runs that grammars choke on included', async () => {
	let worst: readonly [string, number] = ['', 0];
	const runs = ['a', '(', '[', '\n', '_', '=> ', '<a '];
	const units = [...runs, ...runs.map((run) => `${run.repeat(180 / run.length)}\n`), 'let a = b => c;\n'];
	for (const lang of ['ts', 'markdown']) {
		for (const unit of units) {
			const code = unit.repeat(Math.floor(MAX_HIGHLIGHT / unit.length));
			const started = performance.now();
			await highlight(lang, code);
			const took = performance.now() - started;
			if (took > worst[1]) worst = [`${lang} ${JSON.stringify(unit.slice(0, 20))}`, took];
		}
	}
	console.log(`colouring 100 kB: slowest ${worst[1].toFixed(0)} ms (${worst[0]})`);
	expect(worst[1]).toBeLessThan(5000);
});
