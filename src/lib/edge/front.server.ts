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
		return relay(request, env, { later: (task) => context.waitUntil(afterwards(task)) });
	}
	const { requestId } = readCaller(request, url, env);
	try {
		const response = await next();
		// SvelteKit refuses a foreign form before any of our code runs, in plain text.
		const isBare = response.status === 403 && !response.headers.has('x-wherry-error');
		return withSecurityHeaders(
			isBare && url.pathname.startsWith('/api/')
				? fail(new AppError('relay/origin-not-allowed'), requestId)
				: response,
			url
		);
	} catch (thrown) {
		const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
		writeLog(JSON.stringify({ event: 'error', requestId, path: url.pathname, error: text }));
		// What it was is for the log: the answer goes to anybody.
		return withSecurityHeaders(fail(new AppError('internal/unexpected'), requestId), url);
	}
}

function afterwards(task: () => void): Promise<void> {
	return new Promise((done) => {
		setTimeout(() => {
			task();
			done();
		}, 0);
	});
}
