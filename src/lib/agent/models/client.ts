/**
 * The model port: one request through a protocol and `fetch`, retries while nothing has been said, then
 * the next model of the chain. Never rejects. Bytes go from `getReader()` straight into the synchronous
 * decoder: a `pipeThrough` chain costs 7 to 20 times as much (`performance.md` P3).
 */

import type { Attempt, ModelRef } from '../../wire/entries';
import { noUsage } from '../../wire/entries';
import { AppError, isAbort, toAppError } from '../../wire/errors';
import type { ProtocolId } from '../../wire/providers';
import type { Clock, FetchPort, Random } from '../ports';
import { traitsOf } from './catalog';
import type { AskOptions, Decoder, ModelPort, ModelReply, ModelRequest, Protocol } from './protocol';
import { retryAfter } from './provider-errors';
import { createRetryPlan } from './retry';
import type { ModelTarget } from './targets';
import { watchIdle } from './watch-idle';

export interface FallbackChain {
	/** In order; the asked model always comes first, whether it is listed or not. */
	readonly models: readonly ModelRef[];
	/** How long a model may be silent: before its first byte and between any two. */
	readonly perModelTimeoutMs: number;
}

export interface ModelPortDeps {
	readonly fetch: FetchPort;
	readonly clock: Clock;
	readonly random: Random;
	/** Where and how to reach a model. Throws an AppError where it cannot be reached. */
	targets(ref: ModelRef): ModelTarget | Promise<ModelTarget>;
	loadProtocol(id: ProtocolId): Promise<Protocol | undefined>;
	/** Puts the person's key on the request (the vault's job). Throws `model/no-key` where there is none. */
	sign(request: Request, target: ModelTarget): Promise<Request>;
	/** The chain for a model, as it is set at this moment; undefined: no fallback. */
	chain(ref: ModelRef): FallbackChain | undefined;
	readonly rehearsal: ModelPort;
	readonly builtin: ModelPort;
}

const defaultTimeoutMs = 60_000;

export function createModelPort(deps: ModelPortDeps): ModelPort {
	return {
		describe: traitsOf,
		ask: async (request, options) => {
			// Rehearsal is what a person chose, never what a failing model turns into.
			if (request.model.provider === 'rehearsal') return await deps.rehearsal.ask(request, options);
			try {
				return await askChain(deps, request, options);
			} catch (thrown) {
				return failed(request.model, toAppError(thrown));
			}
		}
	};
}

async function askChain(
	deps: ModelPortDeps,
	request: ModelRequest,
	options: AskOptions
): Promise<ModelReply> {
	const chain = deps.chain(request.model);
	const timeoutMs = chain?.perModelTimeoutMs ?? defaultTimeoutMs;
	const attempts: Attempt[] = [];
	let last: ModelReply | undefined;
	for (const model of orderOf(request.model, chain)) {
		const startedAt = deps.clock.now();
		if (attempts.length > 0 && request.tools.length > 0 && !traitsOf(model).abilities.tools) {
			const error = new AppError('model/unavailable', {
				message: 'This model cannot use skills, so it was passed over.'
			});
			attempts.push({ model, ok: false, error: error.toWire(), durationMs: 0 });
			continue;
		}
		let hasSpoken = false;
		const reply = await askOne(deps, { ...request, model }, timeoutMs, {
			...options,
			onEvent: (event) => {
				hasSpoken = true;
				options.onEvent(event);
			}
		});
		const ok = reply.error === undefined;
		attempts.push({
			model,
			ok,
			...(reply.error === undefined ? {} : { error: reply.error }),
			durationMs: Math.max(0, deps.clock.now() - startedAt)
		});
		last = reply;
		// What was said stays said: a second model would say it again in other words.
		if (ok || hasSpoken || reply.stop === 'aborted' || options.signal.aborted) break;
	}
	if (last === undefined) return failed(request.model, new AppError('model/unavailable'));
	if (attempts.length < 2) return last;
	const isLost =
		last.error !== undefined && attempts.every((attempt) => !attempt.ok) && last.parts.length === 0;
	return {
		...last,
		attempts,
		...(isLost && last.stop === 'error'
			? { error: new AppError('model/all-failed', { data: { last: last.error?.id ?? '' } }).toWire() }
			: {})
	};
}

/** The asked model, then the chain's others. Rehearsal never joins: it would answer for a model. */
function orderOf(asked: ModelRef, chain: FallbackChain | undefined): readonly ModelRef[] {
	const order: ModelRef[] = [asked];
	for (const ref of chain?.models ?? []) {
		const isKnown = order.some((known) => known.provider === ref.provider && known.model === ref.model);
		if (!isKnown && ref.provider !== 'rehearsal') order.push(ref);
	}
	return order;
}

function failed(model: ModelRef, error: AppError): ModelReply {
	return { model, parts: [], stop: 'error', error: error.toWire(), usage: noUsage };
}

async function askOne(
	deps: ModelPortDeps,
	request: ModelRequest,
	timeoutMs: number,
	options: AskOptions
): Promise<ModelReply> {
	const { model } = request;
	if (model.provider === 'builtin') return await deps.builtin.ask(request, options);
	let target: ModelTarget;
	let protocol: Protocol | undefined;
	let body: string;
	let path: string;
	let headers: Readonly<Record<string, string>>;
	try {
		target = await deps.targets(model);
		protocol = await deps.loadProtocol(target.protocol);
		if (protocol === undefined) throw new AppError('model/unavailable');
		const call = protocol.encode(request, target.target);
		({ path, headers } = call);
		body = JSON.stringify(call.body);
	} catch (thrown) {
		return failed(model, toAppError(thrown));
	}
	const plan = createRetryPlan(deps.random);
	for (;;) {
		if (options.signal.aborted) return { model, parts: [], stop: 'aborted', usage: noUsage };
		let hasSpoken = false;
		const outcome = await tryOnce(deps, {
			protocol,
			target,
			url: target.base + path,
			// Only our own relay expects the id; elsewhere a header that CORS does not list refuses the request.
			headers: target.via === 'relay' ? { ...headers, 'x-request-id': options.requestId } : headers,
			body,
			timeoutMs,
			options: {
				...options,
				onEvent: (event) => {
					hasSpoken = true;
					options.onEvent(event);
				}
			}
		});
		const { reply, retryAfterMs } = outcome;
		if (reply.error?.retryable !== true || hasSpoken || reply.parts.length > 0) return reply;
		// Whoever has just been silent for the whole time is not asked to be so again.
		if (reply.error.id === 'model/timeout') return reply;
		const wait = plan(retryAfterMs);
		if (wait === undefined) return reply;
		try {
			await deps.clock.sleep(wait, options.signal);
		} catch {
			return { ...reply, stop: 'aborted' };
		}
	}
}

interface Try {
	readonly protocol: Protocol;
	readonly target: ModelTarget;
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
	readonly timeoutMs: number;
	readonly options: AskOptions;
}

interface Outcome {
	readonly reply: ModelReply;
	readonly retryAfterMs?: number;
}

async function tryOnce(deps: ModelPortDeps, one: Try): Promise<Outcome> {
	const { protocol, target, options } = one;
	const model = target.target.ref;
	const watch = watchIdle(deps.clock, one.timeoutMs, options.signal);
	let decoder: Decoder | undefined;
	try {
		const request = new Request(one.url, {
			method: 'POST',
			headers: one.headers,
			body: one.body,
			signal: watch.signal,
			// A redirect must not carry a key along. (`error` would say it better, but workerd has no such mode.)
			redirect: 'manual'
		});
		const response = await watch.race(deps.sign(request, target).then(deps.fetch));
		watch.touch();
		if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
			return {
				reply: failed(model, new AppError('model/unavailable', { message: 'This address points elsewhere.' }))
			};
		}
		if (!response.ok) return await readFailure(protocol, response, model, watch);
		decoder = protocol.decoder(target.target);
		await readBody(response, decoder, options, watch);
		return { reply: { ...decoder.end('closed'), model } };
	} catch (thrown) {
		return { reply: readThrown(thrown, decoder, model, options.signal, watch.isTimedOut()) };
	} finally {
		watch.stop();
	}
}

type Watch = ReturnType<typeof watchIdle>;

async function readBody(
	response: Response,
	decoder: Decoder,
	options: AskOptions,
	watch: Watch
): Promise<void> {
	const { body } = response;
	if (body === null) return;
	const type = response.headers.get('content-type') ?? '';
	if (type.includes('json') && !type.includes('event-stream') && !type.includes('ndjson')) {
		// Asked for a stream, answered whole: one event that the decoders read as well.
		const text = await watch.race(response.text());
		decoder.push(new TextEncoder().encode(`data: ${text.replaceAll(/[\r\n]+/g, ' ')}\n\n`), options.onEvent);
		return;
	}
	const reader = body.getReader();
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
			decoder.push(value, options.onEvent);
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
	watch: Watch
): Promise<Outcome> {
	const text = await watch.race(response.text()).catch(() => '');
	const error = protocol.readError(response.status, response.headers, text);
	const wait = retryAfter(response.headers, Date.parse(response.headers.get('date') ?? ''));
	return { reply: failed(model, error), ...(wait === undefined ? {} : { retryAfterMs: wait }) };
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
