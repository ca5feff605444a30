/**
 * A redacted branch as the text that is sealed: an export like any other, so that any Wherry can import it, and
 * behind it in one line what the page of the link draws.
 */

import type { Entry } from '../../wire/entries';
import type { SharedReading } from '../../wire/share';
import { exportSessionJsonl, type ExportedBlob } from '../sessions/interchange/export-jsonl';
import { sessionVersion } from '../sessions/records';

export interface SnapshotParts {
	readonly title: string;
	readonly entries: readonly Entry[];
	readonly blobs: readonly ExportedBlob[];
	readonly reading: SharedReading;
	readonly now: number;
}

export function snapshotText({ title, entries, blobs, reading, now }: SnapshotParts): string {
	const stamp = <T>(value: T) => ({ value, lam: 1, dev: 'shared' });
	const record = {
		id: 'shared',
		v: sessionVersion,
		createdAt: entries[0]?.at ?? now,
		temporary: false,
		registers: { title: stamp(title), head: stamp(entries.at(-1)?.id ?? null) }
	};
	return `${exportSessionJsonl({ record, entries, blobs }, now)}${JSON.stringify({ reading })}\n`;
}
