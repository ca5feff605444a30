/**
 * Links in what others may have written are read before they are followed: an address is the one
 * thing there that can carry something away with a single tap.
 */

/** Hosts that the person has chosen to open, until the page is closed. */
const opened = new Set<string>();
/** An address on a known host that carries more than this may carry more than the way. */
const longestQuery = 24;

export function markOpened(href: string): void {
	opened.add(hostOf(href));
}

/** The address that this click must not follow yet; nothing where it may. */
export function heldLink(target: EventTarget | null): string | undefined {
	const link = target instanceof Element ? target.closest('a[target="_blank"]') : null;
	if (!(link instanceof HTMLAnchorElement) || link.closest('[data-untrusted]') === null) return undefined;
	return mustAsk(link.href, opened) ? link.href : undefined;
}

export function mustAsk(href: string, hosts: ReadonlySet<string>): boolean {
	const url = URL.parse(href);
	if (url === null) return true;
	return !hosts.has(hostOf(href)) || url.search.length + url.hash.length > longestQuery;
}

/** Where it leads, in words: its host, its path and each thing that it says, decoded. */
export function readAddress(href: string): {
	readonly host: string;
	readonly path: string;
	readonly said: readonly (readonly [string, string])[];
} {
	const url = URL.parse(href);
	if (url === null) return { host: href, path: '', said: [] };
	const said = [...url.searchParams].map(([name, value]) => [name, value] as const);
	const hash = decoded(url.hash.slice(1));
	return {
		host: hostOf(href),
		path: url.protocol === 'mailto:' || url.pathname === '/' ? '' : decoded(url.pathname),
		said: hash === '' ? said : [...said, ['#', hash] as const]
	};
}

function hostOf(href: string): string {
	const url = URL.parse(href);
	if (url === null) return href;
	return url.protocol === 'mailto:' ? decoded(url.pathname) : url.host;
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
