/**
 * The shape of every answer that is not a provider's: `{ok: true, data}` or
 * `{ok: false, error: {id, message, requestId}}`, with the HTTP status of the error table.
 */

import { errorTable, type AppError } from '../wire/errors';

const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };

/** `data` is what JSON can hold. */
export function succeed(data: unknown, requestId: string): Response {
	return new Response(JSON.stringify({ ok: true, data }), {
		headers: { ...headers, 'x-request-id': requestId }
	});
}

export function fail(error: AppError, requestId: string, extra: Record<string, string> = {}): Response {
	const body = {
		ok: false,
		error: {
			id: error.id,
			message: error.message,
			requestId,
			...(error.data === undefined ? {} : { data: error.data })
		}
	};
	return new Response(JSON.stringify(body), {
		status: errorTable[error.id].status,
		headers: { ...headers, 'x-request-id': requestId, 'x-wherry-error': error.id, ...extra }
	});
}
