/** What a session's person had written and not sent: its draft, and what waited behind a turn. */

import * as z from 'zod/mini';
import type { FilePart } from '../../wire/entries';
import { partSchema } from '../../wire/entry-schema';

export interface Unsent {
	readonly text: string;
	readonly files: readonly FilePart[];
}

const drafted = z.object({ text: z.string(), files: z.catch(z.array(z.unknown()), []) });
const queued = z.object({ draft: z.object({ parts: z.array(z.unknown()) }) });

/** Of a row of `drafts` or `queue`; undefined where it is neither. */
export function readUnsent(row: unknown): Unsent | undefined {
	const waiting = queued.safeParse(row);
	if (waiting.success) return ofParts(waiting.data.draft.parts);
	const draft = drafted.safeParse(row);
	if (!draft.success) return undefined;
	const { text, files } = draft.data;
	return { text, files: ofParts(files).files };
}

function ofParts(values: readonly unknown[]): Unsent {
	const parts = values.flatMap((value) => partSchema.safeParse(value).data ?? []);
	return {
		text: parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n'),
		files: parts.filter((part) => part.type === 'file')
	};
}

export function joinUnsent(all: readonly Unsent[]): Unsent {
	return {
		text: all
			.map(({ text }) => text)
			.filter((text) => text !== '')
			.join('\n\n'),
		files: all.flatMap(({ files }) => files)
	};
}
