/**
 * The first thing that runs on a shared page: takes the address with its key, and takes the key out of the bar.
 * It stays in this tab's history entry, which no server sees, so that a reload opens the page again.
 */

const key = 'wherry:share';

function take(): string {
	const { hash, href, origin, pathname } = location;
	const state: unknown = history.state;
	if (hash.length > 1) {
		history.replaceState({ [key]: href }, '', pathname);
		return href;
	}
	const kept: unknown = typeof state === 'object' && state !== null ? Reflect.get(state, key) : undefined;
	return typeof kept === 'string' ? kept : origin + pathname;
}

export const address = take();
