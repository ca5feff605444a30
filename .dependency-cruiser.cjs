// Who may import whom; the picture is in ARCHITECTURE.md. `reachable` rules follow imports to the end, which
// only this tool can do, and the first of them is a security control: SvelteKit's server-only guard does not
// run on worker bundles.

const wire = '^src/lib/wire/';
const agent = '^src/lib/agent/';
const plugins = '^src/lib/plugins/';
/** The contract between a plugin and its host: knows wire alone, and both sides know it. */
const pluginContract = '^src/lib/plugins/plugin\\.ts$';
const edge = '^src/lib/edge/';
const ui = '^src/lib/ui/';
const workers = '^src/workers/';
const test = '\\.test\\.ts$|^tests/';
const server = '\\.server\\.ts$|/\\+server\\.ts$';
/** What a bundler makes of messages/: text, imported by whoever shows text. */
const messages = '^src/lib/paraglide/';

/** `from` may import of our own code nothing but `allowed`. */
const only = (name, from, allowed, comment) => ({
	name,
	comment,
	severity: 'error',
	from: { path: from, pathNot: test },
	to: { path: '^(src|tests|scripts)/', pathNot: [from, ...allowed] }
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
	forbidden: [
		{
			name: 'agent-worker-reaches-no-server-and-no-page',
			comment:
				'What the agent worker reaches, directly or not, ships to every visitor and runs without a DOM.',
			severity: 'error',
			from: { path: '^src/workers/agent\\.worker\\.ts$' },
			to: {
				path: [edge, ui, '\\.svelte$', '\\.svelte\\.ts$', '^src/routes/', server, '^src/workers/edge\\.ts$'],
				reachable: true
			}
		},
		{
			name: 'page-reaches-no-server',
			comment: 'Pages and components ship to every visitor.',
			severity: 'error',
			from: { path: [ui, '\\.svelte$', '^src/routes/.*\\+(page|layout)\\.ts$', '^src/service-worker\\.ts$'] },
			to: { path: [edge, server, '^src/workers/edge\\.ts$'], reachable: true }
		},
		only('wire-imports-nothing-of-ours', wire, [], 'wire is what every side understands.'),
		{
			name: 'wire-imports-zod-mini-only',
			severity: 'error',
			from: { path: wire, pathNot: test },
			to: { dependencyTypesNot: ['local'], pathNot: ['^src/', 'node_modules/zod/mini/'] }
		},
		only('agent-imports-wire', agent, [wire, pluginContract], 'The agent is portable.'),
		only('the-plugin-contract-imports-wire', pluginContract, [wire], 'It is the whole surface of a plugin.'),
		{
			name: 'only-skills-and-commands-know-the-plugin-contract',
			severity: 'error',
			from: { path: agent, pathNot: ['^src/lib/agent/(skills|commands)/', test] },
			to: { path: pluginContract }
		},
		only(
			'plugins-import-agent-and-wire',
			plugins,
			[wire, agent],
			'A plugin knows the agent, never a page or the edge.'
		),
		{
			name: 'plugins-are-islands',
			severity: 'error',
			from: { path: `${plugins}([^/]+)/`, pathNot: test },
			to: { path: `${plugins}[^/]+/`, pathNot: `${plugins}$1/` }
		},
		only(
			'ui-imports-wire-the-client-and-the-fold',
			ui,
			[wire, '^src/workers/agent-(client|spawn)\\.ts$', '^src/lib/agent/sessions/fold\\.ts$', messages],
			'The page sends commands and folds events.'
		),
		only('edge-imports-wire-and-agent', edge, [wire, agent], 'The edge lends what a tab cannot have.'),
		only(
			'routes-import-ui-or-edge',
			'^src/routes/',
			[ui, edge, wire, messages, '^src/app\\.'],
			'Routes are a few lines each.'
		),
		{
			name: 'a-route-is-page-or-edge',
			severity: 'error',
			from: { path: '^src/routes/.*\\.svelte$' },
			to: { path: edge }
		},
		{
			name: 'only-workers-import-plugins',
			comment: 'Composition roots alone know which plugins there are.',
			severity: 'error',
			from: { path: '^src/', pathNot: [workers, plugins, test] },
			to: { path: plugins, pathNot: pluginContract }
		},
		{
			name: 'only-plugins-index-is-imported',
			comment: 'A composition root takes the list, not single plugins.',
			severity: 'error',
			from: { path: workers },
			to: { path: `${plugins}[^/]+/` }
		},
		{
			name: 'only-storage-knows-dexie',
			severity: 'error',
			from: { path: '^src/', pathNot: '^src/lib/agent/storage/' },
			to: { path: 'node_modules/dexie/' }
		},
		{
			name: 'shipped-code-uses-zod-mini',
			comment: 'Plain zod is 91 kB gzip, mini 5.',
			severity: 'error',
			from: { path: '^src/', pathNot: test },
			to: { path: 'node_modules/zod/', pathNot: 'node_modules/zod/mini/' }
		},
		{
			name: 'shipped-code-imports-no-development-dependency',
			severity: 'error',
			from: { path: '^src/', pathNot: test },
			to: {
				dependencyTypes: ['npm-dev'],
				// Compiled into the bundle, so that nothing of them is needed later.
				pathNot: ['node_modules/(svelte|@sveltejs/kit|@lucide/svelte)/', 'node_modules/@types/']
			}
		},
		{
			name: 'no-test-in-shipped-code',
			severity: 'error',
			from: { path: '^src/', pathNot: test },
			to: { path: test }
		},
		{
			name: 'no-cycles',
			comment: 'Markdown is a tree, and the components that draw it are one too.',
			severity: 'error',
			from: { pathNot: '^src/lib/ui/markdown/[A-Z][A-Za-z]+\\.svelte$' },
			to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }
		},
		{
			name: 'no-orphans',
			comment: 'What nobody imports is an entry, or dead.',
			severity: 'error',
			from: {
				orphan: true,
				pathNot: [
					test,
					'\\.d\\.ts$',
					'^src/routes/',
					workers,
					'^src/hooks',
					'^src/service-worker\\.ts$',
					'^scripts/',
					messages
				]
			},
			to: {}
		},
		{
			name: 'everything-resolves',
			severity: 'error',
			from: {},
			to: {
				couldNotResolve: true,
				pathNot: ['^(\\$|cloudflare:|virtual:|\\./\\$types|#kit)', '\\?worker', '\\?url']
			}
		}
	],
	options: {
		doNotFollow: { path: 'node_modules' },
		exclude: { path: ['^\\.svelte-kit/', '^tests/bench/'] },
		// An import of a type is a dependency on knowledge, and counts.
		tsPreCompilationDeps: true,
		tsConfig: { fileName: 'tsconfig.json' },
		enhancedResolveOptions: {
			exportsFields: ['exports'],
			conditionNames: ['svelte', 'browser', 'import', 'types', 'default'],
			mainFields: ['module', 'main', 'types']
		},
		cache: { folder: 'node_modules/.cache/dependency-cruiser', strategy: 'content' },
		skipAnalysisNotInRules: true
	}
};
