// Everything that judges the source without running it: format, lint, types, who imports whom.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { commandStep } from './steps.mjs';
import { run } from './run.mjs';

const edgeTypes = '.svelte-kit/worker-configuration.d.ts';

/** As vite.config.ts asks for it, so that a check and a build leave the same files. */
const compileMessages = [
	'compile',
	'--project=./project.inlang',
	'--outdir=./src/lib/paraglide',
	'--strategy=baseLocale',
	'--no-emit-readme'
];

/** What the type checks need to exist: messages, SvelteKit's `$types`, Cloudflare's types as of our compatibility date. */
export const prepare = {
	name: 'generated types',
	run: async () => {
		const messages = await run('paraglide-js', compileMessages, { capture: true });
		if (messages.code !== 0) return { ok: false, output: messages.output };
		// A plugin that is not found compiles to nothing, without an error.
		const words = Object.keys(JSON.parse(readFileSync('messages/en.json', 'utf8'))).filter(
			(key) => key !== '$schema'
		);
		const missing = words.filter((word) => !existsSync(`src/lib/paraglide/messages/${word}.js`));
		if (missing.length > 0)
			return { ok: false, output: `Messages were not compiled: ${missing.slice(0, 5).join(', ')}` };
		const kit = await run('svelte-kit', ['sync'], { capture: true });
		if (kit.code !== 0) return { ok: false, output: kit.output };
		const isFresh = existsSync(edgeTypes) && statSync(edgeTypes).mtimeMs > statSync('wrangler.toml').mtimeMs;
		if (isFresh) return { ok: true, output: '' };
		const edge = await run('wrangler', ['types', '--include-env=false', edgeTypes], { capture: true });
		return { ok: edge.code === 0, output: edge.output };
	}
};

const tsc = (/** @type {string} */ name, /** @type {string} */ project) =>
	commandStep(`types: ${name}`, 'tsc', [
		'--project',
		project,
		'--noEmit',
		'--incremental',
		'--tsBuildInfoFile',
		`node_modules/.cache/tsc/${project.replaceAll('/', '-')}.tsbuildinfo`
	]);

/** The longest first, so that two lanes end together. */
export const staticChecks = [
	commandStep('lint', 'eslint', [
		'.',
		'--cache',
		'--cache-location',
		'node_modules/.cache/eslint/',
		'--max-warnings=0'
	]),
	commandStep('types: page', 'svelte-check', [
		'--tsconfig',
		'./tsconfig.json',
		'--output',
		'human',
		'--fail-on-warnings'
	]),
	tsc('agent, no DOM', 'tsconfig.agent.json'),
	tsc('edge', 'tsconfig.edge.json'),
	tsc('tests', 'tsconfig.test.json'),
	tsc('tests of the edge', 'tsconfig.edge-test.json'),
	...(existsSync('tests/bench/node_modules') ? [tsc('benchmarks', 'tests/bench/tsconfig.json')] : []),
	commandStep('imports', 'depcruise', [
		'src',
		'tests',
		'--config',
		'.dependency-cruiser.cjs',
		'--output-type',
		'err'
	]),
	commandStep('format', 'prettier', [
		'--check',
		'--log-level=warn',
		'--cache',
		'--cache-location',
		'node_modules/.cache/prettier/.prettier-cache',
		'.'
	])
];
