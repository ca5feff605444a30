import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig, type Plugin } from 'vite';

/**
 * One language so far: each message asks for the locale and throws the answer away. The text alone takes
 * half the room in the first load. Take this out with the second language.
 */
function onlyLanguage(): Plugin {
	return {
		name: 'wherry:only-language',
		apply: 'build',
		transform: {
			filter: { id: /\/paraglide\/messages\/.+\.js$/ },
			handler: (code) =>
				code
					.replace(/^import \{[^}]*\} from '\.\.\/runtime\.js';$/m, '')
					.replace(/^export const (\w+) = [\s\S]*$/m, 'export { en_$1 as $1 };')
		}
	};
}

export default defineConfig({
	plugins: [
		// Messages become functions at build time; src/lib/paraglide is generated and never committed.
		paraglideVitePlugin({
			project: './project.inlang',
			outdir: './src/lib/paraglide',
			strategy: ['baseLocale'],
			emitReadme: false
		}),
		onlyLanguage(),
		sveltekit()
	],
	worker: { format: 'es' },
	optimizeDeps: { include: ['dexie', 'comlink'] }
});
