/**
 * Worker → page: the first batch at once, the rest coalesced until the page acknowledges, at
 * most 256 patches a batch. A page that falls too far behind gets a snapshot instead.
 * Measured: a message each costs 6–8 × a batch (design figures, P4).
 */

import type { FromPage, Patch, ToPage } from '../../wire/view';

const patchesPerBatch = 256;
const maximumBacklog = 4_000;

/** What this needs of a MessagePort. */
export interface Port {
	post(message: ToPage): void;
	onMessage(listener: (message: FromPage) => void): void;
}

export interface PagePort {
	/** Something may be there to send. */
	poke(): void;
	push(patch: Patch): void;
	snapshot(): void;
}

export function createPagePort(
	port: Port,
	source: {
		/** Patches that are made only when they can be sent (streams). */
		readonly drain: () => readonly Patch[];
		readonly snapshot: () => Omit<Extract<ToPage, { type: 'snapshot' }>, 'type' | 'cursor'>;
	}
): PagePort {
	let cursor = 0;
	let acknowledged = 0;
	let pending: Patch[] = [];
	let isScheduled = false;

	function flush(): void {
		isScheduled = false;
		if (acknowledged < cursor) return;
		if (pending.length > maximumBacklog) {
			sendSnapshot();
			return;
		}
		if (pending.length < patchesPerBatch) pending.push(...source.drain());
		if (pending.length === 0) return;
		const patches = pending.slice(0, patchesPerBatch);
		pending = pending.slice(patchesPerBatch);
		port.post({ type: 'batch', cursor: ++cursor, patches });
	}

	function sendSnapshot(): void {
		// Drained patches are part of what the snapshot shows.
		source.drain();
		// What is said beside the feed is in no snapshot.
		pending = pending.filter((patch) => isBeside(patch));
		port.post({ type: 'snapshot', cursor: ++cursor, ...source.snapshot() });
		// A snapshot is its own fresh start: pages acknowledge batches only.
		acknowledged = cursor;
		if (pending.length > 0) schedule();
	}

	/** One microtask later, so that what belongs together travels together. */
	function schedule(): void {
		if (isScheduled) return;
		isScheduled = true;
		queueMicrotask(flush);
	}

	port.onMessage((message) => {
		if ('resync' in message) {
			acknowledged = cursor;
			sendSnapshot();
			return;
		}
		acknowledged = Math.max(acknowledged, Math.min(message.ack, cursor));
		flush();
	});

	return {
		poke: schedule,
		push(patch) {
			pending.push(patch);
			schedule();
		},
		snapshot: sendSnapshot
	};
}

function isBeside(patch: Patch): boolean {
	return patch.op === 'sessions' || patch.op === 'changed' || patch.op === 'toast' || patch.op === 'error';
}
