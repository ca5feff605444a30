import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

export default defineConfig({
	plugins: [
		// Messages become functions at build time; src/lib/paraglide is generated and never committed.
		paraglideVitePlugin({
			project: './project.inlang',
			outdir: './src/lib/paraglide',
			strategy: ['baseLocale'],
			emitReadme: false
		}),
		sveltekit()
	],
	worker: { format: 'es' },
	optimizeDeps: { include: ['dexie', 'comlink'] }
});
