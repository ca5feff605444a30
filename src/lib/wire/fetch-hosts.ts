/**
 * Hosts that anybody may fetch through an unclaimed relay, and that the `web` plugin fetches without
 * asking. A host belongs here when reading it is useful to most people, it is https, and whoever asks
 * it for an address cannot thereby hand data to a third party (no host whose visitors can read its logs,
 * no URL shortener, no host that fetches for others).
 */

/** `*.example.org` is every name below example.org, not example.org itself. */
export const fetchHosts: readonly string[] = [
	'example.com',
	'example.org',
	'*.wikipedia.org',
	'*.wiktionary.org',
	'*.wikisource.org',
	'www.wikidata.org',
	'www.gutenberg.org',
	'plato.stanford.edu',
	'arxiv.org',
	'export.arxiv.org',
	'pubmed.ncbi.nlm.nih.gov',
	'www.nature.com',
	'developer.mozilla.org',
	'www.w3.org',
	'html.spec.whatwg.org',
	'fetch.spec.whatwg.org',
	'url.spec.whatwg.org',
	'www.rfc-editor.org',
	'datatracker.ietf.org',
	'www.unicode.org',
	'nodejs.org',
	'docs.python.org',
	'doc.rust-lang.org',
	'go.dev',
	'pkg.go.dev',
	'www.typescriptlang.org',
	'svelte.dev',
	'react.dev',
	'vuejs.org',
	'vite.dev',
	'developers.cloudflare.com',
	'docs.github.com',
	'github.com',
	'raw.githubusercontent.com',
	'registry.npmjs.org',
	'pypi.org',
	'docs.rs',
	'crates.io',
	'stackoverflow.com',
	'news.ycombinator.com',
	'docs.anthropic.com',
	'platform.openai.com',
	'ai.google.dev',
	'api.open-meteo.com',
	'www.ecb.europa.eu'
];

/** `host` as `new URL(…).hostname` gives it. */
export function isFetchHost(host: string): boolean {
	return fetchHosts.some((entry) =>
		entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : host === entry
	);
}
