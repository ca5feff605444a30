/** What the page of a live link loads besides: the reader behind it as the page knows it, and two components. */

import type { Component } from 'svelte';
import type { SharedReading } from '../../wire/share';
import type { Kept } from '../../wire/share-live';

export interface LiveView {
	readonly reading: SharedReading;
	readonly state: 'live' | 'away' | 'apart' | 'over';
	/** Something came that the sharer had not signed, or not in this order. */
	readonly isTampered: boolean;
}

export type Say = (name: string, text: string) => Promise<Kept | 'apart'>;

export interface LiveParts {
	readonly LiveStatus: Component<{ view: LiveView }>;
	readonly LiveComposer: Component<{ say: Say; isOver: boolean }>;
	/** Absent where the link may only read. */
	readonly say?: Say;
}
