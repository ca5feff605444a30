import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { sveltekit } from '@sveltejs/kit/vite';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin, type UserConfig } from 'vite';

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

/**
 * Of an error the worker says its id, its sentence and whether trying again helps; what to do next stands on the
 * page, and a status in an answer of the edge. ESLint keeps the table itself out of what the worker runs.
 */
function onlySpokenErrors(): Plugin {
	return {
		name: 'wherry:only-spoken-errors',
		apply: 'build',
		enforce: 'pre',
		transform: {
			filter: { id: /\/wire\/errors\.ts$/ },
			handler: (code) => code.replace(/\n\t\t(?:status: \d+,|next: '(?:[^'\\\n]|\\.)*'(?=\n))/g, '')
		}
	};
}

/** A shared page speaks of shares only; the table of errors would be a tenth of its script. */
function onlyShareErrors(): Plugin {
	return {
		name: 'wherry:only-share-errors',
		apply: 'build',
		enforce: 'pre',
		transform: {
			filter: { id: /\/wire\/errors\.ts$/ },
			handler: (code) =>
				code.replace(/\n\t'(?!share\/|internal\/unexpected)[a-z-]+\/[a-z-]+': \{\n(?:\t\t.*\n)+\t\},?/g, '')
		}
	};
}

/**
 * Lucide's component puts an icon together from data at run time, by spreading attributes over dynamic elements:
 * 3 kB gzip of a first load, and thirty effects for each message. The drawing is known, so each icon becomes
 * the markup that it would make; `size` and `aria-label` stay. A package in another form stays as it is.
 */
function drawnIcons(): Plugin {
	return {
		name: 'wherry:drawn-icons',
		apply: 'build',
		enforce: 'pre',
		transform: {
			filter: { id: /\/@lucide\/svelte\/dist\/icons\/[\w-]+\.svelte$/ },
			handler(code) {
				const data = /const iconData = (\{.*\});/.exec(code)?.[1];
				if (data === undefined) return code;
				const { node }: { node: [string, Record<string, string>][] } = JSON.parse(data);
				const shapes = node.map(([tag, attributes]) => {
					const pairs = Object.entries(attributes).map(([name, value]) => `${name}="${value}"`);
					return `<${tag} ${pairs.join(' ')} />`;
				});
				return [
					`<script>let { size = 24, 'aria-label': label } = $props();</script>`,
					`<svg xmlns="http://www.w3.org/2000/svg" width={size} height={size} viewBox="0 0 24 24" fill="none"`,
					` stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"`,
					` aria-label={label} aria-hidden={label === undefined ? 'true' : undefined}>${shapes.join('')}</svg>`
				].join('');
			}
		}
	};
}

/**
 * What every page and the conversation load, as one file: together they take a tenth less room than as the
 * thirty files that are cut by who imports what (gzip sees more at once), and one request.
 */
function oneFirstLoad(): Plugin {
	return {
		name: 'wherry:one-first-load',
		apply: 'build',
		applyToEnvironment: ({ name }) => name === 'client',
		outputOptions: (options) => ({
			...options,
			codeSplitting: {
				groups: [
					{
						name: 'first-load',
						test: /\/client\/entry\.js$|\/client-optimized\/app\.js$|\/routes\/(?:\(session\)\/)?\+layout\.svelte$/
					}
				]
			}
		})
	};
}

/**
 * The page behind a share link is a document of its own (`edge/share-document.server.ts`), with no SvelteKit in it:
 * one script under a name that stays, and what few of its readers need beside it.
 */
const sharePage: UserConfig = {
	plugins: [onlyLanguage(), onlyLexer(), onlyShareErrors(), drawnIcons(), svelte()],
	publicDir: false,
	base: '/_share/',
	build: {
		outDir: '.svelte-kit/output/client/_share',
		emptyOutDir: true,
		modulePreload: false,
		cssCodeSplit: false,
		assetsInlineLimit: 0,
		rolldownOptions: {
			input: 'src/workers/share-page.ts',
			output: {
				entryFileNames: 'page.js',
				chunkFileNames: '[name]-[hash].js',
				assetFileNames: ({ names }) =>
					names.some((name) => name.endsWith('.css')) ? 'page.css' : '[name]-[hash][extname]'
			}
		}
	}
};

const app: UserConfig = {
	plugins: [
		// Messages become functions at build time; src/lib/paraglide is generated and never committed.
		paraglideVitePlugin({
			project: './project.inlang',
			outdir: './src/lib/paraglide',
			strategy: ['baseLocale'],
			emitReadme: false
		}),
		onlyLanguage(),
		drawnIcons(),
		sveltekit(),
		oneFirstLoad()
	],
	worker: {
		format: 'es',
		plugins: () => [onlyLexer(), onlySpokenErrors()],
		rolldownOptions: {
			output: {
				// What the agent starts with is one file, too: see `oneFirstLoad`.
				codeSplitting: { groups: [{ name: 'agent', test: /\/workers\/agent\.worker\.ts$/ }] }
			}
		}
	},
	optimizeDeps: { include: ['dexie', 'comlink'] }
};

export default defineConfig(({ mode }) => (mode === 'share-page' ? sharePage : app));
