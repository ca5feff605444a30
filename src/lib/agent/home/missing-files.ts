/**
 * Files between devices beyond the first telling. Which ones are missing here is on disk, so that it is known
 * after a restart too: the room is asked first, once a life, for what it keeps of before its snapshot; what it
 * has not is asked of the other devices, again after a day, as a snapshot may have swallowed the question. And
 * what others ask for is told where it is here.
 */

import type { Clock } from '../ports';
import { createMemoryStore } from '../storage/memory';
import type { Store, StoreWrite } from '../storage/store';
import type { Applied } from '../sync/apply';
import { createTelling, type OperationPorts, type Telling } from '../sync/commit-operations';
import { openEnvelope } from '../sync/envelope';
import { fileContent, fileHash, fileType, missingRow, readMissing, type MissingFile } from '../sync/files';
import { createState, type SyncState } from '../sync/merge';
import { gatherParts } from '../sync/operation-parts';
import type { Reading } from '../sync/read-envelopes';
import { verifyEnvelope } from '../sync/signature';
import type { AnyOperation } from '../../wire/operations';
import type { Envelope, FromRoom } from '../../wire/sync';

export interface MissingFilesParts {
	readonly base: Store;
	readonly clock: Clock;
	readonly told: OperationPorts;
	readonly reading: () => Reading;
	/** Asks the room; its answers come to `page`. False where that cannot be now. */
	readonly askRoom: () => boolean;
	/** Stores what was read. */
	readonly take: (state: SyncState) => Promise<unknown>;
	readonly queue: (telling: Telling, put: readonly StoreWrite[]) => Promise<void>;
}

export interface MissingFiles {
	applied(applied: Applied): Promise<void>;
	/** All that was in the room has been read. */
	look(): Promise<void>;
	/** Answers where to go on. */
	page(page: Extract<FromRoom, { type: 'kept' }>): Promise<number | undefined>;
	/** The line broke: what was asked is not answered any more. */
	cut(): void;
}

const askAgainMs = 24 * 60 * 60_000;

export function createMissingFiles(parts: MissingFilesParts): MissingFiles {
	const { base, clock, told, reading } = parts;
	/** Told once a life at most: several devices may ask for the same, and several may have it. */
	const answered = new Set<string>();
	let room: 'not-asked' | 'asked' | 'done' = 'not-asked';
	/** Until they were looked for, there may be some. */
	let hasMissing = true;
	let isLooking = false;
	/** Of the page before. */
	let waiting = createMemoryStore();

	async function ask(): Promise<void> {
		const missing = await readMissing(base);
		hasMissing = missing.length > 0;
		if (!hasMissing) return;
		if (room === 'not-asked' && missing.some(({ isSearched }) => !isSearched)) {
			waiting = createMemoryStore();
			if (parts.askRoom()) room = 'asked';
			return;
		}
		if (room === 'asked') return;
		await want(missing);
	}

	async function want(missing: readonly MissingFile[]): Promise<void> {
		const now = clock.now();
		const due = missing.filter(({ askedAt }) => askedAt === undefined || askedAt <= now - askAgainMs);
		const telling = createTelling(told);
		for (const { blob } of due) telling.want(blob);
		await parts.queue(
			telling,
			due.map((one) => missingRow({ ...one, askedAt: now }))
		);
	}

	async function filesIn(envelopes: readonly Envelope[]): Promise<readonly AnyOperation[]> {
		const opaque = new Map<string, AnyOperation>();
		for (const envelope of envelopes)
			for (const op of await readFilesOf(reading(), envelope)) opaque.set(op.opId, op);
		const { put, delete: gone, whole } = await gatherParts(waiting, opaque);
		await waiting.commit({ epoch: 0, put, delete: gone });
		return [...opaque.values(), ...whole.map(({ op }) => op)].filter(({ type }) => type === fileType);
	}

	return {
		async applied({ missing, wanted }) {
			hasMissing ||= missing.length > 0;
			const telling = createTelling(told);
			for (const blob of wanted) {
				const content = answered.has(blob) ? undefined : await fileContent(base, blob);
				if (content === undefined) continue;
				telling.file(blob, content);
				answered.add(blob);
			}
			await parts.queue(telling, []);
		},
		async look() {
			if (!hasMissing || isLooking) return;
			isLooking = true;
			await ask().finally(() => (isLooking = false));
		},
		async page({ envelopes, next }) {
			if (room !== 'asked') return undefined;
			const missing = await readMissing(base);
			const blobs = new Set(missing.map(({ blob }) => blob));
			const state = createState();
			for (const op of await filesIn(envelopes)) {
				const blob = fileHash(op);
				if (blob !== undefined && blobs.has(blob)) state.opaque.set(op.opId, op);
			}
			try {
				if (state.opaque.size > 0) await parts.take(state);
			} catch {
				// The disk is full: in this life it is not tried again.
				room = 'done';
				return undefined;
			}
			if (next !== undefined) return next;
			room = 'done';
			const left = await readMissing(base);
			const telling = createTelling(told);
			await parts.queue(
				telling,
				left.map((one) => missingRow({ ...one, isSearched: true }))
			);
			await ask();
			return undefined;
		},
		cut() {
			if (room === 'asked') room = 'not-asked';
		}
	};
}

/** Whoever signed it may be a member no more: then it was one. What a file is worth says its hash. */
async function readFilesOf({ replica, keys }: Reading, envelope: Envelope): Promise<readonly AnyOperation[]> {
	const { dev } = envelope.header;
	const device = replica.place().members[dev]?.device;
	const hash = device === undefined ? undefined : await verifyEnvelope(envelope, device);
	const opened = hash === undefined ? undefined : await openEnvelope(envelope, hash, keys);
	return (opened?.operations ?? []).flatMap(({ op }) => (op.dev === dev ? [op] : []));
}
