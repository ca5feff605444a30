/**
 * `/api/streams/{id}`: a hub's stream read again, asked for its state, or stopped. The id is the
 * permission (120 bits or more that only the asking device knows), and what it opens is sealed.
 */

import { AppError } from '../wire/errors';
import { hubHeader, streamId } from '../wire/hub';
import { corsHeaders, mayCall, preflight, readCaller } from './caller';
import { fail } from './envelope';
import type { EdgeEnv } from './env';
import type { Ticket } from './home/settle';
import { withTarget, readSecret } from './hub/hub-request';
import { checkRate } from './rate-limit';
import { retryAfter } from './retry-after';

export interface StreamAsk {
	readonly url: URL;
	readonly id: string;
	readonly what: 'read' | 'state' | 'stop';
}

export async function streams(request: Request, env: EdgeEnv, ask: StreamAsk): Promise<Response> {
	const { url, id, what } = ask;
	const caller = readCaller(request, url, env);
	const headers = corsHeaders(request, caller);
	const refuse = (error: AppError): Response =>
		fail(error, caller.requestId, { ...headers, ...retryAfter(error) });
	if (request.method === 'OPTIONS') return preflight(request, caller);
	if (!mayCall(request, caller)) return refuse(new AppError('relay/origin-not-allowed'));
	if (!streamId.safeParse(id).success) return refuse(new AppError('stream/not-found'));
	if (env.STREAMS === undefined) return refuse(new AppError('stream/unavailable'));
	const limited = await checkRate(env, caller, 'read');
	if (limited !== undefined) return refuse(limited);
	const after = url.searchParams.get('after') ?? lastSeen(request.headers.get('last-event-id'));
	const answer = await env.STREAMS.getByName(id).fetch(
		`https://hub/${what}?after=${encodeURIComponent(after)}`,
		{ method: request.method, headers: { 'x-request-id': caller.requestId } }
	);
	const response = new Response(answer.body, answer);
	for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
	return response;
}

/** `Last-Event-ID: {epoch}-{seq}`, as an EventSource sends it. */
function lastSeen(header: string | null): string {
	return /-(\d+)$/.exec(header ?? '')?.[1] ?? '0';
}

interface HubAsk {
	readonly asked: Headers;
	/** What the provider is to get. */
	readonly outgoing: Request;
	readonly requestId: string;
	/** What was reserved for it: the hub hears what it took. */
	readonly ticket: Ticket | undefined;
}

/**
 * A relay request whose caller asks for a hub. Undefined where this Worker has none, or what was asked for is
 * no stream's id and key: then the relay answers as it does without.
 */
export function startInHub(
	env: EdgeEnv,
	{ asked, outgoing, requestId, ticket }: HubAsk
): Promise<Response> | undefined {
	const id = asked.get(hubHeader.stream);
	const seal = asked.get(hubHeader.seal);
	if (env.STREAMS === undefined || id === null || seal === null) return undefined;
	if (!streamId.safeParse(id).success || readSecret(seal) === undefined) return undefined;
	const headers = new Headers({ [hubHeader.stream]: id, [hubHeader.seal]: seal, 'x-request-id': requestId });
	withTarget(headers, { url: outgoing.url, headers: [...outgoing.headers], ticket });
	return env.STREAMS.getByName(id).fetch('https://hub/start', {
		method: outgoing.method,
		headers,
		body: outgoing.body
	});
}
