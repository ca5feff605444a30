/**
 * Two texts as one list of lines: what is gone, what is new, what stayed around it. Longest common
 * subsequence, bounded: beyond the bound everything between the common ends counts as changed. Pure.
 */

import type { DiffLine } from '../../wire/view';

/** Cells of the table: 4 MB at most, some milliseconds. */
const maximumCells = 1_000_000;
const contextLines = 2;
const maximumLines = 400;
const maximumLength = 500;

export function diffLines(before: string, after: string): readonly DiffLine[] {
	const a = linesOf(before);
	const b = linesOf(after);
	let start = 0;
	while (start < a.length && start < b.length && a[start] === b[start]) start++;
	let end = 0;
	while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end])
		end++;
	const lines: DiffLine[] = [
		...asLines('same', a.slice(0, start)),
		...changed(a.slice(start, a.length - end), b.slice(start, b.length - end)),
		...asLines('same', a.slice(a.length - end))
	];
	return cut(withoutFarLines(lines));
}

function linesOf(text: string): string[] {
	return text === '' ? [] : text.replace(/\r\n?/g, '\n').replace(/\n$/, '').split('\n');
}

function asLines(op: 'same' | 'removed' | 'added', texts: readonly string[]): DiffLine[] {
	return texts.map((text) => ({
		op,
		text: text.length > maximumLength ? `${text.slice(0, maximumLength)}…` : text
	}));
}

function changed(a: readonly string[], b: readonly string[]): DiffLine[] {
	if (a.length * b.length > maximumCells || a.length === 0 || b.length === 0)
		return [...asLines('removed', a), ...asLines('added', b)];
	const width = b.length + 1;
	/** common[i * width + j]: length of the longest common subsequence of a from i and b from j. */
	const common = new Uint32Array((a.length + 1) * width);
	for (let i = a.length - 1; i >= 0; i--) {
		for (let j = b.length - 1; j >= 0; j--) {
			common[i * width + j] =
				a[i] === b[j]
					? (common[(i + 1) * width + j + 1] ?? 0) + 1
					: Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0);
		}
	}
	const lines: DiffLine[] = [];
	let i = 0;
	let j = 0;
	while (i < a.length || j < b.length) {
		if (i < a.length && j < b.length && a[i] === b[j]) {
			lines.push(...asLines('same', a.slice(i, i + 1)));
			i++;
			j++;
		} else if (
			i < a.length &&
			(j === b.length || (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0))
		) {
			lines.push(...asLines('removed', a.slice(i, ++i)));
		} else {
			lines.push(...asLines('added', b.slice(j, ++j)));
		}
	}
	return lines;
}

/** Lines that stayed, and stand far from every change, become one line that counts them. */
function withoutFarLines(lines: readonly DiffLine[]): DiffLine[] {
	const isNear = new Array<boolean>(lines.length).fill(false);
	for (const [at, { op }] of lines.entries()) {
		if (op === 'same') continue;
		isNear.fill(true, Math.max(0, at - contextLines), at + contextLines + 1);
	}
	const kept: DiffLine[] = [];
	let far = 0;
	const flush = (): void => {
		if (far > 0) kept.push({ op: 'far', count: far });
		far = 0;
	};
	for (const [at, line] of lines.entries()) {
		if (isNear[at] !== true) {
			far++;
			continue;
		}
		flush();
		kept.push(line);
	}
	flush();
	return kept;
}

function cut(lines: readonly DiffLine[]): readonly DiffLine[] {
	if (lines.length <= maximumLines) return lines;
	return [...lines.slice(0, maximumLines), { op: 'far', count: lines.length - maximumLines }];
}
