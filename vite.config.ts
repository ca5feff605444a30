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

/**
 * Of marked, the worker uses the lexer: tokens travel to the page, HTML is never made. Its package is one
 * file that makes a parser on import, so that no tree shaking gets rid of the rest (3 kB gzip). A marked
 * that is put together in another way stays as it is; the size budget tells.
 */
function onlyLexer(): Plugin {
	return {
		name: 'wherry:only-lexer',
		apply: 'build',
		transform: {
			filter: { id: /\/marked\.esm\.js$/ },
			handler(code) {
				const renderer = code.search(/var \w+=class\{options;parser;constructor/);
				const names = /export\{([^}]*)\};/.exec(code)?.[1]?.split(',');
				if (renderer < 0 || names === undefined) return code;
				const used = names.filter((name) => / as (?:Lexer|Tokenizer|getDefaults)$/.test(name));
				return `${code.slice(0, renderer)}export{${used.join(',')}};`;
			}
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
	worker: { format: 'es', plugins: () => [onlyLexer()] },
	optimizeDeps: { include: ['dexie', 'comlink'] }
});
