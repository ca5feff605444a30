/**
 * The model port: a request through the model's protocol, retries while nothing has been said, then the
 * next model of the chain. Never rejects.
 */

import type { Attempt, ModelRef } from '../../wire/entries';
import { noUsage } from '../../wire/entries';
import { AppError, toAppError } from '../../wire/errors';
import type { ProtocolId } from '../../wire/providers';
import type { Random } from '../ports';
import { traitsOf } from './catalog';
import { exchange, failed } from './exchange';
import { gatewayId, stepOf, universalCall } from './gateway';
import type { ExchangeDeps } from './exchange';
import type { AskOptions, ModelPort, ModelReply, ModelRequest, Protocol } from './protocol';
import { createRetryPlan } from './retry';
import type { ModelTarget } from './targets';

export interface FallbackChain {
	/** In order; the asked model always comes first, whether it is listed or not. */
	readonly models: readonly ModelRef[];
	/** How long a model may be silent: before its first byte and between any two. */
	readonly perModelTimeoutMs: number;
}

export interface ModelPortDeps extends ExchangeDeps {
	readonly random: Random;
	/** Where and how to reach a model. Throws an AppError where it cannot be reached. */
	targets(ref: ModelRef): ModelTarget | Promise<ModelTarget>;
	loadProtocol(id: ProtocolId): Promise<Protocol | undefined>;
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
	const order = orderOf(request.model, chain);
	for (let at = 0, next = 1; at < order.length; at = next) {
		const [model = request.model, ...others] = order.slice(at);
		next = at + 1;
		const startedAt = deps.clock.now();
		if (attempts.length > 0 && request.tools.length > 0 && !traitsOf(model).abilities.tools) {
			const error = new AppError('model/unavailable', {
				message: 'This model cannot use skills, so it was passed over.'
			});
			attempts.push({ model, ok: false, error: error.toWire(), durationMs: 0 });
			continue;
		}
		const behind = standIns(model, others, request);
		const asked = { request: { ...request, model }, standIns: behind, timeoutMs };
		const { reply, hasSpoken, passed } = await askOne(deps, asked, options);
		next += passed.length;
		const ok = reply.error === undefined;
		attempts.push(...passed);
		attempts.push({
			model: reply.model,
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

/** Models that the same AI Gateway can ask by itself, in one request. */
function standIns(
	model: ModelRef,
	others: readonly ModelRef[],
	{ tools }: ModelRequest
): readonly ModelRef[] {
	if (model.provider !== gatewayId) return [];
	const end = others.findIndex(
		(other) => other.provider !== gatewayId || (tools.length > 0 && !traitsOf(other).abilities.tools)
	);
	return end === -1 ? others : others.slice(0, end);
}

interface Asked {
	readonly request: ModelRequest;
	readonly standIns: readonly ModelRef[];
	/** Of each of them. */
	readonly timeoutMs: number;
}

interface Outcome {
	readonly reply: ModelReply;
	/** Something of it was shown. */
	readonly hasSpoken: boolean;
	/** Those that the gateway asked before the one that the reply is from. */
	readonly passed: readonly Attempt[];
}

async function askOne(
	deps: ModelPortDeps,
	{ request, standIns: behind, timeoutMs }: Asked,
	options: AskOptions
): Promise<Outcome> {
	const { model } = request;
	let hasSpoken = false;
	let all: readonly ModelRef[] = [model];
	let step: number | undefined;
	const onEvent: AskOptions['onEvent'] = (event) => {
		hasSpoken = true;
		options.onEvent(event);
	};
	const done = (reply: ModelReply): Outcome => {
		// Where nothing came of it, all of them failed.
		const last = step ?? (reply.error === undefined ? 0 : all.length - 1);
		const error =
			reply.error ??
			new AppError('model/unavailable', { message: 'The gateway went on to the next.' }).toWire();
		const passed = all.slice(0, last).map((one) => ({ model: one, ok: false, error, durationMs: 0 }));
		return { reply: { ...reply, model: all[last] ?? model }, hasSpoken, passed };
	};
	if (model.provider === 'builtin') return done(await deps.builtin.ask(request, { ...options, onEvent }));
	let target: ModelTarget;
	let protocol: Protocol | undefined;
	let body: string;
	let url: string;
	let headers: Readonly<Record<string, string>>;
	try {
		target = await deps.targets(model);
		protocol = await deps.loadProtocol(target.protocol);
		if (protocol === undefined) throw new AppError('model/unavailable');
		const call = protocol.encode(request, target.target);
		url = target.base + call.path;
		headers = { ...call.headers, ...target.headers };
		const bodies = [call.body];
		for (const one of behind) {
			const other = await deps.targets(one);
			bodies.push(protocol.encode({ ...request, model: one }, other.target).body);
		}
		const universal = universalCall(target.base, bodies, timeoutMs);
		if (universal !== undefined) {
			url = universal.base;
			all = [model, ...behind];
		}
		body = JSON.stringify(universal?.body ?? call.body);
	} catch (thrown) {
		return done(failed(model, toAppError(thrown)));
	}
	const { signal, requestId, stream } = options;
	const plan = createRetryPlan(deps.random);
	for (;;) {
		step = undefined;
		if (signal.aborted) return done({ model, parts: [], stop: 'aborted', usage: noUsage });
		const { reply, retryAfterMs } = await exchange(deps, {
			protocol,
			target,
			url,
			// Only our own relay expects the id; elsewhere a header that CORS does not list refuses the request.
			headers: target.via === 'relay' ? { ...headers, 'x-request-id': requestId } : headers,
			body,
			timeoutMs: timeoutMs * all.length,
			signal,
			onEvent,
			onHead: (head) => {
				step = stepOf(head, all.length) ?? 0;
			},
			...(stream === undefined ? {} : { stream })
		});
		if (reply.error?.retryable !== true || hasSpoken || reply.parts.length > 0) return done(reply);
		// Whoever has just been silent for the whole time is not asked to be so again.
		if (reply.error.id === 'model/timeout') return done(reply);
		const wait = plan(retryAfterMs);
		if (wait === undefined) return done(reply);
		try {
			await deps.clock.sleep(wait, signal);
		} catch {
			return done({ ...reply, stop: 'aborted' });
		}
	}
}
