/**
 * Keeps what a model has said so far while it speaks: every 250 ms or 2 kB, beside the journal.
 * If the tab dies in the middle, the words that were shown are not lost with it.
 */

import type { Part } from '../../wire/entries';
import type { ModelEvent } from '../models/protocol';
import type { Clock } from '../ports';
import { ordKey } from '../storage/store';
import type { Store, StoreDelete } from '../storage/store';

const flushEveryMs = 250;
const flushEveryCharacters = 2_048;

export interface StreamRow {
	readonly v: number;
	readonly entryId: string;
	readonly pieces: readonly {
		readonly type: 'text' | 'reasoning';
		readonly index: number;
		readonly text: string;
	}[];
}

export interface StreamRecorder {
	note(event: ModelEvent): void;
	/** Rows to delete together with the response. Waits for a write that is under way. */
	finish(): Promise<readonly StoreDelete[]>;
}

export function createStreamRecorder(ports: {
	readonly store: Store;
	readonly clock: Clock;
	readonly epoch: () => number;
	readonly turnId: string;
	readonly entryId: string;
}): StreamRecorder {
	const rows: StoreDelete[] = [];
	let pieces: { type: 'text' | 'reasoning'; index: number; text: string }[] = [];
	let size = 0;
	let flushedAt = ports.clock.now();
	let writing: Promise<void> | null = null;
	let isFinished = false;
	let willLook = false;

	/** Once for all that came in one chunk: a look at the clock for each delta is a tenth of what the loop costs. */
	function look(): void {
		willLook = false;
		const now = ports.clock.now();
		if (size >= flushEveryCharacters || now - flushedAt >= flushEveryMs) flush(now);
	}

	function flush(now: number): void {
		if (writing !== null || isFinished || size === 0) return;
		const key = `${ports.turnId}/${ordKey(rows.length)}`;
		const row: StreamRow = { v: 1, entryId: ports.entryId, pieces };
		rows.push({ table: 'streams', key });
		pieces = [];
		size = 0;
		flushedAt = now;
		writing = ports.store
			.commit({ epoch: ports.epoch(), put: [{ table: 'streams', key, row }] })
			// Losing a flush loses no commit: the response itself is written by T2, which reports what is wrong.
			.catch(() => undefined)
			.finally(() => {
				writing = null;
			});
	}

	return {
		note(event) {
			if (event.type !== 'text' && event.type !== 'reasoning') return;
			const last = pieces.at(-1);
			if (last?.type === event.type && last.index === event.index) last.text += event.delta;
			else pieces.push({ type: event.type, index: event.index, text: event.delta });
			size += event.delta.length;
			if (willLook) return;
			willLook = true;
			queueMicrotask(look);
		},
		async finish() {
			isFinished = true;
			if (writing !== null) await writing;
			return rows;
		}
	};
}

/** The parts that a broken-off response had shown, from its rows. */
export async function readRecorded(
	store: Store,
	turnId: string
): Promise<{ readonly parts: readonly Part[]; readonly rows: readonly StoreDelete[] }> {
	const stored = await store.range('streams', { prefix: `${turnId}/` });
	const texts = new Map<number, { type: 'text' | 'reasoning'; text: string }>();
	for (const { row } of stored) {
		for (const piece of readPieces(row)) {
			const known = texts.get(piece.index);
			if (known === undefined) texts.set(piece.index, { type: piece.type, text: piece.text });
			else known.text += piece.text;
		}
	}
	const parts = [...texts.entries()]
		.sort(([a], [b]) => a - b)
		.map(([, piece]): Part => ({ type: piece.type, text: piece.text }));
	return { parts, rows: stored.map(({ key }) => ({ table: 'streams' as const, key })) };
}

function readPieces(row: unknown): { type: 'text' | 'reasoning'; index: number; text: string }[] {
	if (typeof row !== 'object' || row === null || !('pieces' in row) || !Array.isArray(row.pieces)) return [];
	const pieces: readonly unknown[] = row.pieces;
	return pieces.flatMap((piece) => {
		if (typeof piece !== 'object' || piece === null) return [];
		if (!('type' in piece) || !('index' in piece) || !('text' in piece)) return [];
		const { type, index, text } = piece;
		if ((type !== 'text' && type !== 'reasoning') || typeof index !== 'number' || typeof text !== 'string')
			return [];
		return [{ type, index, text }];
	});
}
