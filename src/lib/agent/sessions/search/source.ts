/** What a query is run over: one packed piece, or the tail that is still being written. */

import type { Decoded, Wanted } from './postings';

/** One posting list of a source. */
export interface TermRef {
	/** Where the source finds it. */
	readonly at: number;
	readonly df: number;
	/** False where only the beginning matches. */
	readonly isExact: boolean;
}

export interface Source {
	readonly docCount: number;
	/** Documents that were removed. */
	readonly deadCount: number;
	isDead(doc: number): boolean;
	timeOf(doc: number): number;
	/** Number of terms. */
	lengthOf(doc: number): number;
	sessionOf(doc: number): number;
	readonly sessions: readonly string[];
	idOf(doc: number): string;
	/** -1 where it is not here, or removed. */
	find(id: string): number;
	terms(term: string, isPrefix: boolean): readonly TermRef[];
	/** Ascending by document. With `wanted` it may leave out documents that are not wanted. */
	read(ref: TermRef, out: Decoded, wanted?: Wanted): void;
}
