/**
 * Sessions as JSON Lines: a header, then for each session its record, its entries one a line
 * as they are stored, and the files they refer to. Lines are made one by one, so that an
 * export can be written as it goes.
 */

import type { Entry } from '../../../wire/entries';
import type { SessionRecord } from '../records';
import { toBase64 } from '../../../wire/base64';

export const exportFormat = 'wherry/session';
export const exportVersion = 1;

export interface ExportedBlob {
	/** Hex. */
	readonly sha256: string;
	readonly mediaType: string;
	readonly bytes: Uint8Array;
}

export interface ExportedSession {
	readonly record: SessionRecord;
	/** Parents before children. With a fork, the origin's entries too, where they are to be kept. */
	readonly entries: Iterable<Entry>;
	readonly blobs?: Iterable<ExportedBlob>;
}

/** Each without its line feed. */
export function* sessionLines(session: ExportedSession, exportedAt: number): Generator<string> {
	yield header(exportedAt);
	yield* bodyLines(session);
}

function header(exportedAt: number): string {
	return JSON.stringify({ format: exportFormat, v: exportVersion, exportedAt });
}

function* bodyLines({ record, entries, blobs = [] }: ExportedSession): Generator<string> {
	yield JSON.stringify({ session: record });
	for (const entry of entries) yield JSON.stringify({ entry });
	for (const { sha256, mediaType, bytes } of blobs) {
		yield JSON.stringify({ blob: { sha256, mediaType, size: bytes.length, base64: toBase64(bytes) } });
	}
}

export function exportSessionJsonl(session: ExportedSession, exportedAt: number): string {
	return `${[...sessionLines(session, exportedAt)].join('\n')}\n`;
}

/** Temporary sessions leave no trace, here neither. */
export async function* allSessionLines(
	sessions: Iterable<ExportedSession> | AsyncIterable<ExportedSession>,
	exportedAt: number
): AsyncGenerator<string> {
	yield header(exportedAt);
	for await (const session of sessions) if (!session.record.temporary) yield* bodyLines(session);
}

export async function exportAllJsonl(
	sessions: Iterable<ExportedSession> | AsyncIterable<ExportedSession>,
	exportedAt: number
): Promise<string> {
	const lines: string[] = [];
	for await (const line of allSessionLines(sessions, exportedAt)) lines.push(line);
	return `${lines.join('\n')}\n`;
}
