/**
 * One request to an MCP server (streamable HTTP, or the older SSE) by the guard. The caller's credentials go to
 * the very address that the person named and nowhere else: no redirect is followed, not even on one origin. A
 * POST cannot be sent twice without keeping it, and a server that moved is better named anew.
 * https://modelcontextprotocol.io/specification/2025-06-18/basic/transports
 */

import { AppError } from '../wire/errors';
import type { Caller } from './caller';
import type { EdgeEnv } from './env';
import { admitAddress, resolverFor } from './guarded-address';
import { requestHeaders } from './guarded-fetch';
import { inertHeaders } from './inert-headers';
import { tooLarge, watchedBody } from './watched-body';

export interface McpLimits {
	/** Of one answer, after decompression. */
	readonly bytes: number;
	readonly requestBytes: number;
	/** A server may work for a while before it answers with anything. */
	readonly msToHeaders: number;
	readonly msIdle: number;
	readonly msTotal: number;
}

export const mcpLimits: McpLimits = {
	bytes: 10 * 1024 * 1024,
	requestBytes: 4 * 1024 * 1024,
	msToHeaders: 60_000,
	msIdle: 60_000,
	msTotal: 10 * 60_000
};

export interface McpUpstream {
	readonly env: EdgeEnv;
	readonly caller: Caller;
	/** As the person named it. */
	readonly address: string;
	readonly ownHost: string;
	readonly limits: McpLimits;
	readonly onEnd: (bytes: number) => void;
	/** Must not follow redirects by itself. */
	readonly send: (request: Request) => Promise<Response>;
}

/** Throws AppError `fetch/…`, always with a reason in `data.code`. */
export async function askMcp(request: Request, upstream: McpUpstream): Promise<Response> {
	const { env, caller, limits, send, onEnd } = upstream;
	const stop = new AbortController();
	const total = AbortSignal.any([request.signal, stop.signal, AbortSignal.timeout(limits.msTotal)]);
	const resolve = resolverFor(env, caller, send);
	const policy = { ownHosts: [upstream.ownHost] };
	const url = await admitAddress(
		upstream.address,
		{ policy, ...(resolve === undefined ? {} : { resolve }) },
		total
	);
	const { method } = request;
	const body = method === 'POST' ? capped(request, limits.requestBytes, stop) : null;
	const timer = setTimeout(() => stop.abort(timedOut()), limits.msToHeaders);
	let answer: Response;
	try {
		const init = { method, headers: headersFor(request), redirect: 'manual', signal: total } as const;
		answer = await send(new Request(url.href, body === null ? init : { ...init, body }));
	} catch (thrown) {
		if (request.signal.aborted) throw thrown;
		const { reason }: { reason?: unknown } = stop.signal;
		if (reason instanceof AppError) throw reason;
		if (total.aborted) throw timedOut(thrown);
		const message = 'The MCP server could not be reached.';
		throw new AppError('fetch/failed', { message, data: { code: 'unreachable' }, cause: thrown });
	} finally {
		clearTimeout(timer);
	}
	if (answer.status >= 300 && answer.status < 400 && answer.status !== 304) {
		await answer.body?.cancel();
		throw moved(answer.headers.get('location'), url);
	}
	return pass(answer, limits, onEnd);
}

/** The caller's own for the server, less what is ours or says where the caller is. */
function headersFor(request: Request): Headers {
	const headers = requestHeaders(Object.fromEntries(request.headers));
	// Ours, in the place of the server's: some program mixed them up.
	if (/^(?:Wherry1 |Bearer w1\.)/i.test(headers.get('authorization') ?? '')) headers.delete('authorization');
	// A compressed event stream arrives in lumps.
	headers.set('accept-encoding', 'identity');
	return headers;
}

function timedOut(cause?: unknown): AppError {
	const message = 'The MCP server took too long.';
	return new AppError('fetch/timeout', { message, data: { code: 'timeout' }, cause });
}

function capped(request: Request, limit: number, stop: AbortController): ReadableStream<Uint8Array> | null {
	if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge(limit);
	if (request.body === null) return null;
	// A body that fails does not end a request by itself.
	const onEnd = (seen: number): void => {
		if (seen > limit) stop.abort(tooLarge(limit));
	};
	return watchedBody(request.body, { bytes: limit, onEnd });
}

function moved(location: string | null, from: URL): AppError {
	const to = location === null ? null : URL.parse(location, from.href);
	const where = to === null ? '' : ` It points to ${to.origin}${to.pathname}.`;
	return new AppError('fetch/too-many-redirects', {
		message: `This MCP server answered with a redirect, which is not followed.${where}`,
		data: { code: 'redirect' }
	});
}

function pass(answer: Response, limits: McpLimits, onEnd: (bytes: number) => void): Response {
	const { status } = answer;
	const headers = inertHeaders(answer);
	// Where to sign in is said there. `Basic` would open the browser's own dialog on our origin.
	const challenge = answer.headers.get('www-authenticate');
	if (challenge !== null && /^(?:bearer|dpop)\b/i.test(challenge) && !/\bbasic\b/i.test(challenge))
		headers.set('www-authenticate', challenge);
	headers.set('cache-control', 'no-store, no-transform');
	headers.set('x-accel-buffering', 'no');
	if (answer.body === null) {
		onEnd(0);
		return new Response(null, { status, headers });
	}
	const body = watchedBody(answer.body, { bytes: limits.bytes, msIdle: limits.msIdle, onEnd });
	return new Response(body, { status, headers });
}
