/**
 * Who is asking: from which page, and from this machine or not. Decided from what a page cannot
 * forge (Origin, Host and Sec-Fetch-* are set by the browser) and what a client elsewhere cannot
 * (the address the connection came from).
 */

import type { EdgeEnv } from './env';

export interface Caller {
	/** `x-request-id` as given, where it is well-formed, else a new one. */
	readonly requestId: string;
	/** Address of the client; `unknown` where the runtime does not say. */
	readonly address: string;
	/**
	 * Whether this is somebody at this very machine, not sent by a foreign page. Never true on a
	 * deployed Worker: there the client's address is public and the Host is the Worker's.
	 */
	readonly isLoopback: boolean;
	/** `absent` is a client that is no page, or a same-origin GET. */
	readonly origin: 'absent' | 'same' | 'listed' | 'foreign';
}

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);
const loopbackAddresses = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
const wellFormedId = /^[A-Za-z0-9._:-]{1,128}$/;

/** `address` is for hosts that tell it apart from the headers (`vite dev`). */
export function readCaller(request: Request, url: URL, env: EdgeEnv, address?: string): Caller {
	const { headers } = request;
	const client = headers.get('cf-connecting-ip') ?? address ?? 'unknown';
	const origin = judgeOrigin(headers, url, env);
	const given = headers.get('x-request-id');
	return {
		requestId: given !== null && wellFormedId.test(given) ? given : crypto.randomUUID(),
		address: client,
		isLoopback:
			loopbackAddresses.has(client) &&
			loopbackHosts.has(url.hostname) &&
			(headers.get('host') ?? url.host) === url.host &&
			(origin === 'absent' || origin === 'same'),
		origin
	};
}

function judgeOrigin(headers: Headers, url: URL, env: EdgeEnv): Caller['origin'] {
	const origin = headers.get('origin');
	const site = headers.get('sec-fetch-site');
	if (origin === null) {
		// A foreign page's <img> or no-cors GET carries no Origin, but says where it comes from.
		return site === null || site === 'same-origin' || site === 'none' ? 'absent' : 'foreign';
	}
	if (origin === url.origin) return 'same';
	return allowedOrigins(env).has(origin) ? 'listed' : 'foreign';
}

function allowedOrigins(env: EdgeEnv): ReadonlySet<string> {
	return new Set((env.RELAY_ALLOWED_ORIGINS ?? '').split(/[\s,]+/).filter((origin) => origin !== ''));
}

/** A browser may call by fetch from our own or a listed origin; markup (`<img src>`) never may. */
export function mayCall(request: Request, caller: Caller): boolean {
	const destination = request.headers.get('sec-fetch-dest');
	return caller.origin !== 'foreign' && (destination === null || destination === 'empty');
}

/** CORS headers for a page at a listed origin; none for anybody else. */
export function corsHeaders(request: Request, caller: Caller): Record<string, string> {
	const origin = request.headers.get('origin');
	if (caller.origin !== 'listed' || origin === null) return { vary: 'Origin' };
	return {
		vary: 'Origin',
		'access-control-allow-origin': origin,
		'access-control-expose-headers': '*'
	};
}

/** The answer to a preflight: yes to listed origins, silence to others. */
export function preflight(request: Request, caller: Caller): Response {
	const asked = request.headers.get('access-control-request-headers');
	return new Response(null, {
		status: 204,
		headers: {
			...corsHeaders(request, caller),
			'x-request-id': caller.requestId,
			...(caller.origin === 'listed'
				? {
						'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
						...(asked === null ? {} : { 'access-control-allow-headers': asked }),
						'access-control-max-age': '600'
					}
				: {})
		}
	});
}

/**
 * A page under a name that was rebound to this machine reads answers as its own, and may say by a header
 * of `wrangler dev` (`MF-Original-URL`) that it asked for localhost. What it cannot do: send a POST
 * without its Origin, or any `Sec-Fetch-*`, which browsers add at trustworthy addresses only. Programs
 * that add neither (curl, Python) are taken for somebody at this machine with POST and DELETE.
 */
export function mayBeRebound({ method, headers }: Request): boolean {
	if (method !== 'GET' && method !== 'HEAD') return false;
	return !headers.has('origin') && !headers.has('sec-fetch-site') && !headers.has('sec-fetch-mode');
}
