/**
 * Share links that come to this page: pasted, or handed over by a shared page behind `#share:`. What stands
 * there holds a key, so it leaves the address bar before anything else is done.
 */

import { panels } from './panels.svelte';

const shape = /^\s*https?:\/\/\S+\/share\/[\w-]{22}\/?#v1\.\S+\s*$/;
const handed = '#share:';

/** By its looks: the worker reads it whole. */
export const isShareLink = (text: string): boolean => text.length < 500 && shape.test(text);

export function receiveShare(): void {
	const { hash, pathname, search } = location;
	if (!hash.startsWith(handed)) return;
	history.replaceState(history.state, '', pathname + search);
	try {
		const link = decodeURIComponent(hash.slice(handed.length));
		if (isShareLink(link)) panels.receive = link.trim();
	} catch {
		// No text: then it is no link either.
	}
}
