/** A page by `POST /api/fetch`, for hosts whose CORS keeps a browser out. */

import { AppError, isErrorId } from '../../wire/errors';
import { isJsonObject, parseJson } from '../../wire/json';
import type { FetchPort } from '../ports';
import type { RelayedPage } from '../../plugins/plugin';

export async function fetchThroughRelay(
	fetch: FetchPort,
	relayOrigin: string,
	url: string,
	signal: AbortSignal
): Promise<RelayedPage> {
	const response = await fetch(
		new Request(`${relayOrigin}/api/fetch`, {
			method: 'POST',
			headers: { 'content-type': 'application/json', 'x-wherry': '1' },
			body: JSON.stringify({ url }),
			signal
		})
	);
	const text = await response.text();
	const found = response.headers.get('x-wherry-url');
	if (!response.ok || found === null) {
		const body = parseJson(text);
		const error = isJsonObject(body) ? body['error'] : undefined;
		if (isJsonObject(error) && isErrorId(error['id']) && typeof error['message'] === 'string') {
			throw new AppError(error['id'], { message: error['message'] });
		}
		throw new AppError('fetch/failed');
	}
	return {
		url: found,
		status: Number(response.headers.get('x-wherry-status') ?? response.status),
		contentType: response.headers.get('content-type') ?? '',
		text
	};
}
