/**
 * One request and its answer: signed, sent, watched for silence, read as it comes. Never rejects. Bytes go
 * from `getReader()` straight into the synchronous decoder: a `pipeThrough` chain costs 7 to 20 times as much.
 */

import type { ModelRef } from '../../wire/entries';
import { noUsage } from '../../wire/entries';
import { AppError, isAbort, isErrorId } from '../../wire/errors';
import { isJsonObject } from '../../wire/json';
import type { Clock, NetworkPort } from '../ports';
import type { StreamNames } from './hub-names';
import { givenAway } from './protocol';
import type { AskOptions, Decoder, ModelReply, Protocol } from './protocol';
import { retryAfter } from './provider-errors';
import type { ModelTarget } from './targets';
import { watchIdle } from './watch-idle';
import type { IdleWatch } from './watch-idle';

/** Of one answer, pictures in it included: whoever sends more means no answer, and this tab has to hold it. */
const maximumBytes = 64 * 1024 * 1024;

export interface ExchangeDeps {
	readonly fetch: NetworkPort;
	readonly clock: Clock;
	/** Puts the person's key into the headers (the vault's job). Throws `model/no-key` where there is none. */
	sign(to: { readonly url: string; readonly headers: Headers }, target: ModelTarget): Promise<Headers>;
}

export interface Exchange {
	readonly protocol: Protocol;
	readonly target: ModelTarget;
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
	/** How long the model may be silent. */
	readonly timeoutMs: number;
	readonly signal: AbortSignal;
	readonly onEvent: AskOptions['onEvent'];
	readonly stream?: StreamNames;
	/** Of an answer that is none of a failure. */
	readonly onHead?: (headers: Headers) => void;
}

interface Answer {
	readonly reply: ModelReply;
	readonly retryAfterMs?: number;
}

export async function exchange(deps: ExchangeDeps, one: Exchange): Promise<Answer> {
	const { protocol, target, url, signal } = one;
	const model = target.target.ref;
	const watch = watchIdle(deps.clock, one.timeoutMs, signal);
	let decoder: Decoder | undefined;
	try {
		const headers = await watch.race(deps.sign({ url, headers: new Headers(one.headers) }, target));
		const sent = send(deps, one, {
			method: 'POST',
			headers,
			body: one.body,
			signal: watch.signal,
			// A redirect must not carry a key along. (`error` would say it better, but workerd has no such mode.)
			redirect: 'manual'
		});
		const response = await watch.race(sent);
		watch.touch();
		if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
			return {
				reply: failed(model, new AppError('model/unavailable', { message: 'This address points elsewhere.' }))
			};
		}
		if (!response.ok) return await readFailure(protocol, response, model, watch);
		one.onHead?.(response.headers);
		decoder = protocol.decoder(target.target);
		await readBody(response, decoder, one.onEvent, watch);
		return { reply: { ...decoder.end('closed'), model } };
	} catch (thrown) {
		return { reply: readThrown(thrown, decoder, model, signal, watch.isTimedOut()) };
	} finally {
		watch.stop();
	}
}

/** Through a hub where the relay is asked anyway: then the answer outlives this tab. */
async function send(
	deps: ExchangeDeps,
	{ url, target, stream }: Exchange,
	init: RequestInit
): Promise<Response> {
	if (target.via !== 'relay' || stream === undefined) return await deps.fetch(url, init);
	const { fetchThroughHub } = await import('./hub-stream');
	return await fetchThroughHub(new Request(url, init), stream.next(), {
		fetch: deps.fetch,
		clock: deps.clock,
		isStop: (reason) => reason !== givenAway
	});
}

async function readBody(
	response: Response,
	decoder: Decoder,
	onEvent: AskOptions['onEvent'],
	watch: IdleWatch
): Promise<void> {
	const { body } = response;
	if (body === null) return;
	const type = response.headers.get('content-type') ?? '';
	if (type.includes('json') && !type.includes('event-stream') && !type.includes('ndjson')) {
		// Asked for a stream, answered whole: one event that the decoders read as well.
		const text = await watch.race(response.text());
		decoder.push(new TextEncoder().encode(`data: ${text.replaceAll(/[\r\n]+/g, ' ')}\n\n`), onEvent);
		return;
	}
	const reader = body.getReader();
	let size = 0;
	// Cancelling ends a pending read and closes the connection, so that the provider stops writing (and charging).
	const cancel = (): void => {
		reader.cancel().catch(ignore);
	};
	watch.signal.addEventListener('abort', cancel, { once: true });
	try {
		for (;;) {
			const { done, value } = await reader.read();
			watch.signal.throwIfAborted();
			if (done) return;
			watch.touch();
			size += value.length;
			if (size > maximumBytes)
				throw new AppError('model/stream-cut', { message: 'The answer would not end, and was cut off.' });
			decoder.push(value, onEvent);
		}
	} catch (thrown) {
		cancel();
		throw thrown;
	} finally {
		watch.signal.removeEventListener('abort', cancel);
	}
}

function ignore(): void {
	// It is being given up anyway.
}

async function readFailure(
	protocol: Protocol,
	response: Response,
	model: ModelRef,
	watch: IdleWatch
): Promise<Answer> {
	const text = await watch.race(response.text()).catch(() => '');
	const error = ownRefusal(response.headers, protocol.readError(response.status, response.headers, text));
	const wait = retryAfter(response.headers, Date.parse(response.headers.get('date') ?? ''));
	return { reply: failed(model, error), ...(wait === undefined ? {} : { retryAfterMs: wait }) };
}

/** What our own relay refuses, it refuses in the provider's shape; who it was says a header that no provider's answer brings through it. */
function ownRefusal(headers: Headers, read: AppError): AppError {
	const id = headers.get('x-wherry-error');
	if (!isErrorId(id)) return read;
	const detail = isJsonObject(read.data) ? read.data['detail'] : undefined;
	return new AppError(id, {
		...(typeof detail === 'string' ? { message: detail } : {}),
		...(read.data === undefined ? {} : { data: read.data })
	});
}

function readThrown(
	thrown: unknown,
	decoder: Decoder | undefined,
	model: ModelRef,
	signal: AbortSignal,
	isTimedOut: boolean
): ModelReply {
	const isStopped = signal.aborted && !isTimedOut;
	const said = decoder?.end(isStopped ? 'aborted' : 'closed');
	const partial = { model, parts: said?.parts ?? [], usage: said?.usage ?? noUsage };
	if (isStopped) return { ...said, ...partial, stop: 'aborted' };
	// Everything had arrived before the connection broke: then nothing is missing.
	if (said !== undefined && said.error === undefined && said.stop !== 'cut') return { ...said, model };
	if (isTimedOut)
		return { ...said, ...partial, stop: 'error', error: new AppError('model/timeout').toWire() };
	if (thrown instanceof AppError) return { ...said, ...partial, stop: 'error', error: thrown.toWire() };
	if (said !== undefined && said.stop === 'cut') return { ...said, model };
	const error = isAbort(thrown) ? new AppError('model/timeout') : networkError(thrown);
	return { ...said, ...partial, stop: 'error', error: error.toWire() };
}

/** `fetch` says no more than "failed" for no network, a wrong name and forbidden CORS; the doctor finds out which. */
function networkError(thrown: unknown): AppError {
	const detail = thrown instanceof Error ? thrown.message : '';
	return new AppError('model/no-network', { cause: thrown, ...(detail === '' ? {} : { data: { detail } }) });
}

export function failed(model: ModelRef, error: AppError): ModelReply {
	return { model, parts: [], stop: 'error', error: error.toWire(), usage: noUsage };
}
