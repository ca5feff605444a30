// Size budgets: the JavaScript of a first load, gzip, from the built client. `node scripts/size.mjs` prints the parts.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

const client = '.svelte-kit/output/client';
const generated = '.svelte-kit/generated/client-optimized';

/** kB (1,000 bytes), gzip -9; performance.md's P10. */
const budgets = { page: 60, worker: 80, share: 40 };

/**
 * What a module imports before it runs. Bundles are minified ES modules, whose static imports stand
 * at the start of a statement; `import(…)` is not one of them.
 * @param {string} code
 */
export function staticImports(code) {
	const pattern = /(?:^|[;}\n])\s*(?:import|export)\s*(?:[\w$*{][^;"'()]*?from\s*)?["']([^"']+)["']/g;
	return [...code.matchAll(pattern)].map((match) => match[1] ?? '');
}

/** @param {readonly string[]} entries @returns {Set<string>} files below `client` */
function closure(entries) {
	const found = new Set(entries);
	for (const file of found) {
		for (const specifier of staticImports(readFileSync(join(client, file), 'utf8'))) {
			if (specifier.startsWith('.')) found.add(posix.join(dirname(file), specifier));
		}
	}
	return found;
}

/** The modules that SvelteKit loads for `/`: its start, the app, and the nodes of the page and its layouts. */
function pageEntries() {
	const manifest = JSON.parse(readFileSync(join(client, '.vite/manifest.json'), 'utf8'));
	const fileOf = (/** @type {string} */ ending) => {
		const key = Object.keys(manifest).find((name) => name.endsWith(ending));
		if (!key) throw new Error(`the built client has no ${ending}`);
		return manifest[key].file;
	};
	const nodes = nodesOfRoot(readFileSync(`${generated}/app.js`, 'utf8'));
	const first = [
		fileOf('kit/src/runtime/client/entry.js'),
		fileOf('client-optimized/app.js'),
		...nodes.map((node) => fileOf(`client-optimized/nodes/${node}.js`))
	];
	// The transcript loads while the worker starts: no part of what is waited for, but of every conversation.
	const feed = Object.keys(manifest).find((name) => name.endsWith('ui/transcript/Feed.svelte'));
	return { first, conversation: feed ? [...first, manifest[feed].file] : first };
}

/**
 * From SvelteKit's `dictionary` of routes (`"/(group)": [leaf,[layouts],[errors]]`), the nodes of `/`:
 * root layout 0 and, of the route, layouts and leaf.
 * @param {string} app
 */
export function nodesOfRoot(app) {
	const routes = app.slice(app.indexOf('dictionary'));
	for (const [, route, leaf, layouts] of routes.matchAll(/"(\/[^"]*)": \[(~?-?\d+)(?:,\[([\d,]*)\])?/g)) {
		const path = (route ?? '').replaceAll(/\/\([^)]*\)/g, '') || '/';
		if (path !== '/') continue;
		const node = Number(leaf?.replace('~', ''));
		// A negative index is how SvelteKit marks a page with server data.
		return [0, ...(layouts ?? '').split(',').filter(Boolean).map(Number), node < 0 ? ~node : node];
	}
	throw new Error('the built client has no route /');
}

function workerEntry() {
	const folder = join(client, '_app/immutable/workers');
	const name = existsSync(folder) && readdirSync(folder).find((file) => /^agent\.worker.*\.js$/.test(file));
	return name ? [posix.join('_app/immutable/workers', name)] : [];
}

function weigh(/** @type {Iterable<string>} */ files) {
	const parts = [...files].map((file) => ({
		file,
		bytes: gzipSync(readFileSync(join(client, file)), { level: 9 }).length
	}));
	parts.sort((a, b) => b.bytes - a.bytes);
	return { parts, kB: parts.reduce((sum, part) => sum + part.bytes, 0) / 1000 };
}

export function measure() {
	const { first, conversation } = pageEntries();
	return {
		page: weigh(closure(first)),
		worker: weigh(closure(workerEntry())),
		conversation: weigh(closure(conversation)),
		/** A document of its own, with no part of the app. */
		share: weigh(closure(['_share/page.js']))
	};
}

/** @type {import('./steps.mjs').Step} */
export const sizeStep = {
	name: 'size budgets',
	run: async () => {
		const sizes = measure();
		const lines = [
			`size: page, first load ${sizes.page.kB.toFixed(1)} of ${budgets.page} kB gzip`,
			`size: agent worker ${sizes.worker.kB.toFixed(1)} of ${budgets.worker} kB gzip`,
			`size: page of a share link ${sizes.share.kB.toFixed(1)} of ${budgets.share} kB gzip`
		];
		if (sizes.worker.parts.length === 0) return { ok: false, output: 'the built client has no agent worker' };
		return {
			ok:
				sizes.page.kB <= budgets.page && sizes.worker.kB <= budgets.worker && sizes.share.kB <= budgets.share,
			output: lines.join('\n')
		};
	}
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
	for (const [what, { parts, kB }] of Object.entries(measure())) {
		console.log(`${what}: ${kB.toFixed(1)} kB gzip`);
		for (const { file, bytes } of parts)
			console.log(`  ${(bytes / 1000).toFixed(1).padStart(6)}  ${basename(file)}`);
	}
}
