/** How many living shares one address or home has, and how many it made within the hour. Pure, over a synchronous store. */

import { shareLimits } from '../../wire/share';

export interface CountStore {
	/** Ids whose time is not over. */
	living(now: number): number;
	/** When the last of them is over. */
	last(): number | undefined;
	add(shareId: string, expiresAt: number): void;
	drop(shareId: string): void;
	/** How many were made after that, whether they are there or not. */
	made(after: number): number;
	noteMade(at: number): void;
	forget(now: number): void;
}

/** `full`: there are as many as there may be. `fast`: so many were made within the hour. */
export type Counted = 'counted' | 'full' | 'fast';

export interface ShareCount {
	/** @param share.isPaced whether only so many may be made an hour */
	add(share: { readonly shareId: string; readonly expiresAt: number; readonly isPaced: boolean }): Counted;
	drop(shareId: string): void;
	/** When to look again; undefined where everything may be forgotten. */
	expire(): number | undefined;
}

export const hourMs = 60 * 60 * 1000;

export function createShareCount(store: CountStore, now: () => number): ShareCount {
	return {
		add({ shareId, expiresAt, isPaced }) {
			const at = now();
			store.forget(at);
			if (store.living(at) >= shareLimits.perAddress) return 'full';
			if (isPaced && store.made(at - hourMs) >= shareLimits.perHour) return 'fast';
			store.noteMade(at);
			store.add(shareId, expiresAt);
			return 'counted';
		},
		drop: (shareId) => store.drop(shareId),
		expire() {
			const at = now();
			store.forget(at);
			return store.last() ?? (store.made(at - hourMs) > 0 ? at + hourMs : undefined);
		}
	};
}
