/**
 * The store of a device that may belong to a home: whatever is committed here is told to the other devices by
 * rows of the very same commit, whoever makes it. Without a home everything is handed through as it is.
 */

import type { Commit, Store } from './store';

export interface Prepared {
	readonly commit: Commit;
	/** Once it is on disk. */
	readonly committed: () => void;
}
export type Prepare = (commit: Commit) => Promise<Prepared>;

export interface OutgoingStore extends Store {
	/** From now on every commit is prepared first; those made before `prepare` is there wait for it. */
	tell(prepare: Promise<Prepare> | undefined): void;
	/** Whatever was committed before is on disk, or was refused. */
	settled(): Promise<unknown>;
	/** Runs while no other commit is under way: what others did is read, merged and written in one. */
	alone<T>(job: (base: Store) => Promise<T>): Promise<T>;
}

/** Written where the code that tells could not be had: what is here is told once more, all of it. */
export const untoldRow = 'home-untold';

export function createOutgoingStore(base: Store): OutgoingStore {
	let telling: Promise<Prepare> | undefined;
	/** Commits are prepared one after another, and then go to disk together. */
	let last: Promise<unknown> = Promise.resolve();
	const running = new Set<Promise<void>>();

	async function prepared(commit: Commit): Promise<Prepared> {
		const prepare = await telling?.catch(() => undefined);
		if (prepare !== undefined) return prepare(commit);
		const untold = { table: 'meta' as const, key: untoldRow, row: { v: 1 } };
		return {
			commit: telling === undefined ? commit : { ...commit, put: [...(commit.put ?? []), untold] },
			committed: () => undefined
		};
	}

	function track(writing: Promise<void>): Promise<void> {
		running.add(writing);
		void writing.catch(() => undefined).finally(() => running.delete(writing));
		return writing;
	}
	const settled = (): Promise<unknown> => Promise.allSettled(running);

	async function tellAndCommit(commit: Commit): Promise<void> {
		const preparing = last.then(() => prepared(commit));
		const starting = preparing.then((made) => {
			return { writing: track(base.commit(made.commit).then(made.committed)) };
		});
		last = starting.catch(() => undefined);
		await (
			await starting
		).writing;
	}

	return {
		get: (table, key) => base.get(table, key),
		getMany: (table, keys) => base.getMany(table, keys),
		range: (table, query) => base.range(table, query),
		commit: (commit) => (telling === undefined ? track(base.commit(commit)) : tellAndCommit(commit)),
		close: () => {
			base.close();
		},
		tell(prepare) {
			telling = prepare;
		},
		settled,
		alone(job) {
			const mine = last.then(async () => {
				await settled();
				return job(base);
			});
			last = mine.catch(() => undefined);
			return mine;
		}
	};
}
