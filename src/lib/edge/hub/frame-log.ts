/**
 * What a hub remembers of one stream: frames by number, and how it stands. A pure state machine over a
 * synchronous store; it knows no request, no socket and no clock but the one it is given.
 */

import type { StreamState } from '../../wire/hub';

export interface Frame {
	/** Dense, from 1. */
	readonly seq: number;
	readonly sealed: Uint8Array<ArrayBuffer>;
}

export interface StreamMeta {
	readonly id: string;
	/** Changes when a stream of the same id begins anew: numbers of two epochs have nothing in common. */
	readonly epoch: string;
	readonly state: StreamState;
	/** SHA-256 of the request: the same id with another request is refused. */
	readonly requestHash: string;
	readonly startedAt: number;
	readonly endedAt?: number;
	/** Of the oldest frame that is kept. */
	readonly first: number;
	/** Of the newest frame; 0 before the first. */
	readonly seq: number;
	readonly bytes: number;
}

/** A Durable Object's SQLite, or memory. Each call is atomic by itself; `write` as a whole too. */
export interface FrameStore {
	meta(): StreamMeta | undefined;
	/** Frames after `seq`, oldest first, until `maxBytes` are reached; at least one where there is one. */
	after(seq: number, maxBytes: number): readonly Frame[];
	/** Appends, forgets everything before `meta.first`, and keeps `meta`. */
	write(meta: StreamMeta, frames: readonly Frame[]): void;
	clear(): void;
}

export interface LogLimits {
	readonly maxFrames: number;
	readonly maxBytes: number;
	readonly maxAgeMs: number;
}
/** trust.md C6. */
export const logLimits: LogLimits = {
	maxFrames: 10_000,
	maxBytes: 8 * 1024 * 1024,
	maxAgeMs: 24 * 60 * 60 * 1000
};

export type Reading =
	| { readonly kind: 'frames'; readonly frames: readonly Frame[] }
	/** Nothing new yet. */
	| { readonly kind: 'wait' }
	/** `after` lies before what is kept, or beyond what ever was. */
	| { readonly kind: 'reset'; readonly first: number; readonly seq: number }
	| { readonly kind: 'end'; readonly state: StreamState; readonly seq: number };

export interface FrameLog {
	meta(): StreamMeta | undefined;
	begin(start: { id: string; epoch: string; requestHash: string; now: number }): void;
	/** The next frame's number. */
	next(): number;
	append(frames: readonly Frame[]): void;
	end(state: Exclude<StreamState, 'reading'>, now: number): void;
	read(after: number, maxBytes: number): Reading;
	/** Whether its time is over. */
	isExpired(now: number): boolean;
	clear(): void;
}

/** `sizes` of kept frames live in memory only as a running total: eviction asks the store for the oldest. */
export function createFrameLog(store: FrameStore, limits: LogLimits = logLimits): FrameLog {
	let meta = store.meta();

	function known(): StreamMeta {
		if (meta === undefined) throw new Error('the stream has not begun');
		return meta;
	}

	return {
		meta: () => meta,
		begin({ id, epoch, requestHash, now }) {
			meta = { id, epoch, requestHash, state: 'reading', startedAt: now, first: 1, seq: 0, bytes: 0 };
			store.write(meta, []);
		},
		next: () => known().seq + 1,
		append(frames) {
			let { seq, first, bytes } = known();
			for (const frame of frames) {
				if (frame.seq !== seq + 1) throw new Error('a frame is out of order');
				seq = frame.seq;
				bytes += frame.sealed.length;
			}
			// What is evicted may be among what is only now written: then it is not written at all.
			while (bytes > limits.maxBytes || seq - first + 1 > limits.maxFrames) {
				const oldest = frames.find((frame) => frame.seq === first) ?? store.after(first - 1, 0)[0];
				bytes -= oldest?.sealed.length ?? 0;
				first += 1;
			}
			meta = { ...known(), seq, first, bytes };
			store.write(
				meta,
				frames.filter((frame) => frame.seq >= first)
			);
		},
		end(state, now) {
			if (known().state !== 'reading') return;
			meta = { ...known(), state, endedAt: now };
			store.write(meta, []);
		},
		read(after, maxBytes) {
			const { seq, first, state } = known();
			if (after + 1 < first || after > seq) return { kind: 'reset', first, seq };
			if (after < seq) return { kind: 'frames', frames: store.after(after, maxBytes) };
			return state === 'reading' ? { kind: 'wait' } : { kind: 'end', state, seq };
		},
		isExpired: (now) => meta !== undefined && now >= meta.startedAt + limits.maxAgeMs,
		clear() {
			store.clear();
			meta = undefined;
		}
	};
}

export function createMemoryFrameStore(): FrameStore {
	let meta: StreamMeta | undefined;
	let frames: Frame[] = [];
	return {
		meta: () => meta,
		after: (seq, maxBytes) => takeUntil(frames.slice(Math.max(0, seq + 1 - (frames[0]?.seq ?? 1))), maxBytes),
		write(next, added) {
			meta = next;
			frames.push(...added);
			frames = frames.filter((frame) => frame.seq >= next.first);
		},
		clear() {
			meta = undefined;
			frames = [];
		}
	};
}

/** At least one, then as many as fit. */
export function takeUntil(frames: readonly Frame[], maxBytes: number): readonly Frame[] {
	let bytes = 0;
	let count = 0;
	for (const frame of frames) {
		bytes += frame.sealed.length;
		if (count > 0 && bytes > maxBytes) break;
		count += 1;
	}
	return frames.slice(0, count);
}
