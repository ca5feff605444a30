/**
 * One session in memory: record, tree and entries, kept current by the repository. Entries of
 * a session that it was forked from come first and are read-only.
 */

import type { Entry } from '../../wire/entries';
import { facts } from './facts';
import { readEntry, readSessionRecord } from './read-record';
import type { SessionFacts, SessionRecord } from './records';
import type { StoredEntry } from './segments';
import { createTree, type Tree } from './tree';

export interface LoadedSession {
	readonly record: SessionRecord;
	readonly facts: SessionFacts;
	readonly tree: Tree;
	/** By id, inherited ones included, in order of arrival. */
	readonly entries: ReadonlyMap<string, Entry>;
	entry(id: string): Entry | undefined;
	/** Entries from the root to `head` (default: the session's head). A fresh array. */
	branch(head?: string | null): Entry[];
	/** The id that `branch()` ends in: the head, or the newest leaf where the head is not here. */
	readonly head: string | null;
	/** True for an entry that belongs to a session this one was forked from. */
	isInherited(id: string): boolean;
	/** What is stored for an entry that this build can read in part or not at all; write that back, not the entry. */
	stored(id: string): unknown;
	/** Own entries that are single records still, in order of arrival. */
	live(): readonly StoredEntry[];
	readonly nextSegmentOrd: number;
	/** Rows and elements that could not be read, in whole or in part. */
	readonly badRows: number;
	/** Sessions whose entries this one continues, nearest first. */
	readonly lineage: readonly string[];
	/** True when an origin is gone, too deep, or forks in a circle: older entries are missing. */
	readonly isCutOff: boolean;
}

/** What only the repository may do with a loaded session. */
export interface LoadedState extends LoadedSession {
	/** One stored element; a bad one is counted and skipped. */
	addStored(element: unknown, place: 'live' | 'packed'): void;
	inherit(entry: Entry, stored: unknown): void;
	setRecord(record: SessionRecord): void;
	/** The same from a stored row; one that cannot be read changes nothing. */
	replaceRecord(row: unknown): void;
	setPacked(nextSegmentOrd: number): void;
	countBad(): void;
	markCutOff(): void;
}

export function createLoaded(first: SessionRecord, lineage: readonly string[]): LoadedState {
	const tree = createTree();
	const entries = new Map<string, Entry>();
	const raws = new Map<string, unknown>();
	const inherited = new Set<string>();
	const live = new Map<string, StoredEntry>();
	let record = first;
	let known = facts(first);
	let badRows = 0;
	let nextSegmentOrd = 0;
	let isCutOff = false;

	function setRecord(next: SessionRecord): void {
		record = next;
		known = facts(next);
	}

	function headOf(): string | null {
		if (known.head !== null && tree.has(known.head)) return known.head;
		let last: string | null = null;
		for (const root of tree.children(null)) last = root;
		return last === null ? null : tree.newestLeaf(last);
	}

	return {
		get record() {
			return record;
		},
		get facts() {
			return known;
		},
		tree,
		entries,
		entry: (id) => entries.get(id),
		branch(head = headOf()) {
			const found: Entry[] = [];
			for (const id of tree.branch(head)) {
				const entry = entries.get(id);
				if (entry !== undefined) found.push(entry);
			}
			return found;
		},
		get head() {
			return headOf();
		},
		isInherited: (id) => inherited.has(id),
		stored: (id) => raws.get(id) ?? entries.get(id),
		live: () => [...live.values()],
		get nextSegmentOrd() {
			return nextSegmentOrd;
		},
		get badRows() {
			return badRows;
		},
		lineage,
		get isCutOff() {
			return isCutOff;
		},
		addStored(element, place) {
			const read = readEntry(element);
			if (read.state === 'bad') {
				badRows++;
				return;
			}
			const { entry } = read;
			if (place === 'packed') live.delete(entry.id);
			if (!tree.add(entry)) return;
			entries.set(entry.id, entry);
			if (read.state !== 'ok') {
				raws.set(entry.id, read.raw);
				badRows++;
			}
			if (place === 'live') {
				const row = read.state === 'ok' ? entry : read.raw;
				if (typeof row === 'object' && row !== null) live.set(entry.id, { id: entry.id, row });
			}
		},
		inherit(entry, stored) {
			if (!tree.add(entry)) return;
			entries.set(entry.id, entry);
			inherited.add(entry.id);
			if (stored !== undefined && stored !== entry) raws.set(entry.id, stored);
		},
		setRecord,
		replaceRecord(row) {
			const next = readSessionRecord(row);
			if (next !== null) setRecord(next);
		},
		setPacked(next) {
			nextSegmentOrd = Math.max(nextSegmentOrd, next);
		},
		countBad() {
			badRows++;
		},
		markCutOff() {
			isCutOff = true;
		}
	};
}
