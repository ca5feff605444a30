/** How many living shares one address has: ids and when each expires. Pure, over a synchronous store. */

export interface CountStore {
	/** Ids whose time is not over. */
	living(now: number): number;
	add(shareId: string, expiresAt: number): void;
	drop(shareId: string): void;
	forget(now: number): void;
}

/** False where there are as many as there may be. */
export function countShare(
	store: CountStore,
	share: { readonly shareId: string; readonly expiresAt: number },
	{ now, limit }: { readonly now: number; readonly limit: number }
): boolean {
	store.forget(now);
	if (store.living(now) >= limit) return false;
	store.add(share.shareId, share.expiresAt);
	return true;
}
