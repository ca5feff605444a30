/**
 * A pairing code as a link, which a picture holds: another device's camera opens it. What stands behind `#pair:` lets
 * a device in, so it leaves the address bar before anything else is done.
 */

import { panels } from './panels.svelte';

const given = '#pair:';

/** @param short the code as one word */
export const pairLink = (origin: string, short: string): string =>
	`${origin}/settings${given}${encodeURIComponent(short)}`;

export function receivePairing(): void {
	const { hash, pathname, search } = location;
	if (!hash.startsWith(given)) return;
	history.replaceState(history.state, '', pathname + search);
	try {
		panels.pair = decodeURIComponent(hash.slice(given.length, 400));
	} catch {
		// No text: then it is no code either.
	}
}
