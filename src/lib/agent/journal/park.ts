/**
 * Waiting that survives anything. One `park()` for approvals, questions, timers, webhooks,
 * budgets and unknown outcomes: the waiting is committed before it starts, the answer is
 * committed before it is acted on, and it can come from another device or after a restart.
 * Signatures here and in `Fiber` are final; later issues add users, not shapes.
 */

import type { ParkReason } from '../../wire/events';
import type { Json } from '../../wire/json';

export interface ParkRequest {
	readonly owner: { readonly kind: 'turn' | 'fiber'; readonly id: string };
	readonly reason: ParkReason;
	/** Ids that may be answered: approval ids, question ids, timer ids. */
	readonly waitingFor: readonly string[];
	/** Wake by itself at this time (milliseconds since 1970). */
	readonly wakeAt?: number;
}

export interface ParkAnswer {
	/** One of `waitingFor`, or `wake`. */
	readonly id: string;
	readonly value: Json;
}

/** Resolves with the next answer, in the order they were committed; rejects with the signal's reason. */
export type Park = (request: ParkRequest, signal: AbortSignal) => Promise<ParkAnswer>;

/** A durable job outside a conversation, on the same store and epoch fence. */
export interface Fiber {
	readonly id: string;
	/** Runs `work` at most once to a committed result: a settled step answers from the journal. `work` gets a key that is stable across recovery. */
	step<T extends Json>(name: string, work: (key: string, signal: AbortSignal) => Promise<T>): Promise<T>;
	sleep(name: string, untilMs: number): Promise<void>;
	park(name: string, request: Omit<ParkRequest, 'owner'>): Promise<ParkAnswer>;
}
