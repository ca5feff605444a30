/**
 * What happens in this home, told to every view: by the tab that runs the agent directly, to
 * the other tabs through a channel. Entries are told only after their commit.
 */

import type { Entry } from '../../wire/entries';
import type { LoopEvent } from '../../wire/events';
import type { SessionRecord } from '../sessions/records';

export type BusMessage =
	| { readonly kind: 'loop'; readonly sessionId: string; readonly at: number; readonly event: LoopEvent }
	| { readonly kind: 'applied'; readonly record: SessionRecord; readonly entries: readonly Entry[] }
	/** The queue or the draft of a session changed. */
	| { readonly kind: 'queue'; readonly sessionId: string }
	/** A settled call was undone. */
	| { readonly kind: 'undone'; readonly sessionId: string; readonly resultEntryId: string }
	/** How a turn ended that was not run here has become known. */
	| { readonly kind: 'ended'; readonly sessionId: string; readonly turnId: string }
	| { readonly kind: 'sessions' }
	| { readonly kind: 'changed'; readonly what: 'providers' | 'skills' | 'settings' };

export interface Bus {
	publish(message: BusMessage): void;
	/** Answers with a function that ends the subscription. */
	subscribe(listener: (message: BusMessage) => void): () => void;
}

export function createBus(): Bus {
	const listeners = new Set<(message: BusMessage) => void>();
	return {
		publish(message) {
			for (const listener of listeners) listener(message);
		},
		subscribe(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		}
	};
}
