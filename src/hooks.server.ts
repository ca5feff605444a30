import { AppError } from '$lib/wire/errors';
import { writeLog } from '$lib/edge/audit';
import { readCaller } from '$lib/edge/caller';
import { fail } from '$lib/edge/envelope';
import { withSecurityHeaders } from '$lib/edge/security-headers';
import type { Handle, HandleServerError } from '@sveltejs/kit';

export const handle: Handle = async ({ event, resolve }) => {
	const response = withSecurityHeaders(await answer({ event, resolve }), event.url);
	// A page holds this response's nonce.
	if (
		response.headers.get('content-type')?.startsWith('text/html') &&
		!response.headers.has('cache-control')
	) {
		response.headers.set('cache-control', 'no-cache');
	}
	return response;
};

async function answer({ event, resolve }: Parameters<Handle>[0]): Promise<Response> {
	if (!event.url.pathname.startsWith('/api/')) return resolve(event);
	// Below /api errors are for programs: SvelteKit's own pages and plain texts become envelopes.
	const { requestId } = readCaller(event.request, event.url, event.platform?.env ?? {});
	if (event.route.id === null) return fail(new AppError('http/not-found'), requestId);
	const response = await resolve(event);
	if (response.status !== 405 || response.headers.has('x-wherry-error')) return response;
	return fail(new AppError('relay/method-not-allowed'), requestId, {
		allow: response.headers.get('allow') ?? ''
	});
}

/** A line for the log, without content; a missing page is not worth one. */
export const handleError: HandleServerError = ({ error, event, status }) => {
	if (status === 404) return { message: 'There is nothing at this address.' };
	const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
	writeLog(JSON.stringify({ event: 'error', route: event.route.id, status, error: text }));
	return { message: 'Something went wrong that should not have.' };
};
