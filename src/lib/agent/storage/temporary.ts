/**
 * The store of a tab, with a place in memory for temporary sessions that is a chunk of its own: most
 * tabs never have one. Until `prepare` has resolved every row goes to the base, so nothing may call
 * a session temporary before; `isPrepared` is for whoever keeps that promise.
 */

import type { Store } from './store';

export interface TemporaryStore extends Store {
	prepare(): Promise<void>;
	isPrepared(): boolean;
}

/** @param isTemporary asked for session ids. */
export function createTemporaryStore(
	base: Store,
	isTemporary: (sessionId: string) => boolean
): TemporaryStore {
	let current = base;
	return {
		async prepare() {
			if (current !== base) return;
			const [{ createOverlayStore }, { createMemoryStore }] = await Promise.all([
				import('./overlay'),
				import('./memory')
			]);
			// Asked for twice at once: the rows of the first are in its own memory.
			if (current === base) current = createOverlayStore(base, createMemoryStore(), isTemporary);
		},
		isPrepared: () => current !== base,
		get: (table, key) => current.get(table, key),
		getMany: (table, keys) => current.getMany(table, keys),
		range: (table, query) => current.range(table, query),
		commit: (commit) => current.commit(commit),
		close: () => {
			current.close();
		}
	};
}
