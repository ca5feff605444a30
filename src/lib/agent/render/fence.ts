/**
 * A code fence that is still open: new lines are added to it without reading what came before again.
 * Only fences at the left margin; all others take the ordinary way.
 */

import type { Block } from '../../wire/blocks';
import { codeLang } from './markdown';
import { visible } from './visible';

export interface OpenFence {
	/** The fence with `text` added, or null once it is closed and the ordinary way must be taken. */
	push(text: string): Block | null;
}

/** The fence that `src` begins with, or null where there is none, or where it is closed already. */
export function openFence(src: string): OpenFence | null {
	const opening = /^(`{3,}(?=[^`\n]*\n)|~{3,})([^\n]*)\n/.exec(src);
	const marks = opening?.[1];
	if (opening === null || marks === undefined) return null;
	const lang = codeLang((opening[2] ?? '').replace(/\\([!-/:-@[-`{-~])/g, '$1'));
	const closing = new RegExp(`^ {0,3}${marks}${marks[0]}* *$`);
	/** Complete lines, each with its break; and the line being written. */
	let lines = '';
	let line = '';

	function push(text: string): Block | null {
		const parts = text.split('\n');
		line += parts[0] ?? '';
		for (const next of parts.slice(1)) {
			if (closing.test(line)) return null;
			lines += visible(line) + '\n';
			line = next;
		}
		return {
			k: 'code',
			lang,
			text: withoutTrailingBreaks(closing.test(line) ? lines : lines + visible(line))
		};
	}

	return push(src.slice(opening[0].length)) === null ? null : { push };
}

function withoutTrailingBreaks(text: string): string {
	let end = text.length;
	while (end > 0 && text.charCodeAt(end - 1) === 10) end--;
	return text.slice(0, end);
}
