import { expect, test } from 'vitest';
import type { MathNode } from '../../wire/blocks';
import { mathTree } from './math';

function nodesOf(root: MathNode | null): MathNode[] {
	const found: MathNode[] = [];
	const open: (MathNode | string)[] = root === null ? [] : [root];
	for (let node = open.pop(); node !== undefined; node = open.pop()) {
		if (typeof node === 'string') continue;
		found.push(node);
		open.push(...node.c);
	}
	return found;
}

function textOf(node: MathNode | string): string {
	return typeof node === 'string' ? node : node.c.map(textOf).join('');
}

test('reads a formula', async () => {
	const tree = await mathTree('\\frac{a}{b} + \\sqrt{x^2}', true);
	expect(tree).toMatchObject({ n: 'math', a: { display: 'block' } });
	expect(nodesOf(tree).map(({ n }) => n)).toEqual(
		expect.arrayContaining(['mfrac', 'msqrt', 'msup', 'mi', 'mn', 'mo'])
	);
	expect(
		nodesOf(await mathTree('\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}', true)).map(({ n }) => n)
	).toEqual(expect.arrayContaining(['mtable', 'mtr', 'mtd']));
});

test('gives up on what is no formula', async () => {
	expect(await mathTree('\\frac{a', false)).toBeNull();
	expect(await mathTree('\\nosuchcommand', false)).toBeNull();
	expect(await mathTree('', false)).toBeNull();
	expect(await mathTree('x'.repeat(10_001), false)).toBeNull();
	expect(await mathTree('{'.repeat(5000) + '}'.repeat(5000), false)).toBeNull();
	expect(await mathTree('\\def\\a{\\a\\a}\\a', false)).toBeNull();
});

test('keeps no link, picture, style, identifier or class of the author', async () => {
	const hostile = [
		'\\href{javascript:alert(1)}{x}',
		'\\url{https://collector.test}',
		'\\includegraphics{https://collector.test/a.png}',
		'\\htmlData{a=b}{x}',
		'\\htmlId{a}{x}',
		'\\id{a}{x}',
		'\\class{evil}{x}',
		'\\htmlStyle{background:url(https://collector.test)}{x}',
		'\\style{position:fixed}{x}',
		'\\color{red}x \\colorbox{blue}{y} \\textcolor{#123456}{z}',
		'\\label{a} x \\ref{a} \\eqref{a} \\tag{1}',
		'\\text{<script>alert(1)</script>}',
		'\\bbox[border: 1px]{x} \\boxed{y} \\cancel{z}',
		'\\ce{H2O} \\phase{x} \\angl{y} \\enclose{box}[mathbackground="red"]{x}'
	];
	for (const tex of hostile) {
		for (const node of nodesOf(await mathTree(tex, true))) {
			expect(node.n).toMatch(/^m[a-z]+$/);
			for (const [name, value] of Object.entries(node.a)) {
				expect(name).toMatch(/^[a-z]+$/);
				expect(['href', 'src', 'style', 'id', 'xmlns', 'mathcolor', 'mathbackground']).not.toContain(name);
				expect(value).toMatch(/^[a-z0-9 .+-]*$/i);
			}
		}
	}
	const script = await mathTree('\\text{<script>}', false);
	expect(script === null ? '' : textOf(script)).toContain('<script>');
});

test('lets no space or rule grow over the page', async () => {
	const tree = await mathTree('a\\hspace{-900em}b\\rule{9999em}{9999em}\\raisebox{5000pt}{c}', true);
	for (const node of nodesOf(tree)) {
		for (const name of ['width', 'height', 'depth', 'lspace', 'voffset']) {
			const value = Number.parseFloat(node.a[name] ?? '0');
			expect(value).toBeLessThanOrEqual(20);
			expect(value).toBeGreaterThanOrEqual(-2);
		}
	}
});
