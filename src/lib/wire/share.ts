/** What page, agent and a shared page say to each other about shares. No schema here: the shared page is small. */

import type { Block } from './blocks';
import type { CallStatus } from './entries';

export const shareLimits = {
	/** Sealed bytes of a snapshot. */
	bytes: 25 * 1024 * 1024,
	/** Living shares of one address. */
	perAddress: 50,
	/** That somebody without a device of a claimed relay may make. */
	perHour: 30,
	defaultDays: 30,
	maximumDays: 365
} as const;

export type ShareKind = 'snapshot' | 'live' | 'collaborative';

/** What goes along besides what was said. */
export interface ShareOptions {
	readonly calls: 'full' | 'names';
	readonly reasoning: boolean;
	readonly files: boolean;
	/** With files: also those that nobody has looked into, being no text and no picture that is shown. */
	readonly unread?: boolean;
}

/** One article of a shared page, as its visitor sees it. */
export type SharedItem =
	| {
			readonly type: 'you';
			readonly text: string;
			readonly files: readonly SharedFile[];
			readonly at: number;
			/** A participant's name, where it was not the sharer who said it. */
			readonly by?: string;
	  }
	| {
			readonly type: 'wherry';
			readonly byline: string;
			readonly blocks: readonly Block[];
			readonly reasoning: readonly Block[];
			readonly at: number;
	  }
	| {
			readonly type: 'call';
			readonly action: string;
			readonly state: CallStatus | 'held' | 'running';
			/** Empty where only names are shared. */
			readonly args: string;
			readonly output: string;
			readonly at: number;
	  }
	| { readonly type: 'note'; readonly blocks: readonly Block[]; readonly at: number };

export interface SharedFile {
	readonly name: string;
	readonly size: number;
	/** A picture, as `data:`. */
	readonly src?: string;
	/** A text, its beginning where it is long. */
	readonly text?: string;
	/** `unread`: it goes along, and is neither shown nor searched for secrets · `left-out`: only its name goes. */
	readonly how?: 'unread' | 'left-out';
}

export interface SharedReading {
	readonly title: string;
	readonly items: readonly SharedItem[];
	/** Who answered: `anthropic · claude-…`, each once. */
	readonly models: readonly string[];
	/** Place of the answer that is being written, in a live share. */
	readonly busyAt?: number;
	/** The conversation has outgrown what a live share holds: what is newer does not come. */
	readonly isFull?: boolean;
}

/** One of a person's own links. */
export interface OwnShare {
	readonly shareId: string;
	readonly title: string;
	readonly link: string;
	readonly createdAt: number;
	readonly expiresAt: number;
	readonly hasPassphrase: boolean;
	readonly kind: ShareKind;
	/** Whose branch it follows; absent of a snapshot. */
	readonly sessionId?: string;
	/** The conversation has outgrown it: readers have what there was before. */
	readonly isFull?: boolean;
	/** At it now, of a live one. */
	readonly readers?: number;
	/** Absent while the relay cannot be asked. */
	readonly opens?: number;
	/** It is there no more: expired, revoked or taken down. */
	readonly isGone?: boolean;
}
