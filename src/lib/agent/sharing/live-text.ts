/**
 * How much of an answer that is still being written may leave: what nothing to come can turn into a secret, or into
 * something that was not chosen to be shared. Pure. The rest follows when it is safe, at the latest with the entry.
 *
 * Every key that the scan knows is one run of letters, digits and `_ . - + / = % ~`, so a run that has not ended waits,
 * and so does what may be the beginning of a key of the sharer's own. A block that begins like a private key waits for
 * its entry, a user's name in an address for what follows it, and so does a fence of actions, which may be hidden.
 */

import type { Mask } from './mask';
import { actionFence } from './redact';

/** Also of base64 and of an address: there is no harm in waiting for those. */
const inRun = /[\w.\-+/=%~]/;
/** A fence whose first line is not whole yet. */
const begunFence = /(?:^|\n)[ \t]*(?:`{3,}|~{3,})[ \t]*[\w-]*$/;
const begunAddress = /:\/\/[^\s/@]{0,310}$/;

export function safeText(text: string, mask: Mask): string {
	const starts = [actionFence, begunFence, begunAddress].map((begun) => text.search(begun));
	let end = Math.min(text.length, ...[text.indexOf('-----BEGIN'), ...starts].filter((at) => at >= 0));
	for (let before = -1; end !== before;) {
		before = end;
		// What follows says whether the last run has ended; nobody knows yet what follows the end.
		if (inRun.test(text[end] ?? '-')) while (end > 0 && inRun.test(text[end - 1] ?? '')) end--;
		end = mask.settled(text.slice(0, end));
	}
	return mask.text(text.slice(0, end));
}
