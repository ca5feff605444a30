/**
 * The one way to write a session: commits of one session follow each other, each built from
 * the newest registers, so that a rename and a settled call never overwrite one another.
 * Memory changes only after the commit: what is shown is what is stored.
 */

import type { Entry } from '../../wire/entries';
import type { Expectation, Store, StoreDelete, StoreWrite } from '../storage/store';
import type { LamClock } from './lam';
import type { SessionFacts, SessionRecord } from './records';

export interface SessionChange {
	readonly entries?: readonly Entry[];
	readonly facts?: Partial<SessionFacts>;
	readonly put?: readonly StoreWrite[];
	readonly delete?: readonly StoreDelete[];
	readonly expect?: readonly Expectation[];
	/** Runs right after the commit, before the next one is built. */
	readonly committed?: () => void;
}

/** What a builder gets: the registers as committed, and a Lamport time for what it writes. */
export interface WriteMoment {
	readonly facts: SessionFacts;
	readonly lam: number;
}

export interface SessionWriter {
	readonly sessionId: string;
	/** Throws what `Store.commit` throws; then nothing changed. */
	commit(build: (moment: WriteMoment) => SessionChange): Promise<void>;
	/** Entries from the root to `head`, in memory. */
	branch(head: string | null): readonly Entry[];
}

export interface WriterPorts {
	readonly store: Store;
	readonly epoch: () => number;
	readonly lamport: LamClock;
	readonly record: () => SessionRecord;
	readonly facts: (record: SessionRecord) => SessionFacts;
	readonly withFacts: (record: SessionRecord, patch: Partial<SessionFacts>, lam: number) => SessionRecord;
	readonly branch: (head: string | null) => readonly Entry[];
	/** Called after the commit, in commit order. */
	readonly applied: (record: SessionRecord, entries: readonly Entry[]) => void;
}

export function createSessionWriter(sessionId: string, ports: WriterPorts): SessionWriter {
	let last: Promise<unknown> = Promise.resolve();

	async function write(build: (moment: WriteMoment) => SessionChange): Promise<void> {
		const before = ports.record();
		const lam = ports.lamport.next();
		const facts = ports.facts(before);
		const change = build({ facts, lam });
		const entries = change.entries ?? [];
		const counted = entries.length === 0 ? {} : { entryCount: facts.entryCount + entries.length };
		const patch = { ...change.facts, ...counted };
		const record = Object.keys(patch).length === 0 ? before : ports.withFacts(before, patch, lam);
		await ports.store.commit({
			epoch: ports.epoch(),
			put: [
				...entries.map((entry) => ({
					table: 'entries' as const,
					key: `${sessionId}/${entry.id}`,
					row: entry
				})),
				...(record === before ? [] : [{ table: 'sessions' as const, key: sessionId, row: record }]),
				...(change.put ?? []),
				ports.lamport.write()
			],
			...(change.delete === undefined ? {} : { delete: change.delete }),
			...(change.expect === undefined ? {} : { expect: change.expect })
		});
		change.committed?.();
		ports.applied(record, entries);
	}

	return {
		sessionId,
		branch: ports.branch,
		commit(build) {
			const next = last.then(
				() => write(build),
				() => write(build)
			);
			last = next;
			return next;
		}
	};
}
