/** When to try again: exponential backoff with full jitter, or as long as the server asks, within reason. */

import type { Random } from '../ports';

const maximumTries = 3;
const baseMs = 500;
const capMs = 8000;
/** A server that asks for more patience than this is as good as down; the next model is asked sooner. */
const maximumWaitMs = 30_000;

/** Each call is one failure; the answer is how long to wait before the next try, or undefined to give up. */
export type RetryPlan = (retryAfterMs: number | undefined) => number | undefined;

export function createRetryPlan(random: Random): RetryPlan {
	let failures = 0;
	return (retryAfterMs) => {
		failures++;
		if (failures >= maximumTries) return undefined;
		if (retryAfterMs !== undefined) {
			if (retryAfterMs > maximumWaitMs) return undefined;
			// Everyone was told the same moment: a little later each.
			return retryAfterMs + random.float() * 250;
		}
		return random.float() * Math.min(capMs, baseMs * 2 ** failures);
	};
}
