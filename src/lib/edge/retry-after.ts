/** When to come back, as headers: what the limit says, or a minute. `RateLimit-*` as of draft-ietf-httpapi-ratelimit-headers-07. */

import type { AppError } from '../wire/errors';
import { isJsonObject } from '../wire/json';

export function retryAfter({ id, data }: AppError): Record<string, string> {
	if (id === 'http/in-flight') return { 'retry-after': '1' };
	if (id !== 'relay/rate-limited') return {};
	const seconds = isJsonObject(data) ? data['retryAfter'] : undefined;
	const wait = typeof seconds === 'number' ? String(seconds) : '60';
	return { 'retry-after': wait, 'ratelimit-remaining': '0', 'ratelimit-reset': wait };
}
