/**
 * A model's answer through a hub: the same `Response` that the provider gave, but one that survives lost
 * connections, and that a later life of this agent, another tab or another device can read again from
 * the start without asking the model a second time. Its own chunk: direct and local models need none.
 */

import { fromBase64 } from '../../wire/base64';
import { AppError } from '../../wire/errors';
import { createSeal, endEvent, frameKind, hubHeader, responseHead, streamsPrefix } from '../../wire/hub';
import type { Seal } from '../../wire/hub';
import { parseJson } from '../../wire/json';
import type { Clock, FetchPort } from '../ports';
import type { HubStream } from './hub-names';
import { createSseScanner } from './sse';
import { watchIdle } from './watch-idle';

/** Reconnections without a new frame in between. */
const maximumTries = 8;
/** A hub says something every 15 seconds: whoever hears nothing for longer listens at a dead line. */
const silenceMs = 35_000;
const firstPauseMs = 250;
const longestPauseMs = 10_000;

export interface HubPorts {
	readonly fetch: FetchPort;
	readonly clock: Clock;
	/** Whether an abort is the person's (or the clock's) wish to end it, not this tab's end. */
	readonly isStop: (reason: unknown) => boolean;
}

/** Sends a signed relay request through a hub. Rejects as `fetch` does; refusals of the relay itself come back as they are. */
export async function fetchThroughHub(
	request: Request,
	stream: HubStream,
	ports: HubPorts
): Promise<Response> {
	const { signal } = request;
	const address = new URL(`${streamsPrefix}${stream.id}`, request.url).href;
	const onAbort = (): void => {
		if (!ports.isStop(signal.reason)) return;
		// An order of its own: the hub does not take a lost connection for one.
		const order = new Request(`${address}/stop`, { method: 'POST', keepalive: true });
		ports.fetch(order).then((answer) => answer.body?.cancel(), ignore);
	};
	signal.addEventListener('abort', onAbort, { once: true });
	const leave = (): void => {
		signal.removeEventListener('abort', onAbort);
	};
	try {
		const known = stream.mayExist ? await readAgain(address, 0, signal, ports) : undefined;
		const answer = known ?? (await ask(request, stream, ports));
		if (answer.body === null || !isHubStream(answer)) {
			leave();
			return answer;
		}
		return await follow(answer.body, { address, stream, signal, ports, leave });
	} catch (thrown) {
		leave();
		throw thrown;
	}
}

/** The provider's response to what somebody else asked for; undefined while the hub has no such stream. */
export async function readHubStream(
	origin: string,
	stream: HubStream,
	signal: AbortSignal,
	ports: Pick<HubPorts, 'fetch' | 'clock'>
): Promise<Response | undefined> {
	const address = `${origin}${streamsPrefix}${stream.id}`;
	// Whoever reads along never ends it.
	const reading = { ...ports, isStop: () => false };
	const answer = await readAgain(address, 0, signal, reading);
	const body = answer?.body ?? null;
	return body === null ? undefined : follow(body, { address, stream, signal, ports: reading, leave: ignore });
}

function ask(request: Request, stream: HubStream, ports: HubPorts): Promise<Response> {
	const headers = new Headers(request.headers);
	headers.set(hubHeader.stream, stream.id);
	headers.set(hubHeader.seal, toBase64Url(stream.secret));
	return ports.fetch(new Request(request, { headers }));
}

/** Undefined where the hub has no such stream, or cannot be asked. */
async function readAgain(
	address: string,
	after: number,
	signal: AbortSignal,
	ports: HubPorts
): Promise<Response | undefined> {
	const answer = await ports.fetch(new Request(`${address}?after=${String(after)}`, { signal }));
	if (answer.ok && isHubStream(answer)) return answer;
	await answer.body?.cancel();
	return undefined;
}

function isHubStream(answer: Response): boolean {
	return answer.ok && answer.headers.has(hubHeader.stream);
}

interface Following {
	readonly address: string;
	readonly stream: HubStream;
	readonly signal: AbortSignal;
	readonly ports: HubPorts;
	readonly leave: () => void;
}

/** Resolves with the provider's response as soon as its head is there. */
async function follow(first: ReadableStream<Uint8Array>, following: Following): Promise<Response> {
	const { signal, leave } = following;
	const frames = readFrames(first, following);
	const head = await frames.next();
	if (head.done === true) throw new TypeError('The answer broke off before it began.');
	const parsed = responseHead.safeParse(parseJson(new TextDecoder().decode(head.value)));
	if (!parsed.success) throw new AppError('model/malformed-stream');
	const { status, headers } = parsed.data;
	const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
		{
			async pull(controller) {
				try {
					const { done, value } = await frames.next();
					if (done !== true) {
						controller.enqueue(value);
						return;
					}
					leave();
					controller.close();
				} catch (thrown) {
					leave();
					controller.error(thrown);
				}
			},
			async cancel() {
				// The reader's abort may still be on its way: whether it is an order is decided there.
				await frames.return(undefined);
				if (!signal.aborted) leave();
			}
		},
		{ highWaterMark: 0 }
	);
	return new Response(status === 204 || status === 304 ? null : body, { status, headers });
}

/** The head, then the body's bytes; ends where the stream ends, for whatever reason, once all that is kept was read. */
async function* readFrames(
	first: ReadableStream<Uint8Array>,
	{ address, stream, signal, ports }: Following
): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
	let body: ReadableStream<Uint8Array> | undefined = first;
	let seq = 0;
	let epoch: string | undefined;
	let seal: Seal | undefined;
	for (let tries = 0; tries < maximumTries; tries++) {
		if (tries > 0) await ports.clock.sleep(Math.min(firstPauseMs * 2 ** (tries - 1), longestPauseMs), signal);
		signal.throwIfAborted();
		body ??= (await readAgain(address, seq, signal, ports).catch(ignore))?.body ?? undefined;
		if (body === undefined) continue;
		const reader = body.getReader();
		body = undefined;
		const cancel = (): void => {
			reader.cancel().catch(ignore);
		};
		const watch = watchIdle(ports.clock, silenceMs, signal);
		watch.signal.addEventListener('abort', cancel, { once: true });
		const events: { data: string; event: string; id: string }[] = [];
		const scanner = createSseScanner((data, event, id) => events.push({ data, event, id }));
		try {
			for (;;) {
				const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }) as const);
				signal.throwIfAborted();
				if (done) break;
				watch.touch();
				scanner.push(value);
				for (const { data, event, id } of events.splice(0)) {
					if (event === 'end' && endEvent.safeParse(parseJson(data)).success) return undefined;
					// What is missing can never be had again: better a cut answer than one with a hole.
					if (event === 'reset') return undefined;
					if (event !== 'message') continue;
					const dash = id.lastIndexOf('-');
					const number = Number(id.slice(dash + 1));
					if (number <= seq) continue;
					if (number !== seq + 1 || (epoch !== undefined && epoch !== id.slice(0, dash))) return undefined;
					epoch ??= id.slice(0, dash);
					seal ??= await createSeal(stream.secret, stream.id, epoch);
					const { kind, content } = await seal.open(number, fromBase64(data) ?? new Uint8Array());
					if ((kind === frameKind.head) !== (number === 1)) throw new AppError('model/malformed-stream');
					seq = number;
					tries = 0;
					yield content;
				}
			}
		} finally {
			watch.stop();
			watch.signal.removeEventListener('abort', cancel);
			cancel();
		}
	}
	return undefined;
}

function toBase64Url(bytes: Uint8Array): string {
	return btoa(String.fromCharCode(...bytes))
		.replaceAll('+', '-')
		.replaceAll('/', '_')
		.replaceAll('=', '');
}

function ignore(): undefined {
	// The order may be lost with the network; then the hub ends by itself.
	return undefined;
}
