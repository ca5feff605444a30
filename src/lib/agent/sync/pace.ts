/**
 * How much is sent before the room has answered, and how long nothing is where it takes no more for now: less and
 * later with each refusal, more and sooner with each envelope that it took. So what is refused is sent again
 * seldom, an envelope at a time. Pure.
 */

export interface Pace {
	/** Envelopes under way at most. */
	width(): number;
	/** How long to wait after the last refusal. */
	delayMs(): number;
	refused(): void;
	accepted(): void;
}

/** Enough to keep the way full. */
const widest = 16;
const shortestMs = 500;
const longestMs = 5 * 60_000;

export function createPace(): Pace {
	let width = widest;
	let delayMs = shortestMs;
	return {
		width: () => width,
		delayMs: () => delayMs,
		refused() {
			width = 1;
			delayMs = Math.min(longestMs, delayMs * 2);
		},
		accepted() {
			width = Math.min(widest, width + 1);
			delayMs = Math.max(shortestMs, delayMs / 2);
		}
	};
}
