/** Who waits in this life for an answer from outside: parked turns, by what they wait for. */

import type { Park, ParkAnswer } from '../journal/park';

export interface Waiters {
	readonly park: Park;
	/** False where nobody in this life waits for it. */
	answer(answer: ParkAnswer): boolean;
}

export function createWaiters(): Waiters {
	const waiting = new Map<string, (answer: ParkAnswer) => void>();
	return {
		park: (request, signal) =>
			new Promise((resolve, reject) => {
				const forget = (): void => {
					for (const id of request.waitingFor) waiting.delete(id);
				};
				const onAbort = (): void => {
					forget();
					reject(new StoppedError());
				};
				if (signal.aborted) {
					onAbort();
					return;
				}
				signal.addEventListener('abort', onAbort, { once: true });
				for (const id of request.waitingFor) {
					waiting.set(id, (answer) => {
						signal.removeEventListener('abort', onAbort);
						forget();
						resolve(answer);
					});
				}
			}),
		answer(answer) {
			const waiter = waiting.get(answer.id);
			waiter?.(answer);
			return waiter !== undefined;
		}
	};
}

/** An abort as `isAbort` knows it. */
class StoppedError extends Error {
	override readonly name = 'AbortError';
}
