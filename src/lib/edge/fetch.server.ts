/**
 * `POST /api/fetch`: a page that CORS keeps from the browser, fetched by the guard. While nobody has
 * claimed the relay, strangers reach a short list of hosts; somebody at this machine, any public one.
 */

import { AppError } from '../wire/errors';
import { isFetchHost } from '../wire/fetch-hosts';
import { parseJson } from '../wire/json';
import { audit, type AuditLine, type Log } from './audit';
import { readCaller, type Caller } from './caller';
import { count } from './home/ask-home';
import { openDoor, refuseStranger } from './home/door';
import { checkOwnPage, readSmall } from './own-page';
import { retryAfter } from './retry-after';
import { resolveByDoh } from './doh';
import { fail } from './envelope';
import { readVariable, type EdgeEnv } from './env';
import { guardedFetch, type GuardPorts } from './guarded-fetch';
import { checkRate } from './rate-limit';
import { fetchRequest } from './schemas';
import { withSecurityHeaders } from './security-headers';

interface FetchOptions {
	readonly address?: string;
	readonly fetch?: GuardPorts['fetch'];
	readonly log?: Log;
}

/**
 * Answers 200 with the page's bytes, its own status in `x-wherry-status` and where it was found in
 * `x-wherry-url`; or an envelope with an error. Never rejects.
 */
export async function fetchForCaller(
	request: Request,
	env: EdgeEnv,
	options: FetchOptions = {}
): Promise<Response> {
	const started = Date.now();
	const url = new URL(request.url);
	const caller = readCaller(request, url, env, options.address);
	let target = 'none';
	const finish = (response: Response, error?: string): Response => {
		const line: AuditLine = {
			event: 'fetch',
			requestId: caller.requestId,
			method: request.method,
			target,
			status: response.status,
			ms: Date.now() - started,
			...(error === undefined ? {} : { error })
		};
		count('fetch', response.status);
		audit(line, options.log);
		return withSecurityHeaders(response, url);
	};
	try {
		checkCaller(request, caller);
		const body = await readSmall(request);
		const door = await openDoor(env, { request, url, caller, body }, () => ({
			need: 'fetch',
			bucket: 'fetch'
		}));
		const limited = door.kind === 'member' ? undefined : await checkRate(env, caller);
		if (limited !== undefined) throw limited;
		if (door.kind === 'stranger') throw refuseStranger();
		const reachesAll = door.kind === 'member' || caller.isLoopback;
		const asked = fetchRequest.safeParse(parseJson(body));
		if (!asked.success) throw new AppError('input/invalid', { data: { code: 'bad-body' } });
		target = URL.parse(asked.data.url)?.hostname ?? 'unparsable';
		const resolve = resolver(env, caller, options);
		const { url: found, response } = await guardedFetch(
			{ ...asked.data, signal: request.signal },
			{
				policy: { ownHosts: [url.hostname], ...(reachesAll ? {} : { isListed: isFetchHost }) },
				fetch: options.fetch ?? ((outgoing) => fetch(outgoing)),
				...(resolve === undefined ? {} : { resolve })
			}
		);
		response.headers.set('x-wherry-url', found);
		response.headers.set('x-request-id', caller.requestId);
		return finish(response);
	} catch (thrown) {
		const error = thrown instanceof AppError ? thrown : new AppError('fetch/failed', { cause: thrown });
		return finish(fail(error, caller.requestId, retryAfter(error)), error.id);
	}
}

/** Nothing that markup, a form or a foreign page can send. */
function checkCaller(request: Request, caller: Caller): void {
	if (request.method !== 'POST') throw new AppError('relay/method-not-allowed');
	checkOwnPage(request, caller, true);
	// We put it on every fetch: a relay that asks itself, or another one, stops here.
	if (request.headers.has('x-wherry-hop'))
		throw new AppError('fetch/url-not-allowed', { data: { code: 'loop' } });
}

/** A deployed Worker asks a public resolver first; a local one only where it is told to. */
function resolver(env: EdgeEnv, caller: Caller, options: FetchOptions): GuardPorts['resolve'] {
	const configured =
		readVariable(env, 'FETCH_DOH') ?? (caller.isLoopback ? 'off' : 'https://cloudflare-dns.com/dns-query');
	if (configured === 'off') return undefined;
	const send = options.fetch ?? ((outgoing) => fetch(outgoing));
	return (host, signal) => resolveByDoh(configured, host, signal, send);
}
