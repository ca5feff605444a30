/** The project's own guards can fail: each is shown something that it must catch. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import { describe, expect, test } from 'vitest';
import { leaks, serverStrings } from '../../scripts/canary.mjs';
import { nodesOfRoot, staticImports } from '../../scripts/size.mjs';

const config = createRequire(import.meta.url)('../../.dependency-cruiser.cjs');

/** The rules that a project of these files (path → text) breaks. */
async function brokenRules(files: Readonly<Record<string, string>>): Promise<string[]> {
	const root = mkdtempSync(join(tmpdir(), 'wherry-fence-'));
	try {
		for (const [path, text] of Object.entries(files)) {
			mkdirSync(dirname(join(root, path)), { recursive: true });
			writeFileSync(join(root, path), text);
		}
		const { cache: _cache, tsConfig: _tsConfig, ...options } = config.options;
		const { output } = await cruise(['src'], { ...options, baseDir: root, ruleSet: config, validate: true });
		if (typeof output === 'string') throw new Error(output);
		return [...new Set(output.summary.violations.map((violation) => violation.rule.name))];
	} finally {
		rmSync(root, { recursive: true, force: true });
	}
}

describe('who may import whom', () => {
	test('a project that keeps to the picture breaks no rule', async () => {
		const broken = await brokenRules({
			'src/lib/wire/a.ts': 'export const a = 1;',
			'src/lib/agent/loop/b.ts': "export { a } from '../../wire/a';",
			'src/lib/plugins/index.ts': "export { a } from '../agent/loop/b';",
			'src/workers/agent.worker.ts': "import { a } from '../lib/plugins/index'; a;"
		});
		expect(broken).toEqual([]);
	});

	test('the agent worker reaches no server code, not even through three others', async () => {
		const broken = await brokenRules({
			'src/lib/edge/secret.server.ts': "export const secret = 'x';",
			'src/lib/agent/skills/c.ts': "export { secret } from '../../edge/secret.server';",
			'src/lib/agent/loop/b.ts': "export { secret } from '../skills/c';",
			'src/workers/agent.worker.ts': "import { secret } from '../lib/agent/loop/b'; secret;"
		});
		expect(broken).toContain('agent-worker-reaches-no-server-and-no-page');
	});

	for (const [rule, from, to] of [
		['wire-imports-nothing-of-ours', 'src/lib/wire/a.ts', 'src/lib/agent/b.ts'],
		['agent-imports-wire', 'src/lib/agent/a.ts', 'src/lib/ui/b.ts'],
		['only-workers-import-plugins', 'src/lib/agent/a.ts', 'src/lib/plugins/b.ts'],
		['plugins-import-agent-and-wire', 'src/lib/plugins/x/a.ts', 'src/lib/ui/b.ts'],
		['plugins-are-islands', 'src/lib/plugins/x/a.ts', 'src/lib/plugins/y/b.ts'],
		['ui-imports-wire-the-client-and-the-fold', 'src/lib/ui/a.ts', 'src/lib/agent/loop/b.ts'],
		['page-reaches-no-server', 'src/lib/ui/a.ts', 'src/lib/edge/b.ts'],
		['edge-imports-wire-and-agent', 'src/lib/edge/a.ts', 'src/lib/plugins/b.ts'],
		['routes-import-ui-or-edge', 'src/routes/+page.ts', 'src/lib/agent/b.ts']
	] as const) {
		test(`${from} → ${to} is caught`, async () => {
			const specifier = join('/', to).slice(1).replace(/\.ts$/, '');
			const up = '../'.repeat(from.split('/').length - 1);
			const broken = await brokenRules({
				[from]: `import { b } from '${up}${specifier}'; export const a = b;`,
				[to]: 'export const b = 1;'
			});
			expect(broken).toContain(rule);
		});
	}

	test('a cycle is caught', async () => {
		const broken = await brokenRules({
			'src/lib/wire/a.ts': "import { b } from './b'; export const a = () => b;",
			'src/lib/wire/b.ts': "import { a } from './a'; export const b = () => a;"
		});
		expect(broken).toContain('no-cycles');
	});
});

describe('server code in the client', () => {
	const sources = new Map([
		[
			'src/lib/edge/relay.ts',
			"import x from './some-module'; export const rule = `only for the ${x} operator`;"
		],
		['src/lib/wire/shared.ts', "export const shared = 'known on both sides';"],
		['src/lib/edge/uses.ts', "export const copy = 'known on both sides';"]
	]);

	test('what only the server says is a canary, what both sides say is none', () => {
		expect(serverStrings(sources)).toEqual(['only for the']);
	});

	test('a built file that says it is named', () => {
		const built = new Map([
			['worker.js', 'const q=`only for the ${e} operator`'],
			['page.js', 'const s="known on both sides"']
		]);
		expect(leaks(serverStrings(sources), built)).toEqual(['worker.js contains "only for the"']);
	});
});

describe('size budgets', () => {
	test('static imports count, dynamic ones and text do not', () => {
		const code = `import{a as b}from"./a.js";import"./b.js";export*from"./c.js";const x=()=>import("./d.js");const y='import "./e.js"';`;
		expect(staticImports(code)).toEqual(['./a.js', './b.js', './c.js']);
	});

	test('the nodes of / are its layouts and its leaf, in a group or not', () => {
		expect(nodesOfRoot('export const dictionary = {\n\t"/": [3,[2]],\n\t"/files": [4]\n}')).toEqual([
			0, 2, 3
		]);
		expect(nodesOfRoot('export const dictionary = {\n\t"/files": [4],\n\t"/(app)": [~5]\n}')).toEqual([0, 5]);
	});
});
