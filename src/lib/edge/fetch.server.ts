/**
 * `POST /api/fetch`: a page that CORS keeps from the browser, fetched by the guard. A device with the scope
 * `fetch` reaches any public host, so often a minute and so many bytes a day. While nobody has claimed the
 * relay, strangers reach a short list of hosts; somebody at this machine, any public one.
 */

import { AppError } from '../wire/errors';
import { isFetchHost } from '../wire/fetch-hosts';
import { parseJson } from '../wire/json';
import { audit, type AuditLine, type Log } from './audit';
import { readCaller, type Caller } from './caller';
import { count } from './home/ask-home';
import { openDoor, refuseStranger } from './home/door';
import type { Admitted } from './home/verbs';
import { checkHop, settle } from './outside';
import { checkOwnPage, readSmall } from './own-page';
import { retryAfter } from './retry-after';
import { fail } from './envelope';
import type { EdgeEnv } from './env';
import { resolverFor } from './guarded-address';
import { fetchLimits, guardedFetch, type GuardPorts } from './guarded-fetch';
import { checkRate } from './rate-limit';
import { fetchRequest } from './schemas';
import { withSecurityHeaders } from './security-headers';

interface FetchOptions {
	readonly address?: string;
	readonly fetch?: GuardPorts['fetch'];
	readonly log?: Log;
	/** Keeps the Worker alive for what has to be done after the answer; default: at once. */
	readonly later?: (task: Promise<void>) => void;
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
	const reserved = fetchLimits.bytes;
	let member: Admitted | undefined;
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
			bucket: 'fetch',
			bytes: reserved
		}));
		const limited = door.kind === 'member' ? undefined : await checkRate(env, caller);
		if (limited !== undefined) throw limited;
		if (door.kind === 'stranger') throw refuseStranger();
		if (door.kind === 'member') member = door.member;
		const reachesAll = door.kind === 'member' || caller.isLoopback;
		const asked = fetchRequest.safeParse(parseJson(body));
		if (!asked.success) throw new AppError('input/invalid', { data: { code: 'bad-body' } });
		target = URL.parse(asked.data.url)?.hostname ?? 'unparsable';
		const send = options.fetch ?? ((outgoing: Request) => fetch(outgoing));
		const resolve = resolverFor(env, caller, send);
		const came = Promise.withResolvers<number>();
		const { url: found, response } = await guardedFetch(
			{ ...asked.data, signal: request.signal },
			{
				policy: { ownHosts: [url.hostname], ...(reachesAll ? {} : { isListed: isFetchHost }) },
				fetch: send,
				onEnd: came.resolve,
				...(resolve === undefined ? {} : { resolve })
			}
		);
		const settled = came.promise.then((bytes) => settle(env, member, { reserved, came: bytes }));
		options.later?.(settled);
		response.headers.set('x-wherry-url', found);
		response.headers.set('x-request-id', caller.requestId);
		return finish(response);
	} catch (thrown) {
		await settle(env, member, { reserved, came: 0 });
		const error = thrown instanceof AppError ? thrown : new AppError('fetch/failed', { cause: thrown });
		return finish(fail(error, caller.requestId, retryAfter(error)), error.id);
	}
}

/** Nothing that markup, a form or a foreign page can send. */
function checkCaller(request: Request, caller: Caller): void {
	if (request.method !== 'POST') throw new AppError('relay/method-not-allowed');
	checkOwnPage(request, caller, true);
	checkHop(request);
}
