/**
 * A store that can crash at any commit boundary, for everybody's fault tests. Its commit log
 * is how crash points are enumerated: run once without a crash, then once for each point that
 * `crashPoints(log)` names, each time on a store of its own.
 */

import type { AppError } from '../../src/lib/wire/errors';
import type { Commit, Store } from '../../src/lib/agent/storage/store';

export class SimulatedCrash extends Error {
	constructor(readonly point: CrashPoint) {
		super(`simulated crash ${point.when} commit ${point.commit}`);
		this.name = 'SimulatedCrash';
	}
}

export interface CrashPoint {
	/** Which commit, from 0. */
	readonly commit: number;
	/** before: nothing of it is stored · after: all of it is, but nobody was told. */
	readonly when: 'before' | 'after';
}

export interface LoggedCommit {
	readonly index: number;
	/** `put entries/…`, `delete streams/…`, in the commit's order. */
	readonly writes: readonly string[];
	readonly commit: Commit;
	/** pending: asked for, not answered yet. */
	outcome: 'pending' | 'done' | 'failed' | 'crashed';
}

export interface CrashingStore extends Store {
	/** Every commit that was asked for, in order. */
	readonly log: readonly LoggedCommit[];
	readonly isCrashed: boolean;
	/** Resolves when the crash happens; stays open when it never does. */
	readonly crashed: Promise<SimulatedCrash>;
	/** Crashes now, as if the process were killed between two commits. */
	crash(): void;
}

export interface CrashingStoreOptions {
	readonly crash?: CrashPoint;
	/**
	 * What the frozen store does with every later call. hang: never answers, as for a killed
	 * process (race with `crashed`) · throw (default): throws the same SimulatedCrash.
	 */
	readonly afterwards?: 'throw' | 'hang';
	/** Refuses single commits with an error (quota, closed) and goes on. */
	readonly refuse?: (commit: Commit, index: number) => AppError | undefined;
}

export function createCrashingStore(inner: Store, options: CrashingStoreOptions = {}): CrashingStore {
	const log: LoggedCommit[] = [];
	let tellCrash: (crash: SimulatedCrash) => void = () => {};
	const crashed = new Promise<SimulatedCrash>((resolve) => (tellCrash = resolve));
	let crash: SimulatedCrash | null = null;

	function crashAt(point: CrashPoint): void {
		if (crash !== null) return;
		crash = new SimulatedCrash(point);
		tellCrash(crash);
	}

	function frozen<T>(): Promise<T> {
		if (options.afterwards === 'hang') return new Promise<T>(() => {});
		return Promise.reject(crash ?? new Error('not crashed'));
	}

	/** An answer that arrives after the crash never gets through. */
	async function unlessCrashed<T>(call: () => Promise<T>): Promise<T> {
		if (crash !== null) return frozen();
		const answer = await call();
		return crash === null ? answer : frozen();
	}

	return {
		log,
		get isCrashed() {
			return crash !== null;
		},
		crashed,
		crash: () => crashAt({ commit: log.length, when: 'before' }),
		get: (table, key) => unlessCrashed(() => inner.get(table, key)),
		getMany: (table, keys) => unlessCrashed(() => inner.getMany(table, keys)),
		range: (table, query) => unlessCrashed(() => inner.range(table, query)),
		async commit(commit) {
			if (crash !== null) return frozen();
			const index = log.length;
			const logged: LoggedCommit = { index, writes: describe(commit), commit, outcome: 'pending' };
			log.push(logged);
			const refusal = options.refuse?.(commit, index);
			if (refusal !== undefined) {
				logged.outcome = 'failed';
				throw refusal;
			}
			const isHere = options.crash?.commit === index;
			if (isHere && options.crash?.when === 'before') {
				logged.outcome = 'crashed';
				crashAt(options.crash);
				return frozen();
			}
			try {
				await inner.commit(commit);
			} catch (thrown) {
				logged.outcome = 'failed';
				if (crash !== null) return frozen();
				throw thrown;
			}
			if (isHere && options.crash !== undefined) crashAt(options.crash);
			logged.outcome = crash === null ? 'done' : 'crashed';
			if (crash !== null) return frozen();
		},
		close: () => inner.close()
	};
}

/** Both sides of every commit that a run without a crash made. */
export function crashPoints(log: readonly LoggedCommit[]): CrashPoint[] {
	return log.flatMap(({ index }) => [
		{ commit: index, when: 'before' as const },
		{ commit: index, when: 'after' as const }
	]);
}

function describe(commit: Commit): string[] {
	return [
		...(commit.delete ?? []).map(({ table, key }) => `delete ${table}/${key}`),
		...(commit.put ?? []).map(({ table, key }) => `put ${table}/${key}`)
	];
}
