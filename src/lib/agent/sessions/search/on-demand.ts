/**
 * The search service as a chunk of its own: until the first search, or the end of the first turn,
 * new entries only leave a mark on their session, and the index reads them from the store once it is there.
 */

import type { Store } from '../../storage/store';
import { dirtyMark } from './dirty-mark';
import type { SearchService } from './search-service';

export function searchOnDemand(parts: {
	readonly store: Store;
	readonly epoch: () => number;
}): SearchService {
	let loading: Promise<SearchService> | undefined;
	/** What was marked is in the store before the index asks for it. */
	let marking: Promise<unknown> = Promise.resolve();
	const marked = new Set<string>();

	function service(): Promise<SearchService> {
		loading ??= Promise.all([import('./search-service'), marking]).then(
			([{ createSearchService }]) => createSearchService(parts),
			(thrown: unknown) => {
				loading = undefined;
				throw thrown;
			}
		);
		return loading;
	}

	return {
		load: async () => (await service()).load(),
		async indexEntries(entries) {
			try {
				// Kept from here on: the caller's may be gone when the chunk is there.
				const added = [...entries];
				if (loading !== undefined) {
					await (await service()).indexEntries(added);
					return;
				}
				const fresh = [...new Set(added.map((entry) => entry.sessionId))].filter((id) => !marked.has(id));
				if (fresh.length === 0) return;
				for (const id of fresh) marked.add(id);
				marking = Promise.allSettled([
					marking,
					parts.store.commit({ epoch: parts.epoch(), put: fresh.map(dirtyMark) })
				]);
				await marking;
			} catch {
				// As in the service: the index is made again when it has to be.
			}
		},
		removeEntries: async (ids) => (await service()).removeEntries([...ids]),
		search: async (text, options) => (await service()).search(text, options),
		save: async () => (await service()).save(),
		rebuild: async () => (await service()).rebuild()
	};
}
