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
	/** An entry of this build's own making, just committed: nothing of it need be checked. */
	add(entry: Entry): void;
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
	return new Loaded(first, lineage);
}

/** A class for its getters: a literal's would give each session a shape of its own, kept until a full garbage collection. */
class Loaded implements LoadedState {
	readonly tree = createTree();
	readonly entries = new Map<string, Entry>();
	readonly lineage: readonly string[];
	readonly #raws = new Map<string, unknown>();
	readonly #inherited = new Set<string>();
	readonly #live = new Map<string, StoredEntry>();
	#record: SessionRecord;
	#facts: SessionFacts;
	#badRows = 0;
	#nextSegmentOrd = 0;
	#isCutOff = false;

	constructor(first: SessionRecord, lineage: readonly string[]) {
		this.lineage = lineage;
		this.#record = first;
		this.#facts = facts(first);
	}
	get record(): SessionRecord {
		return this.#record;
	}
	get facts(): SessionFacts {
		return this.#facts;
	}
	get nextSegmentOrd(): number {
		return this.#nextSegmentOrd;
	}
	get badRows(): number {
		return this.#badRows;
	}
	get isCutOff(): boolean {
		return this.#isCutOff;
	}
	get head(): string | null {
		const { head } = this.#facts;
		if (head !== null && this.tree.has(head)) return head;
		const last = this.tree.children(null).at(-1);
		return last === undefined ? null : this.tree.newestLeaf(last);
	}
	entry(id: string): Entry | undefined {
		return this.entries.get(id);
	}
	branch(head = this.head): Entry[] {
		const found: Entry[] = [];
		for (const id of this.tree.branch(head)) {
			const entry = this.entries.get(id);
			if (entry !== undefined) found.push(entry);
		}
		return found;
	}
	isInherited(id: string): boolean {
		return this.#inherited.has(id);
	}
	stored(id: string): unknown {
		return this.#raws.get(id) ?? this.entries.get(id);
	}
	live(): readonly StoredEntry[] {
		return [...this.#live.values()];
	}
	add(entry: Entry): void {
		if (!this.tree.add(entry)) return;
		this.entries.set(entry.id, entry);
		this.#live.set(entry.id, { id: entry.id, row: entry });
	}
	addStored(element: unknown, place: 'live' | 'packed'): void {
		const read = readEntry(element);
		if (read.state === 'bad') {
			this.#badRows++;
			return;
		}
		const { entry } = read;
		if (place === 'packed') this.#live.delete(entry.id);
		if (!this.tree.add(entry)) return;
		this.entries.set(entry.id, entry);
		if (read.state !== 'ok') {
			this.#raws.set(entry.id, read.raw);
			this.#badRows++;
		}
		if (place === 'live') {
			const row = read.state === 'ok' ? entry : read.raw;
			if (typeof row === 'object' && row !== null) this.#live.set(entry.id, { id: entry.id, row });
		}
	}
	inherit(entry: Entry, stored: unknown): void {
		if (!this.tree.add(entry)) return;
		this.entries.set(entry.id, entry);
		this.#inherited.add(entry.id);
		if (stored !== undefined && stored !== entry) this.#raws.set(entry.id, stored);
	}
	setRecord(record: SessionRecord): void {
		this.#record = record;
		this.#facts = facts(record);
	}
	replaceRecord(row: unknown): void {
		const next = readSessionRecord(row);
		if (next !== null) this.setRecord(next);
	}
	setPacked(nextSegmentOrd: number): void {
		this.#nextSegmentOrd = Math.max(this.#nextSegmentOrd, nextSegmentOrd);
	}
	countBad(): void {
		this.#badRows++;
	}
	markCutOff(): void {
		this.#isCutOff = true;
	}
}
