/**
 * The relay's own failures in the shape that the provider's SDK expects, so that a program that
 * knows only its SDK still reads a sentence. `x-wherry-error` says that it was the relay's.
 */

import { errorTable, type AppError } from '../wire/errors';
import type { Json } from '../wire/json';
import type { ProtocolId } from '../wire/providers';

/** Anthropic: https://docs.anthropic.com/en/api/errors */
function anthropicType(status: number): string {
	if (status === 401) return 'authentication_error';
	if (status === 403) return 'permission_error';
	if (status === 404) return 'not_found_error';
	if (status === 429) return 'rate_limit_error';
	return status >= 500 ? 'api_error' : 'invalid_request_error';
}

function openAiType(status: number): string {
	if (status === 401) return 'authentication_error';
	if (status === 403) return 'permission_error';
	if (status === 429) return 'rate_limit_error';
	return status >= 500 ? 'server_error' : 'invalid_request_error';
}

/** google.rpc.Code names, as Gemini's REST API gives them. */
function googleStatus(status: number): string {
	if (status === 401) return 'UNAUTHENTICATED';
	if (status === 403) return 'PERMISSION_DENIED';
	if (status === 404) return 'NOT_FOUND';
	if (status === 429) return 'RESOURCE_EXHAUSTED';
	return status >= 500 ? 'UNAVAILABLE' : 'INVALID_ARGUMENT';
}

function shape(protocol: ProtocolId, error: AppError, status: number, requestId: string): Json {
	const { message } = error;
	switch (protocol) {
		case 'anthropic':
			return { type: 'error', error: { type: anthropicType(status), message }, request_id: requestId };
		case 'gemini':
			return { error: { code: status, message, status: googleStatus(status) } };
		case 'workers-ai':
			return { success: false, errors: [{ code: status, message }], messages: [], result: null };
		case 'openai-chat':
		case 'openai-responses':
		case 'builtin':
		case 'rehearsal':
			return { error: { message, type: openAiType(status), param: null, code: error.id } };
	}
}

interface Refusal {
	readonly protocol: ProtocolId;
	readonly error: AppError;
	readonly requestId: string;
	readonly headers: Readonly<Record<string, string>>;
}

export function refuseAs({ protocol, error, requestId, headers }: Refusal): Response {
	const { status } = errorTable[error.id];
	return new Response(JSON.stringify(shape(protocol, error, status, requestId)), {
		status,
		headers: {
			'content-type': 'application/json; charset=utf-8',
			'cache-control': 'no-store',
			'x-request-id': requestId,
			'x-wherry-request-id': requestId,
			'x-wherry-error': error.id,
			...headers
		}
	});
}
