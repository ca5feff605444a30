/**
 * The first to see a request. Relay traffic goes straight through: SvelteKit would redirect a final
 * slash and look into its cache. Whatever else answers leaves with the security headers.
 */

import { AppError } from '../wire/errors';
import { writeLog } from './audit';
import { readCaller } from './caller';
import { fail } from './envelope';
import type { EdgeEnv } from './env';
import { relay } from './relay.server';
import { relayPrefix } from './relay-target';
import { withSecurityHeaders } from './security-headers';
import { sync } from './sync.server';
import { syncPrefix } from '../wire/sync';
import { livePath, liveShare } from './shares.server';

interface EdgeContext {
	waitUntil(promise: Promise<unknown>): void;
}

export async function serve(
	request: Request,
	env: EdgeEnv,
	context: EdgeContext,
	next: () => Promise<Response>
): Promise<Response> {
	const url = new URL(request.url);
	if (url.pathname.startsWith(relayPrefix) && url.pathname !== `${relayPrefix}providers`) {
		return relay(request, env, { url, later: (task) => afterwards(task, context) });
	}
	// A socket that was accepted cannot be copied to put headers on it.
	if (url.pathname.startsWith(syncPrefix)) {
		const response = await sync(request, env, url);
		return response.status === 101 ? response : withSecurityHeaders(response, url);
	}
	const [, shareId] = livePath.exec(url.pathname) ?? [];
	if (shareId !== undefined) {
		const response = await liveShare(request, env, shareId);
		return response.status === 101 ? response : withSecurityHeaders(response, url);
	}
	const { requestId } = readCaller(request, url, env);
	// SvelteKit's page would stumble over its own address: the same error page, at one that can be read.
	if (!isReadable(url.pathname) && !url.pathname.startsWith('/api/'))
		return withSecurityHeaders(redirect('/not-found'), url);
	try {
		const response = await next();
		// SvelteKit refuses a foreign form before any of our code runs, in plain text.
		const isBare = response.status === 403 && !response.headers.has('x-wherry-error');
		return withSecurityHeaders(
			isBare && url.pathname.startsWith('/api/')
				? fail(new AppError('relay/origin-not-allowed'), requestId)
				: forgettable(response),
			url
		);
	} catch (thrown) {
		const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
		writeLog(JSON.stringify({ event: 'error', requestId, path: url.pathname, error: text }));
		// What it was is for the log: the answer goes to anybody.
		return withSecurityHeaders(fail(new AppError('internal/unexpected'), requestId), url);
	}
}

/**
 * The rule that lets hashed files be kept for a year holds for their absence too: a chunk that was asked
 * for between two deployments would stay missing in that browser.
 */
function forgettable(response: Response): Response {
	if (response.status < 400 || !response.headers.get('cache-control')?.includes('immutable')) return response;
	const headers = new Headers(response.headers);
	headers.set('cache-control', 'no-store');
	return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

function isReadable(pathname: string): boolean {
	try {
		decodeURIComponent(pathname);
		return true;
	} catch {
		return false;
	}
}

function redirect(location: string): Response {
	return new Response(null, { status: 307, headers: { location, 'cache-control': 'no-store' } });
}

/** What waits to be written: requests that come close together share one timer, which costs more than a line. */
let tasks: (() => void)[] = [];
let since = 0;
const pauseMs = 50;
/** The request that held the timer was ended by the runtime: the next one takes over. */
const patienceMs = 1000;

function afterwards(task: () => void, context: EdgeContext): void {
	tasks.push(task);
	if (tasks.length > 1 && Date.now() - since < patienceMs) return;
	since = Date.now();
	const written = new Promise<void>((done) => {
		setTimeout(() => {
			const now = tasks;
			tasks = [];
			for (const write of now) write();
			done();
		}, pauseMs);
	});
	context.waitUntil(written);
}
