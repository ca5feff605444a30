/**
 * One provider response, read to its end whoever listens. Frames are sealed, stored, and only then
 * handed to readers; each reader pulls at its own pace from what is stored, so a slow one delays nobody
 * and holds no memory. Knows nothing of Durable Objects: `hub.server.ts` is the shell around it.
 */

import { toBase64 } from '../../wire/base64';
import { createSeal, frameKind, type StreamInfo, type StreamState } from '../../wire/hub';
import type { Frame, FrameLog } from './frame-log';

export interface HubPorts {
	readonly now: () => number;
	readonly fetch: (request: Request) => Promise<Response>;
	/** Resolves when what was written is on disk. */
	readonly synced: () => Promise<void>;
	readonly newEpoch: () => string;
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

/** What one frame holds at most, and what one reader is handed at once. */
const maxFrame = 16 * 1024;
const maxHanded = 256 * 1024;
const defaultHeartbeatMs = 15_000;

const text = new TextEncoder();

export function createStreamHub(log: FrameLog, ports: HubPorts): StreamHub {
	let reading: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
	let readers = 0;
	let changed = Promise.withResolvers<'changed' | 'beat'>();
	let beat: ReturnType<typeof setInterval> | undefined;
	/** Readers that stand at the same frame get the same bytes: they are written out once. */
	let handed:
		| { readonly epoch: string; readonly after: number; readonly last: number; readonly bytes: Uint8Array }
		| undefined;

	// Whoever read the provider is gone with the object's last life.
	if (log.meta()?.state === 'reading') log.end('upstream-lost', ports.now());

	function wake(why: 'changed' | 'beat'): void {
		const { resolve } = changed;
		changed = Promise.withResolvers();
		resolve(why);
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
				wake('changed');
			};
			const response = await ports.fetch(start.upstream(stop.signal));
			const head = { status: response.status, headers: [...response.headers] };
			await store(frameKind.head, [text.encode(JSON.stringify(head))]);
			await readInto(response, stop.signal, (bytes) => store(frameKind.body, cut(bytes)));
			if (stop.signal.aborted) state = 'stopped';
		} catch {
			// What the provider said is stored; that it broke off is all that is left to say.
			state = stop.signal.aborted ? 'stopped' : 'failed';
		}
		log.end(state, ports.now());
		reading = undefined;
		await ports.synced();
		wake('changed');
	}

	function frames(after: number, found: readonly Frame[]): { last: number; bytes: Uint8Array } {
		const epoch = log.meta()?.epoch ?? '';
		const lines = found.map(
			({ seq, sealed }) => `id: ${epoch}-${String(seq)}\ndata: ${toBase64(sealed)}\n\n`
		);
		const fresh = { epoch, after, last: found.at(-1)?.seq ?? after, bytes: text.encode(lines.join('')) };
		handed = fresh;
		return fresh;
	}

	/** What a reader that has everything up to `after` gets next, without waiting. */
	function next(after: number): { bytes: Uint8Array; last: number; isOver: boolean } | undefined {
		const meta = log.meta();
		// Asking the store once for each of a thousand readers costs more than all the rest.
		if (handed?.after === after && handed.last === meta?.seq && handed.epoch === meta.epoch)
			return { bytes: handed.bytes, last: handed.last, isOver: false };
		const found = log.read(after, maxHanded);
		switch (found.kind) {
			case 'wait':
				return undefined;
			case 'frames':
				return { ...frames(after, found.frames), isOver: false };
			case 'reset':
				return {
					bytes: event('reset', { first: found.first, seq: found.seq }),
					last: after,
					isOver: true
				};
			case 'end':
				return { bytes: event('end', { state: found.state, seq: found.seq }), last: after, isOver: true };
		}
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
			const stop = new AbortController();
			reading = { stop, done: pump(start, stop) };
			return 'begun';
		},
		read(after) {
			if (log.meta() === undefined) return undefined;
			let at = after;
			let hasLeft = false;
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
						// A pull that hands out nothing is not asked again, so it waits until there is something.
						for (;;) {
							const waiting = changed.promise;
							const found = next(at);
							if (found !== undefined) {
								at = found.last;
								controller.enqueue(found.bytes);
								if (!found.isOver) return;
								controller.close();
								go();
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
			return true;
		}
	};
}

function event(name: string, data: object): Uint8Array {
	return text.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** Hands on what has come: the first piece at once, and while that is being stored the rest gathers. */
async function readInto(
	response: Response,
	signal: AbortSignal,
	store: (bytes: Uint8Array) => Promise<void>
): Promise<void> {
	const reader = response.body?.getReader();
	if (reader === undefined) return;
	const cancel = (): void => {
		reader.cancel().catch(() => undefined);
	};
	signal.addEventListener('abort', cancel, { once: true });
	let gathered: Uint8Array[] = [];
	let size = 0;
	const pending: { write?: Promise<void>; failure?: unknown } = {};
	const flush = (): void => {
		if (pending.write !== undefined || size === 0) return;
		const bytes = join(gathered, size);
		gathered = [];
		size = 0;
		pending.write = store(bytes)
			.catch((thrown: unknown) => {
				pending.failure = thrown;
				cancel();
			})
			.finally(() => {
				delete pending.write;
				flush();
			});
	};
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done || 'failure' in pending) break;
			gathered.push(value);
			size += value.length;
			flush();
			// Reading faster than storing would only fill the memory.
			while (size > 4 * maxFrame && pending.write !== undefined) await pending.write;
		}
	} finally {
		signal.removeEventListener('abort', cancel);
		while (pending.write !== undefined) await pending.write;
	}
	if ('failure' in pending) throw new Error('a frame could not be stored', { cause: pending.failure });
}

function join(pieces: readonly Uint8Array[], size: number): Uint8Array {
	const [only] = pieces;
	if (pieces.length === 1 && only !== undefined) return only;
	const whole = new Uint8Array(size);
	let at = 0;
	for (const piece of pieces) {
		whole.set(piece, at);
		at += piece.length;
	}
	return whole;
}

function cut(bytes: Uint8Array): Uint8Array[] {
	const pieces: Uint8Array[] = [];
	for (let at = 0; at < bytes.length; at += maxFrame) pieces.push(bytes.subarray(at, at + maxFrame));
	return pieces;
}
