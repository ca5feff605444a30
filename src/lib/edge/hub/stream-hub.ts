/**
 * One provider response, read to its end whoever listens. Frames are sealed, stored, and only then
 * handed to readers; each reader pulls at its own pace from what is stored, so a slow one delays nobody
 * and holds no memory. Knows nothing of Durable Objects: `hub.server.ts` is the shell around it.
 */

import { toBase64 } from '../../wire/base64';
import { createSeal, frameKind, type StreamInfo, type StreamState } from '../../wire/hub';
import type { Frame, FrameLog } from './frame-log';
import { cutIntoFrames, gather } from './gather';

export interface HubPorts {
	readonly now: () => number;
	readonly fetch: (request: Request) => Promise<Response>;
	/** Resolves when what was written is on disk. */
	readonly synced: () => Promise<void>;
	readonly newEpoch: () => string;
	/** The provider is not read any more. */
	readonly ended?: () => Promise<void>;
	/** Between two signs of life to somebody who waits. */
	readonly heartbeatMs?: number;
}

export interface HubStart {
	readonly id: string;
	readonly secret: Uint8Array<ArrayBuffer>;
	readonly requestHash: string;
	/** To the provider, with its key. Held in memory only. */
	readonly upstream: (signal: AbortSignal) => Request;
}

export interface StreamHub {
	/** Begins, or finds the same stream. `other`: the id is taken by another request. */
	start(start: HubStart): 'begun' | 'known' | 'other';
	/** Server-sent events from the frame after `after`; undefined where there is no stream. */
	read(after: number): ReadableStream<Uint8Array> | undefined;
	info(): StreamInfo | undefined;
	/** Ends the request to the provider. What had come stays. */
	stop(): Promise<StreamInfo | undefined>;
	/** Whether the provider is still being read. */
	isReading(): boolean;
	/** Forgets the stream when its time is over. True when there is nothing left to wait for. */
	expire(): boolean;
}

interface Handed {
	readonly bytes: Uint8Array;
	readonly last: number;
	/** Nothing comes after it. */
	readonly isOver: boolean;
}

/** What one reader is handed at once. */
const maxHanded = 256 * 1024;
const defaultHeartbeatMs = 15_000;
/** Readers that are told in a millisecond: while they are, what comes gathers for the next round. */
const toldInMs = 50;
const longestGatherMs = 20;
/** Places at which readers stand that are remembered with what comes next there. */
const maxPlaces = 4;

const text = new TextEncoder();

export function createStreamHub(log: FrameLog, ports: HubPorts): StreamHub {
	let reading: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
	let readers = 0;
	let changed = Promise.withResolvers<'changed' | 'beat'>();
	let beat: ReturnType<typeof setInterval> | undefined;
	/** What is on disk, and what of that readers are given. */
	let stored = { seq: log.meta()?.seq ?? 0, isOver: true };
	let shown = stored;
	let shownAt = -Infinity;
	let showing: ReturnType<typeof setTimeout> | undefined;
	/** Readers that stand at the same frame get the same bytes: they are written out once. */
	const places = new Map<number, Handed>();

	// Whoever read the provider is gone with the object's last life.
	if (log.meta()?.state === 'reading') log.end('upstream-lost', ports.now());

	function wake(why: 'changed' | 'beat'): void {
		const { resolve } = changed;
		changed = Promise.withResolvers();
		resolve(why);
	}

	/** The first thing at once; in a flood the next one when everybody can have been given the last. */
	function show(): void {
		if (showing !== undefined) return;
		const wait = shownAt + Math.min(longestGatherMs, readers / toldInMs) - ports.now();
		if (wait >= 1) {
			showing = setTimeout(() => {
				showing = undefined;
				showNow();
			}, wait);
		} else showNow();
	}
	function showNow(): void {
		shown = stored;
		shownAt = ports.now();
		places.clear();
		wake('changed');
	}

	async function pump(start: HubStart, stop: AbortController): Promise<void> {
		const epoch = log.meta()?.epoch ?? '';
		let state: Exclude<StreamState, 'reading'> = 'done';
		try {
			const seal = await createSeal(start.secret, start.id, epoch);
			const store = async (kind: number, pieces: readonly Uint8Array[]): Promise<void> => {
				let seq = log.next();
				const frames: Frame[] = [];
				for (const piece of pieces) frames.push({ seq, sealed: await seal.seal(seq++, kind, piece) });
				log.append(frames);
				await ports.synced();
				stored = { seq: seq - 1, isOver: false };
				show();
			};
			const response = await ports.fetch(start.upstream(stop.signal));
			const head = { status: response.status, headers: [...response.headers] };
			await store(frameKind.head, [text.encode(JSON.stringify(head))]);
			await gather(response, stop.signal, (bytes) => store(frameKind.body, cutIntoFrames(bytes)));
			if (stop.signal.aborted) state = 'stopped';
		} catch {
			// What the provider said is stored; that it broke off is all that is left to say.
			state = stop.signal.aborted ? 'stopped' : 'failed';
		}
		log.end(state, ports.now());
		reading = undefined;
		await ports.synced();
		stored = { seq: log.next() - 1, isOver: true };
		show();
		await ports.ended?.();
	}

	/** What a reader that has everything up to `after` gets next, without waiting. */
	function next(after: number): Handed | undefined {
		// Asking the store once for each of a thousand readers costs more than all the rest.
		const known = places.get(after);
		if (known !== undefined) return known;
		const found = log.read(after, maxHanded);
		if (found.kind === 'reset')
			return { bytes: event('reset', { first: found.first, seq: found.seq }), last: after, isOver: true };
		const epoch = log.meta()?.epoch ?? '';
		const frames = found.kind === 'frames' ? found.frames.filter(({ seq }) => seq <= shown.seq) : [];
		const last = frames.at(-1)?.seq ?? after;
		const isOver = shown.isOver && last >= shown.seq;
		if (frames.length === 0 && !isOver) return undefined;
		const lines = frames.map(
			({ seq, sealed }) => `id: ${epoch}-${String(seq)}\ndata: ${toBase64(sealed)}\n\n`
		);
		if (isOver) lines.push(eventText('end', { state: log.meta()?.state, seq: shown.seq }));
		const handed = { bytes: text.encode(lines.join('')), last, isOver };
		if (places.size >= maxPlaces) places.clear();
		places.set(after, handed);
		return handed;
	}

	function arrive(): void {
		readers += 1;
		beat ??= setInterval(() => {
			wake('beat');
		}, ports.heartbeatMs ?? defaultHeartbeatMs);
	}
	function leave(): void {
		readers -= 1;
		if (readers > 0) return;
		clearInterval(beat);
		beat = undefined;
	}

	const info = (): StreamInfo | undefined => {
		const meta = log.meta();
		if (meta === undefined) return undefined;
		const { id, epoch, state, first, seq, bytes, startedAt, endedAt } = meta;
		const end = endedAt === undefined ? {} : { endedAt };
		return { id, epoch, state, first, seq, bytes, readers, startedAt, ...end };
	};

	return {
		start(start) {
			const known = log.meta();
			if (known !== undefined) return known.requestHash === start.requestHash ? 'known' : 'other';
			const { id, requestHash } = start;
			log.begin({ id, requestHash, epoch: ports.newEpoch(), now: ports.now() });
			stored = { seq: 0, isOver: false };
			shown = stored;
			places.clear();
			const stop = new AbortController();
			reading = { stop, done: pump(start, stop) };
			return 'begun';
		},
		read(after) {
			if (log.meta() === undefined) return undefined;
			let at = after;
			let hasLeft = false;
			let isOver = false;
			arrive();
			const go = (): void => {
				if (!hasLeft) leave();
				hasLeft = true;
			};
			return new ReadableStream(
				{
					start(controller) {
						controller.enqueue(text.encode('retry: 2000\n\n'));
					},
					async pull(controller) {
						// Not with the last bytes: a stream that is closed may lose what nobody has taken yet.
						if (isOver) {
							controller.close();
							go();
							return;
						}
						// A pull that hands out nothing is not asked again, so it waits until there is something.
						for (;;) {
							const waiting = changed.promise;
							const found = next(at);
							if (found !== undefined) {
								at = found.last;
								({ isOver } = found);
								controller.enqueue(found.bytes);
								return;
							}
							const why = await waiting;
							if (hasLeft) return;
							if (why === 'changed') continue;
							controller.enqueue(text.encode(':\n\n'));
							return;
						}
					},
					cancel: go
				},
				{ highWaterMark: 0 }
			);
		},
		info,
		async stop() {
			const current = reading;
			current?.stop.abort();
			await current?.done;
			return info();
		},
		isReading: () => reading !== undefined,
		expire() {
			if (reading !== undefined) {
				if (log.isExpired(ports.now())) reading.stop.abort();
				return false;
			}
			if (log.meta() !== undefined && !log.isExpired(ports.now())) return false;
			log.clear();
			places.clear();
			return true;
		}
	};
}

const eventText = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const event = (name: string, data: object): Uint8Array => text.encode(eventText(name, data));
