// Rules that we care about fail CI; taste is prettier's. Typed rules, so each file is linted with its own fence's tsconfig.
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const agent = [
	'src/lib/wire/**/*.ts',
	'src/lib/agent/**/*.ts',
	'src/lib/plugins/**/*.ts',
	'src/workers/agent.worker.ts'
];
const edge = [
	'src/lib/edge/**/*.ts',
	'src/hooks.server.ts',
	'src/routes/**/+server.ts',
	'src/routes/**/*.server.ts',
	'src/workers/edge.ts'
];
const tests = ['**/*.test.ts', 'tests/**/*.ts', '*.config.ts'];
const svelteModules = ['**/*.svelte', '**/*.svelte.ts'];

/** Off the type-checker's leash: a way out that no port decides on. */
const waysOut = ['fetch', 'WebSocket', 'XMLHttpRequest', 'EventSource', 'importScripts'];
const storages = ['indexedDB', 'caches', 'localStorage', 'sessionStorage'];
const bannedGlobals = (/** @type {string[]} */ names, /** @type {string} */ message) => ({
	'no-restricted-globals': ['error', ...names.map((name) => ({ name, message }))],
	'no-restricted-properties': [
		'error',
		...['globalThis', 'self'].flatMap((object) => names.map((property) => ({ object, property, message })))
	]
});

const typedRules = {
	'@typescript-eslint/no-floating-promises': 'error',
	'@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
	'@typescript-eslint/await-thenable': 'error',
	'@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
	'@typescript-eslint/only-throw-error': 'error'
};
const rules = {
	'@typescript-eslint/no-explicit-any': 'error',
	'@typescript-eslint/no-non-null-assertion': 'error',
	// `as const` stays allowed: it says nothing that is not true.
	'@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
	'@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
	'@typescript-eslint/ban-ts-comment': 'error',
	'@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
	'no-console': 'error',
	'no-eval': 'error',
	'no-implied-eval': 'error',
	'no-new-func': 'error',
	'no-var': 'error',
	'prefer-const': 'error',
	eqeqeq: 'error'
};

const onlyGateMakesTokens = {
	group: ['**/policy/token'],
	importNames: ['issueToken'],
	message: 'Dispatch accepts nothing but a decision token, and only the gate makes one.'
};
const errorsAreSpoken = {
	group: ['**/wire/errors'],
	importNames: ['errorTable'],
	message: 'A built worker has only the sentences of this table (vite.config.ts).'
};

/** One block per fence. */
const fence = (
	/** @type {string} */ project,
	/** @type {string[]} */ files,
	/** @type {string[]} */ ignores = []
) => ({
	files,
	ignores,
	languageOptions: {
		parser: tseslint.parser,
		parserOptions: { project, tsconfigRootDir: import.meta.dirname, extraFileExtensions: ['.svelte'] }
	},
	rules: { ...rules, ...typedRules }
});

export default tseslint.config(
	{
		ignores: [
			// Built by the bench alone, with the peers' own packages.
			'tests/bench/**/*.svelte',
			'.svelte-kit/**',
			'.wrangler/**',
			'node_modules/**',
			'test-results/**',
			'playwright-report/**',
			'src/lib/paraglide/**',
			'**/*.d.ts'
		]
	},
	{ linterOptions: { reportUnusedDisableDirectives: 'error' } },
	{ plugins: { '@typescript-eslint': tseslint.plugin } },
	...svelte.configs.base,

	fence('tsconfig.json', ['src/**/*.ts'], [...agent, ...edge, ...tests, 'src/service-worker.ts']),
	fence('tsconfig.agent.json', agent, tests),
	fence('tsconfig.edge.json', edge, tests),
	fence('tsconfig.test.json', tests, ['tests/edge/**', 'tests/bench/**']),
	fence('tsconfig.edge-test.json', ['tests/edge/**/*.ts']),

	{
		files: ['tests/bench/**/*.ts', 'src/service-worker.ts'],
		languageOptions: { parser: tseslint.parser },
		rules
	},
	{
		files: svelteModules,
		languageOptions: {
			parserOptions: {
				parser: tseslint.parser,
				project: 'tsconfig.json',
				tsconfigRootDir: import.meta.dirname,
				extraFileExtensions: ['.svelte'],
				svelteConfig
			}
		},
		rules: { ...rules, ...typedRules }
	},
	{
		files: ['**/*.svelte'],
		rules: {
			// Model output, mail and pages are hostile: content comes as data and is drawn by components.
			'svelte/no-at-html-tags': 'error',
			'svelte/no-target-blank': 'error',
			'svelte/no-at-debug-tags': 'error',
			'svelte/no-unused-svelte-ignore': 'error',
			// Runes: props and state are `let` by their nature.
			'prefer-const': 'off'
		}
	},

	{
		files: ['src/**/*.ts', 'src/**/*.svelte'],
		ignores: ['src/lib/agent/policy/**', ...tests],
		rules: { 'no-restricted-imports': ['error', { patterns: [onlyGateMakesTokens] }] }
	},
	{
		files: agent,
		ignores: ['src/lib/agent/policy/**', ...tests],
		rules: { 'no-restricted-imports': ['error', { patterns: [onlyGateMakesTokens, errorsAreSpoken] }] }
	},
	{
		files: ['src/lib/agent/**/*.ts'],
		ignores: [...tests, 'src/lib/agent/storage/**'],
		rules: bannedGlobals([...waysOut, ...storages], 'The agent reaches the world through its ports.')
	},
	{
		files: ['src/lib/plugins/**/*.ts'],
		ignores: tests,
		rules: bannedGlobals([...waysOut, ...storages], 'A plugin reaches only what its context hands it.')
	},
	{
		// Fakes stand in for whole ports with a part of them, and a failed assertion is a fine answer to a wrong guess.
		files: tests,
		rules: {
			'@typescript-eslint/consistent-type-assertions': 'off',
			'@typescript-eslint/no-non-null-assertion': 'off',
			'no-console': 'off'
		}
	},
	{
		files: ['scripts/**/*.mjs', 'tests/**/*.mjs', '*.config.js', '.dependency-cruiser.cjs'],
		languageOptions: { globals: globals.node },
		rules: { 'no-undef': 'error', 'no-unused-vars': 'error', 'prefer-const': 'error', eqeqeq: 'error' }
	}
);
