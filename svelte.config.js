import { createHash } from 'node:crypto';
import adapter from '@sveltejs/adapter-cloudflare';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @param {string} style */
const styleHash = (style) =>
	/** @type {const} */ (`sha256-${createHash('sha256').update(style).digest('base64')}`);

// The two style attributes that are not ours: SvelteKit's route announcer and the body wrapper of app.html.
const announcerStyle =
	'position: absolute; left: 0; top: 0; clip: rect(0 0 0 0); clip-path: inset(50%); overflow: hidden; white-space: nowrap; width: 1px; height: 1px';
const bodyStyle = 'display: contents';

/** @type {import('@sveltejs/kit').Config} */
export default {
	preprocess: vitePreprocess(),
	kit: {
		// The adapter overwrites whatever `main` its config names; the real Worker's entry is
		// src/workers/edge.ts, named by wrangler.toml.
		adapter: adapter({ config: 'wrangler.kit.toml' }),
		serviceWorker: { register: false },
		// The page. The agent worker has its own policy (`_headers`), data has another (security-headers.ts).
		csp: {
			mode: 'nonce',
			directives: {
				'default-src': ['none'],
				'script-src': ['self'],
				'style-src': ['self'],
				'style-src-attr': ['unsafe-hashes', styleHash(announcerStyle), styleHash(bodyStyle)],
				'img-src': ['self', 'data:', 'blob:'],
				'media-src': ['blob:'],
				'font-src': ['self'],
				'connect-src': ['self'],
				'worker-src': ['self'],
				'manifest-src': ['self'],
				'frame-src': ['none'],
				'object-src': ['none'],
				'form-action': ['none'],
				'base-uri': ['none'],
				'frame-ancestors': ['none'],
				'require-trusted-types-for': ['script'],
				// `wherry`: the page's own, for the worker's address. `svelte-trusted-html`: Svelte's templates.
				'trusted-types': ['wherry', 'svelte-trusted-html']
			}
		}
	}
};
