/**
 * The journal's rows. The entry is the only copy of content: rows here hold its id and hash.
 * Three kinds of commit carry a turn (see `journal.ts`): T1 request · T2 response, decisions,
 * intents · T3 a settled call. `started` is written only for once, checkable and approved calls.
 */

import type { CallStatus, ModelRef, Usage } from '../../wire/entries';
import type { WireError } from '../../wire/errors';
import type { Effect, HeldCall, Mode, ParkReason, Replay, TurnOutcome } from '../../wire/events';
import type { Json, JsonObject } from '../../wire/json';
import type { Labels } from '../../wire/labels';

export const journalVersion = 1;

export type TurnState = 'running' | 'parked' | 'ended';

export interface TurnRecord {
	readonly turnId: string;
	readonly sessionId: string;
	readonly v: number;
	readonly state: TurnState;
	readonly parkReason?: ParkReason;
	/** The user entry that began it. */
	readonly entryId: string;
	readonly mode: Mode;
	readonly model: ModelRef;
	readonly stepLimit: number;
	readonly effort: string;
	readonly webSearch: boolean;
	/** Names and seals the answer that comes next, at the edge: see `models/hub-names.ts`. Another for each. */
	readonly streamSecret?: string;
	/** Next ord of the `steps` rows, and the hash of the last one. */
	readonly nextOrd: number;
	readonly lastHash: string;
	/** Model responses committed so far. */
	readonly responses: number;
	/** Last entry of this turn: the parent of the next one. */
	readonly tail: string;
	/** Recoveries without a new settled step in between. Parked time costs none. */
	readonly attempt: number;
	/** The next event's seq is at least this: events of a resumed turn go on, never repeat. */
	readonly seq: number;
	readonly usage: Usage;
	readonly startedAt: number;
	readonly endedAt?: number;
	readonly outcome?: TurnOutcome;
	readonly error?: WireError;
}

export type StepKind = 'user' | 'request' | 'response' | 'intent' | 'started' | 'result' | 'decision' | 'end';

export interface StepRecord {
	readonly turnId: string;
	readonly ord: number;
	readonly v: number;
	readonly kind: StepKind;
	/** Entry id, effect key or approval id. */
	readonly ref: string;
	readonly at: number;
	readonly epoch: number;
	/** Rows of one commit stand or fall together, so they share one link of the chain. */
	readonly prevHash: string;
	/** Over everything above, of all rows of the commit. */
	readonly hash: string;
}

export type EffectState = 'intended' | 'held' | 'started' | 'settled' | 'unknown' | 'undone';

export interface EffectRecord {
	readonly effectKey: string;
	readonly v: number;
	readonly turnId: string;
	readonly sessionId: string;
	/** The assistant entry that holds the call. */
	readonly entryId: string;
	readonly callId: string;
	readonly callIndex: number;
	readonly action: string;
	readonly defHash: string;
	readonly callHash: string;
	readonly args: JsonObject;
	readonly effects: readonly Effect[];
	readonly replay: Replay;
	readonly state: EffectState;
	readonly attempt: number;
	/** Journalled time that the action sees as `now`. */
	readonly at: number;
	readonly approvalId?: string;
	readonly resultEntryId?: string;
	readonly status?: CallStatus;
}

export type ApprovalState = 'asked' | 'approved' | 'rejected' | 'used' | 'lapsed';

export interface ApprovalRecord {
	readonly approvalId: string;
	readonly v: number;
	readonly turnId: string;
	readonly sessionId: string;
	readonly effectKey: string;
	readonly held: HeldCall;
	readonly state: ApprovalState;
	/** once, always, reject; for an unknown outcome also done, retry. */
	readonly decision?: 'once' | 'always' | 'reject' | 'done' | 'retry';
	readonly decidedBy?: string;
	readonly decidedAt?: number;
	/** Only a granted decision expires: ten minutes after it was given. */
	readonly expiresAt?: number;
}

/** A row that an undo has changed: as it was before (null: there was none), and a mark of how the undo left it. */
export interface UndoneRow {
	/** In the `plugins` table. */
	readonly key: string;
	readonly row: object | null;
	readonly left: { readonly hash: string; readonly text: string };
}

export interface UndoRecord {
	readonly effectKey: string;
	readonly v: number;
	readonly turnId: string;
	readonly sessionId: string;
	readonly resultEntryId: string;
	readonly action: string;
	readonly label: string;
	readonly captured: Json;
	readonly output: Json;
	readonly labels: Labels;
	readonly state: 'open' | 'undone';
	/** Once undone: what doing it again puts back. Absent on rows of older builds. */
	readonly redo?: readonly UndoneRow[];
}
