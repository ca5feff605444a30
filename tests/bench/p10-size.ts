/**
 * P10: the JavaScript of a first load, gzip, from the build that is there (`npm run build` makes it), and what
 * SvelteKit and Svelte themselves take: an app that has one page saying hello, built here.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { measure } from '../../scripts/size.mjs';
import type { Line } from './measure';

/** Measured once, as performance.md has it: chat-ui needs a database to build. */
const chatUi = 313;

export function bench(): Line[] {
	const root = process.cwd();
	const { page, worker, conversation } = measure();
	for (const [what, { parts, kB }] of Object.entries({ page, 'agent worker': worker })) {
		console.log(`      ${what}: ${kB.toFixed(1)} kB gzip in ${String(parts.length)} files`);
		for (const { file, bytes } of parts.filter((part) => part.bytes >= 1000)) {
			console.log(`      ${(bytes / 1000).toFixed(1).padStart(7)}  ${basename(file)}`);
		}
	}
	const floor = minimalKit(root);
	process.chdir(root);
	const line = (what: string, ours: number, other: Line['other'], goal?: number): Line => {
		const ratio = ours / other.value;
		return {
			id: 'P10',
			what,
			ours,
			other,
			unit: 'kB gzip',
			ratio: [ratio, ratio, ratio],
			...(goal === undefined ? {} : { goal: { is: 'at most', value: goal } as const })
		};
	};
	return [
		line('page, first load', page.kB, { name: 'budget', value: 60 }, 1),
		line('page, first load', page.kB, { name: 'chat-ui', value: chatUi }, 1 / 5),
		...(floor === undefined
			? []
			: [line('page, first load', page.kB, { name: 'minimal Kit', value: floor }, 2)]),
		line('page and transcript, which loads beside the worker', conversation.kB, {
			name: 'chat-ui',
			value: chatUi
		}),
		line('agent worker', worker.kB, { name: 'budget', value: 80 }, 1)
	];
}

function minimalKit(root: string): number | undefined {
	const folder = join(root, 'tests/bench/node_modules/.bench/minimal-kit');
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(join(folder, 'src/routes'), { recursive: true });
	symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
	const files = {
		'package.json': '{"name":"minimal-kit","private":true,"type":"module"}',
		'vite.config.js':
			"import { sveltekit } from '@sveltejs/kit/vite';\nexport default { plugins: [sveltekit()], logLevel: 'silent' };",
		'svelte.config.js': 'export default {};',
		'src/app.html': '<!doctype html><html><head>%sveltekit.head%</head><body>%sveltekit.body%</body></html>',
		'src/routes/+page.svelte':
			'<script>let n = $state(0);</script><button onclick={() => n++}>hello {n}</button>'
	};
	for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
	try {
		execFileSync(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build'], {
			cwd: folder,
			stdio: 'pipe'
		});
	} catch (thrown) {
		console.log(`      the minimal Kit app did not build: ${String(thrown).slice(0, 300)}`);
	}
	if (!existsSync(join(folder, '.svelte-kit/output/client/.vite/manifest.json'))) return undefined;
	process.chdir(folder);
	return measure().page.kB;
}
