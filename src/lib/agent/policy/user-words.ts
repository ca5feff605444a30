/**
 * What the user said in their own words: where a destination must stand verbatim to be the
 * user's own (architecture.md, "Labels"). Pure. Whatever is in doubt is not theirs.
 */

import type { Entry, FilePart, Part } from '../../wire/entries';
import { userLabels, type Labels } from '../../wire/labels';

/** Labels of a message that was typed here, perhaps with files on it: what others wrote taints the whole entry. */
export function messageLabels(files: readonly FilePart[]): Labels {
	if (files.length === 0) return userLabels;
	return { ...userLabels, integrity: 'untrusted', sources: files.map(sourceOf) };
}

/**
 * The typed text of a user entry; empty where somebody else wrote it. An attached file labels its
 * entry untrusted, but the words typed beside it stay the user's: they count when the files that
 * are on the entry are all that its labels blame, name by name. File names and contents never do.
 */
export function userWords(entry: Entry): string {
	if (entry.kind !== 'user') return '';
	if (entry.labels.integrity !== 'user' && !isTaintedByFilesAlone(entry)) return '';
	return entry.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n');
}

function isTaintedByFilesAlone({ author, labels, parts }: Entry): boolean {
	// An import and another participant write under names of their own.
	if (author.principal !== 'user' || !parts.every(isTextOrFile)) return false;
	const files = parts.filter((part) => part.type === 'file').map(sourceOf);
	return (
		files.length > 0 &&
		files.length === labels.sources.length &&
		files.every((source, index) => source === labels.sources[index])
	);
}

function isTextOrFile(part: Part): boolean {
	return part.type === 'text' || part.type === 'file';
}

function sourceOf(file: FilePart): string {
	return `file:${file.name}`;
}
