/**
 * Ends a request that says nothing for too long. One sleeping timer for the whole stream, set again only
 * when it fires: setting one for every chunk would cost more than reading it.
 */

import type { Clock } from '../ports';

/** Made once: an abort without a reason makes an exception, with its stack, for every request. */
const over = new DOMException('The answer is over.', 'AbortError');

export interface IdleWatch {
	/** Aborted when the caller stops or the time is up. */
	readonly signal: AbortSignal;
	/** Something came: the time starts again. */
	touch(): void;
	isTimedOut(): boolean;
	/** The promise, or a rejection as soon as the signal aborts: not every `fetch` honours it. */
	race<T>(promise: Promise<T>): Promise<T>;
	stop(): void;
}

export function watchIdle(clock: Clock, timeoutMs: number, outer: AbortSignal): IdleWatch {
	const controller = new AbortController();
	let touchedAt = clock.now();
	let isTimedOut = false;
	let rejectAll: (reason: unknown) => void = ignore;
	const aborted = new Promise<never>((_, reject) => {
		rejectAll = reject;
	});
	aborted.catch(ignore);

	function give(reason: unknown): void {
		controller.abort(reason);
		rejectAll(reason);
	}
	function onOuter(): void {
		give(outer.reason);
	}
	async function watch(): Promise<void> {
		for (;;) {
			const left = touchedAt + timeoutMs - clock.now();
			if (left <= 0) {
				isTimedOut = true;
				give(new DOMException('The model took too long.', 'TimeoutError'));
				return;
			}
			await clock.sleep(left, controller.signal);
		}
	}

	if (outer.aborted) onOuter();
	else outer.addEventListener('abort', onOuter, { once: true });
	if (Number.isFinite(timeoutMs) && timeoutMs > 0) watch().catch(ignore);
	return {
		signal: controller.signal,
		touch: () => {
			touchedAt = clock.now();
		},
		isTimedOut: () => isTimedOut,
		race: (promise) => Promise.race([promise, aborted]),
		stop: () => {
			outer.removeEventListener('abort', onOuter);
			// Ends the sleep. The request is over as well: where its answer was not read, nobody will.
			controller.abort(over);
		}
	};
}

function ignore(): void {
	// The abort is seen by whoever races.
}
