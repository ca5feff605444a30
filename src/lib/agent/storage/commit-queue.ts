/**
 * Commits on one IndexedDB connection. Commits that wait while one runs share the next
 * transaction (a transaction costs more than its records), yet each succeeds or fails by itself.
 *
 * A transaction is optimistic: checks and writes are issued together, and it is aborted when a
 * check fails; waiting for the checks first would cost a second round trip per commit.
 *
 * What the fence costs a lone commit, measured in Chromium against the same put without one: reading
 * the epoch 0.72 of the speed; a write that only the holder of the epoch can make (unique index) 0.75,
 * an `add` and a `delete` 0.55; a transaction opened ahead, its epoch read before there is
 * something to commit, 0.8, and it keeps readers waiting; and 0.81 for a read that nobody waits for. Any
 * request of its own costs a fifth: so it is one read a transaction, whatever shares it.
 */

import { checkCommit, conflict, epochOf, gone, holds, staleEpoch } from './rules';
import type { Commit, Table } from './store';
import { storageError } from './storage-error';
import type { AppError } from '../../wire/errors';

/** Bounds how much one aborted transaction can make us do again. */
const maximumBatch = 128;

interface Waiting {
	readonly commit: Commit;
	readonly resolve: () => void;
	readonly reject: (error: AppError) => void;
}

/** `failures`: which commits of the batch may not be, and why. `again`: the others, one at a time. */
interface Attempt {
	readonly failures: ReadonlyMap<Waiting, AppError>;
	readonly again: 'together' | 'singly';
}

export interface CommitQueue {
	commit(commit: Commit): Promise<void>;
	/** Resolves once nothing waits or runs; commits that come later are refused. */
	finish(): Promise<void>;
}

export function createCommitQueue(connection: () => IDBDatabase | null): CommitQueue {
	const waiting: Waiting[] = [];
	let running: Promise<void> | null = null;
	let isFinished = false;

	async function pump(): Promise<void> {
		// Lets everything that was asked for in this tick join the first transaction.
		await Promise.resolve();
		for (let batch = takeBatch(waiting); batch.length > 0; batch = takeBatch(waiting)) await runBatch(batch);
		running = null;
	}

	async function runBatch(batch: readonly Waiting[]): Promise<void> {
		const result = await attempt(connection(), batch);
		for (const [one, error] of result.failures) one.reject(error);
		if (result.failures.size === batch.length) return;
		const others = batch.filter((one) => !result.failures.has(one));
		if (result.failures.size === 0 && result.again === 'together') {
			for (const one of others) one.resolve();
		} else if (result.again === 'together') {
			await runBatch(others);
		} else {
			for (const one of others) await runBatch([one]);
		}
	}

	return {
		async commit(commit) {
			checkCommit(commit);
			if (isFinished) throw gone();
			return new Promise((resolve, reject) => {
				waiting.push({ commit, resolve, reject });
				running ??= pump();
			});
		},
		async finish() {
			isFinished = true;
			await running;
		}
	};
}

/** A commit that moves the epoch runs alone: the fence of those behind it must see the new one. */
function takeBatch(waiting: Waiting[]): Waiting[] {
	let count = 0;
	while (count < waiting.length && count < maximumBatch) {
		const next = waiting[count];
		if (next !== undefined && movesEpoch(next.commit)) {
			count = Math.max(count, 1);
			break;
		}
		count++;
	}
	return waiting.splice(0, count);
}

function movesEpoch(commit: Commit): boolean {
	const isEpoch = (write: { table: Table; key: string }): boolean =>
		write.table === 'meta' && write.key === 'epoch';
	return (commit.put?.some(isEpoch) ?? false) || (commit.delete?.some(isEpoch) ?? false);
}

function attempt(database: IDBDatabase | null, batch: readonly Waiting[]): Promise<Attempt> {
	const failures = new Map<Waiting, AppError>();
	return new Promise((resolve) => {
		const failed = (thrown: unknown): void => {
			// Alone, the commit is to blame; together, nobody knows who is: each is tried by itself.
			const [only] = batch;
			if (batch.length === 1 && only !== undefined) failures.set(only, storageError(thrown));
			resolve({ failures, again: 'singly' });
		};
		if (database === null) {
			for (const one of batch) failures.set(one, gone());
			resolve({ failures, again: 'together' });
			return;
		}
		let transaction: IDBTransaction;
		try {
			transaction = database.transaction(tablesOf(batch), 'readwrite', { durability: 'strict' });
		} catch (thrown) {
			failed(thrown);
			return;
		}
		let again: Attempt['again'] = 'together';
		let thrownHere: unknown;
		transaction.oncomplete = () => resolve({ failures, again });
		transaction.onabort = () => {
			if (failures.size > 0) resolve({ failures, again });
			else
				failed(
					thrownHere ?? transaction.error ?? new DOMException('The transaction was aborted.', 'AbortError')
				);
		};
		// Asking the transaction each time crosses into the browser once more per row.
		const stores = new Map<Table, IDBObjectStore>();
		const storeOf = (table: Table): IDBObjectStore => {
			const known = stores.get(table) ?? transaction.objectStore(table);
			stores.set(table, known);
			return known;
		};
		let openChecks = 0;
		let isIssued = false;
		const checked = (): void => {
			openChecks--;
			if (openChecks === 0 && isIssued && failures.size === 0) transaction.commit();
		};
		try {
			openChecks++;
			const epoch = storeOf('meta').get('epoch');
			epoch.onsuccess = () => {
				const stored = epochOf(epoch.result);
				for (const one of batch) {
					if (one.commit.epoch !== stored) failures.set(one, staleEpoch(one.commit.epoch, stored));
				}
				if (failures.size > 0) transaction.abort();
				else checked();
			};
			for (const one of batch) {
				for (const expectation of one.commit.expect ?? []) {
					openChecks++;
					const store = storeOf(expectation.table);
					// A key is enough for `absent`, and can be read where the row cannot.
					const request =
						'absent' in expectation ? store.getKey(expectation.key) : store.get(expectation.key);
					request.onsuccess = () => {
						if (failures.size > 0) return;
						const row: unknown = request.result;
						if (holds(expectation, row)) {
							checked();
							return;
						}
						failures.set(one, conflict(expectation));
						again = 'singly';
						transaction.abort();
					};
				}
				for (const { table, key } of one.commit.delete ?? []) storeOf(table).delete(key);
				for (const { table, key, row } of one.commit.put ?? []) storeOf(table).put(row, key);
			}
			isIssued = true;
		} catch (thrown) {
			// A row that cannot be cloned, or a connection that closed under us.
			thrownHere = thrown;
			try {
				transaction.abort();
			} catch {
				failed(thrown);
			}
		}
	});
}

function tablesOf(batch: readonly Waiting[]): string[] {
	const names = new Set<string>(['meta']);
	for (const { commit } of batch) {
		for (const { table } of commit.expect ?? []) names.add(table);
		for (const { table } of commit.delete ?? []) names.add(table);
		for (const { table } of commit.put ?? []) names.add(table);
	}
	return [...names];
}
