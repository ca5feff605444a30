/** When to come back, as a header: what the limit says, or a minute. */

import type { AppError } from '../wire/errors';
import { isJsonObject } from '../wire/json';

export function retryAfter({ id, data }: AppError): Record<string, string> {
	if (id === 'http/in-flight') return { 'retry-after': '1' };
	if (id !== 'relay/rate-limited') return {};
	const seconds = isJsonObject(data) ? data['retryAfter'] : undefined;
	return { 'retry-after': typeof seconds === 'number' ? String(seconds) : '60' };
}
