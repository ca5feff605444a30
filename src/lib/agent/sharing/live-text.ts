/**
 * How much of an answer that is still being written may leave: what nothing to come can turn into a secret, or into
 * something that was not chosen to be shared. Pure. The rest follows when it is safe, at the latest with the entry.
 *
 * Every key that the scan knows is one run of letters, digits and `_ . -`, so a run that has not ended waits. A block
 * that begins like a private key waits for its entry, and so does a fence of actions, whose content may be hidden.
 */

import type { Mask } from './mask';

/** Also of base64: there is no harm in waiting for those. */
const inRun = /[\w.\-+/=]/;
/** The second half: a fence whose first line is not whole yet. */
const actions = /(?:^|\n)[ \t]*(?:`{3,}|~{3,})[ \t]*(?:(?:wherry-|open-think-)?action\b|[\w-]*$)/;

export function safeText(text: string, mask: Mask): string {
	const starts = [text.indexOf('-----BEGIN'), text.search(actions)].filter((at) => at >= 0);
	let end = Math.min(text.length, ...starts);
	// What follows says whether the last run has ended; nobody knows yet what follows the end.
	if (inRun.test(text[end] ?? '-')) while (end > 0 && inRun.test(text[end - 1] ?? '')) end--;
	return mask.text(text.slice(0, end));
}
