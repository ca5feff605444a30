/** What a turn is given, and what it needs. Ports in, events out. */

import type { ModelRef } from '../../wire/entries';
import type { LoopEvent, LoopEventBody, Mode, TurnOutcome } from '../../wire/events';
import type { WireError } from '../../wire/errors';
import type { EntryDraft } from '../journal/turn-journal';
import type { Park } from '../journal/park';
import type { TurnRecord } from '../journal/records';
import type { LoadBlob, ModelPort } from '../models/protocol';
import type { Rule, Stance } from '../policy/gate';
import type { Clock, Device, Ids } from '../ports';
import type { SessionWriter } from '../sessions/writer';
import type { SkillPort } from '../skills/port';
import type { Store, StoreDelete } from '../storage/store';

export const defaultStepLimit = 6;
export const maximumStepLimit = 12;

export interface TurnSettings {
	readonly mode: Mode;
	readonly model: ModelRef;
	/** Responses a turn may take; default 6, ceiling 12 for a conversation (its host's to keep); a profile may raise it. */
	readonly stepLimit: number;
	readonly effort: string;
	readonly webSearch: boolean;
}

export type TurnStart =
	/** A new user entry under `parentId`. `alsoDelete`: the queue row that it was. */
	| {
			readonly kind: 'message';
			readonly user: EntryDraft;
			readonly parentId: string | null;
			readonly alsoDelete: readonly StoreDelete[];
			readonly settings: TurnSettings;
	  }
	/** Another answer to an entry that is there. */
	| { readonly kind: 'answer'; readonly entryId: string; readonly settings: TurnSettings }
	/** Goes on where the journal says. */
	| { readonly kind: 'resume'; readonly record: TurnRecord };

export interface TurnInput {
	readonly turnId: string;
	readonly sessionId: string;
	readonly start: TurnStart;
	/** Stop: the turn settles its open calls as not run and ends as `stopped`. */
	readonly signal: AbortSignal;
}

/** A message that steers the running turn: durable in the queue before it is taken. */
export interface Steering {
	readonly draft: EntryDraft;
	readonly row: StoreDelete;
}

export interface TurnPorts {
	readonly clock: Clock;
	readonly ids: Ids;
	readonly device: Device;
	readonly epoch: () => number;
	readonly store: Store;
	readonly session: SessionWriter;
	readonly models: ModelPort;
	readonly skills: SkillPort;
	readonly park: Park;
	readonly loadBlob: LoadBlob;
	/** For the names and keys of the turn's answers at the edge; absent: they are not kept there. */
	readonly newStreamSecret?: () => string;
	readonly steering: () => readonly Steering[];
	readonly policy: () => {
		readonly stance: Stance;
		readonly rules: readonly Rule[];
		readonly interactive: boolean;
		readonly principal: string;
	};
	/** Added to the system prompt: who the agent is. Stable, so that it can be cached. */
	readonly systemPrompt: string;
}

export type Emit = (event: LoopEvent) => void;
export type Say = (event: LoopEventBody) => void;

export interface TurnResult {
	readonly outcome: TurnOutcome;
	readonly error?: WireError;
}
