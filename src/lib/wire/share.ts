/**
 * What page, agent and edge say to each other about shares. The edge keeps sealed bytes, hashes of two
 * tokens and two times; everything else stays behind `#`.
 */

import * as z from 'zod/mini';
import type { Block } from './blocks';
import type { CallStatus } from './entries';

export const shareLimits = {
	/** Sealed bytes of a snapshot. */
	bytes: 25 * 1024 * 1024,
	/** Living shares of one address. */
	perAddress: 50,
	defaultDays: 30,
	maximumDays: 365
} as const;

const hash = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));

/** `POST /api/shares`: the sealed bytes are the body, this is the header of `shareHeader`, as JSON. */
export const shareHeader = 'x-wherry-share';
export const newShare = z.strictObject({
	shareId: z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/)),
	/** SHA-256 of the token that reads. */
	readHash: hash,
	/** SHA-256 of the token that revokes and counts. */
	ownerHash: hash,
	days: z.number().check(z.int(), z.gte(1), z.lte(shareLimits.maximumDays))
});
export type NewShare = z.infer<typeof newShare>;

export const shareState = z.object({
	shareId: z.string(),
	createdAt: z.number(),
	expiresAt: z.number(),
	size: z.number(),
	opens: z.number()
});
export type ShareState = z.infer<typeof shareState>;

/** What goes along besides what was said. */
export interface ShareOptions {
	readonly calls: 'full' | 'names';
	readonly reasoning: boolean;
	readonly files: boolean;
}

/** One article of a shared page, as its visitor sees it. */
export type SharedItem =
	| {
			readonly type: 'you';
			readonly text: string;
			readonly files: readonly SharedFile[];
			readonly at: number;
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
			readonly state: CallStatus;
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
}

export interface SharedReading {
	readonly title: string;
	readonly items: readonly SharedItem[];
	/** Who answered: `anthropic · claude-…`, each once. */
	readonly models: readonly string[];
}

/** One of a person's own links. */
export interface OwnShare {
	readonly shareId: string;
	readonly title: string;
	readonly link: string;
	readonly createdAt: number;
	readonly expiresAt: number;
	readonly hasPassphrase: boolean;
	/** Absent while the relay cannot be asked. */
	readonly opens?: number;
	/** It is there no more: expired, revoked or taken down. */
	readonly isGone?: boolean;
}
