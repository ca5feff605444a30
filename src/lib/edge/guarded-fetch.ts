/**
 * Fetches a public page for somebody: every hop is checked against `ssrf.ts`, redirects by hand,
 * nothing secret crosses to another origin, the body is capped and inert (trust.md C8).
 *
 * Residual: between the resolver's answer and the connection a name may change its address. A
 * deployed Worker has no private network behind it; a local one is kept by https (a private service
 * would need a certificate for the attacker's name) but for the bare connection attempt.
 */

import { AppError } from '../wire/errors';
import { admitAddress, notAllowed, type AddressPorts } from './guarded-address';
import { inertHeaders } from './inert-headers';
import { hasUserinfo } from './ssrf';
import { tooLarge, watchedBody } from './watched-body';

export interface GuardedFetch {
	readonly url: string;
	/** POST is the relay's own (an operator's webhook): it follows no redirect. */
	readonly method: 'GET' | 'HEAD' | 'POST';
	readonly headers: Readonly<Record<string, string>>;
	readonly body?: string;
	readonly signal: AbortSignal;
}

export interface GuardPorts extends AddressPorts {
	/** Must not follow redirects by itself. */
	readonly fetch: (request: Request) => Promise<Response>;
	readonly limits?: Partial<FetchLimits>;
	/** Once, when the body of an answer that was given has ended. */
	readonly onEnd?: (bytes: number) => void;
}

export interface FetchLimits {
	readonly redirects: number;
	/** After decompression. */
	readonly bytes: number;
	readonly msToHeaders: number;
	readonly msTotal: number;
}

export const fetchLimits: FetchLimits = {
	redirects: 5,
	bytes: 10 * 1024 * 1024,
	msToHeaders: 10_000,
	msTotal: 60_000
};

export interface GuardedAnswer {
	/** Where the redirects ended. */
	readonly url: string;
	readonly response: Response;
}

/** Throws AppError `fetch/…`, always with a reason in `data.code`. */
export async function guardedFetch(asked: GuardedFetch, ports: GuardPorts): Promise<GuardedAnswer> {
	const limits = { ...fetchLimits, ...ports.limits };
	const total = AbortSignal.any([asked.signal, AbortSignal.timeout(limits.msTotal)]);
	let address = asked.url;
	let headers = requestHeaders(asked.headers);
	let origin: string | undefined;
	for (let hop = 0; hop <= limits.redirects; hop += 1) {
		const url = await admitAddress(address, ports, total);
		// Of what is asked next, and of nothing that was only said on the way to it.
		if (origin !== undefined && url.origin !== origin) headers = anonymous(headers);
		({ origin } = url);
		const answer = await ask(
			new Request(url.href, {
				method: asked.method,
				headers,
				redirect: 'manual',
				...(asked.body === undefined ? {} : { body: asked.body })
			}),
			ports,
			total,
			limits
		);
		const location = isRedirect(answer.status) ? answer.headers.get('location') : null;
		if (location === null || asked.method === 'POST')
			return { url: url.href, response: inert(answer, limits, ports.onEnd) };
		await answer.body?.cancel();
		const next = URL.parse(location, url.href);
		if (next === null) throw new AppError('fetch/failed', { data: { code: 'bad-redirect' } });
		if (hasUserinfo(location)) throw notAllowed('userinfo');
		address = next.href;
	}
	throw new AppError('fetch/too-many-redirects', { data: { code: 'too-many-redirects' } });
}

async function ask(
	request: Request,
	ports: GuardPorts,
	total: AbortSignal,
	limits: FetchLimits
): Promise<Response> {
	const late = new AbortController();
	const timer = setTimeout(() => late.abort(), limits.msToHeaders);
	try {
		return await ports.fetch(new Request(request, { signal: AbortSignal.any([total, late.signal]) }));
	} catch (thrown) {
		if (late.signal.aborted || total.aborted)
			throw new AppError('fetch/timeout', { data: { code: 'timeout' }, cause: thrown });
		throw new AppError('fetch/failed', { data: { code: 'unreachable' }, cause: thrown });
	} finally {
		clearTimeout(timer);
	}
}

function isRedirect(status: number): boolean {
	return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

const neverSent =
	/^(?:host|cookie2?|origin|referer|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-length|accept-encoding|forwarded|via|x-real-ip|true-client-ip|cdn-loop|(?:proxy|sec|cf|mf|x-forwarded)-.*|x-wherry(?:-.*)?)$/;
const harmless = new Set([
	'accept',
	'accept-language',
	'user-agent',
	'range',
	'if-none-match',
	'if-modified-since'
]);

/** What may be sent to somebody else of the headers that were given. */
export function requestHeaders(given: Readonly<Record<string, string>>): Headers {
	const headers = new Headers({ 'x-wherry-hop': '1' });
	for (const [name, value] of Object.entries(given)) {
		if (neverSent.test(name.toLowerCase())) continue;
		headers.set(name, value);
	}
	return headers;
}

/** For another origin: only what says nothing about anybody. */
function anonymous(headers: Headers): Headers {
	const kept = new Headers({ 'x-wherry-hop': '1' });
	for (const [name, value] of headers) if (harmless.has(name)) kept.set(name, value);
	return kept;
}

/** The answer as data: capped, nothing to run, nothing to store. */
function inert(answer: Response, limits: FetchLimits, onEnd: GuardPorts['onEnd']): Response {
	if (Number(answer.headers.get('content-length') ?? 0) > limits.bytes) throw tooLarge(limits.bytes);
	const headers = inertHeaders(answer);
	headers.set('x-wherry-status', String(answer.status));
	if (answer.body === null) onEnd?.(0);
	const watch = { bytes: limits.bytes, ...(onEnd === undefined ? {} : { onEnd }) };
	return new Response(answer.body === null ? null : watchedBody(answer.body, watch), {
		status: 200,
		headers
	});
}
