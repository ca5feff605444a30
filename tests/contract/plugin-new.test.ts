import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);
let copy = '';

async function create(...ids: readonly string[]): Promise<string> {
	const { stdout } = await run(process.execPath, [join(copy, 'scripts', 'plugin-new.mjs'), ...ids]);
	return stdout;
}

beforeAll(async () => {
	copy = await mkdtemp(join(tmpdir(), 'wherry-plugin-new-'));
	const parts = [
		'src/lib/wire',
		'src/lib/agent',
		'src/lib/plugins',
		'tests/contract',
		'tests/fakes',
		'scripts',
		'package.json',
		'vitest.config.ts'
	];
	for (const part of parts) await cp(join(root, part), join(copy, part), { recursive: true });
	await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(async () => {
	await rm(copy, { recursive: true, force: true });
});

describe('npm run plugin:new', () => {
	it('OT-07 makes a plugin whose test passes, and enters it in the catalog', async () => {
		expect(await create('my-id')).toContain('src/lib/plugins/my-id/plugin.test.ts');
		await create('another1');
		const index = await readFile(join(copy, 'src/lib/plugins/index.ts'), 'utf8');
		expect(index).toContain(
			"import myIdPlugin from './my-id/plugin';\nimport another1Plugin from './another1/plugin';\n"
		);
		expect(index.replaceAll(/\s+/g, ' ')).toMatch(/\[ ?clock, .*, myIdPlugin, another1Plugin ?\];/);
		const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
		const { stdout } = await run(
			process.execPath,
			[vitest, 'run', 'src/lib/plugins/my-id', 'src/lib/plugins/another1'],
			{ cwd: copy }
		);
		expect(stdout).toMatch(/Test Files.*2 passed/);
	});

	it('refuses what is there already, and ids that are none', async () => {
		for (const bad of [['clock'], ['My-Id'], ['../up'], ['a--b'], ['1st'], [], ['a', 'b']]) {
			await expect(create(...bad), bad.join(' ')).rejects.toMatchObject({ code: 1 });
		}
	});
});
