/**
 * What a turn says while it runs: one union for every provider and every runtime.
 * Each event carries `turnId` and a `seq` that is dense from 0 within the turn. A delta
 * carries only the delta. The first event is `turn-start`, the last `turn-end`, each exactly
 * once, whatever throws, hangs or is aborted; `turn-park` and `turn-resume` come between.
 */

import type { CallStatus, ModelRef, StopReason, Usage } from './entries';
import type { WireError } from './errors';
import type { Json } from './json';

export type Mode = 'propose' | 'selective' | 'auto';
export type Effect =
	| 'readPrivate'
	| 'readUntrusted'
	| 'writeLocal'
	| 'writeRemote'
	| 'egress'
	| 'spend'
	| 'execute'
	| 'irreversible';
/** How recovery treats an action (`trust.md` C1): pure re-run · local atomic with its result · keyed re-send with the same key · checkable ask first · once never re-run silently. */
export type Replay = 'pure' | 'local' | 'keyed' | 'checkable' | 'once';
export type ParkReason = 'approval' | 'question' | 'wake' | 'budget' | 'outcome-unknown';
export type TurnOutcome = 'done' | 'stopped' | 'failed' | 'step-limit' | 'refused' | 'length';

/** Why the gate decided as it did; `text` is for people. */
export interface Reason {
	readonly code: string;
	readonly text: string;
}

/** What a held call shows before a person decides. Bound to the call by `callHash`. */
export interface HeldCall {
	readonly approvalId: string;
	readonly callId: string;
	readonly callHash: string;
	readonly action: string;
	readonly args: Json;
	readonly effects: readonly Effect[];
	readonly destinations: readonly string[];
	readonly reasons: readonly Reason[];
	/** False for irreversible or tainted calls. */
	readonly canAlways: boolean;
	/** The narrow rule that "Always allow this" would write, in words. */
	readonly alwaysText?: string;
	/** outcome-unknown: the call was started and its outcome is not known; the choices are then done, retry. */
	readonly kind: 'approval' | 'outcome-unknown';
}

interface EventBase {
	readonly turnId: string;
	readonly seq: number;
}

export type LoopEventBody =
	| {
			readonly type: 'turn-start';
			readonly sessionId: string;
			readonly entryId: string;
			readonly mode: Mode;
			readonly model: ModelRef;
			readonly at: number;
	  }
	| { readonly type: 'step-start'; readonly step: number; readonly entryId: string; readonly model: ModelRef }
	| { readonly type: 'reasoning-delta'; readonly index: number; readonly delta: string }
	| { readonly type: 'text-delta'; readonly index: number; readonly delta: string }
	| { readonly type: 'call-start'; readonly callId: string; readonly index: number; readonly action: string }
	| { readonly type: 'call-delta'; readonly callId: string; readonly delta: string }
	| { readonly type: 'call-held'; readonly held: HeldCall }
	| {
			readonly type: 'call-run';
			readonly callId: string;
			readonly action: string;
			readonly args: Json;
			readonly at: number;
	  }
	| {
			readonly type: 'call-progress';
			readonly callId: string;
			readonly text: string;
			readonly fraction?: number;
	  }
	| {
			readonly type: 'call-end';
			readonly callId: string;
			readonly action: string;
			readonly status: CallStatus;
			readonly entryId: string;
			readonly durationMs: number;
			readonly error?: WireError;
	  }
	/** The response is committed: `entryId` can be read. Comes before its calls run. `reset` events never come: a retried response starts a new `step-start` with the same step. */
	| {
			readonly type: 'step-end';
			readonly step: number;
			readonly entryId: string;
			readonly usage: Usage;
			readonly stop: StopReason;
	  }
	| {
			readonly type: 'notice';
			readonly level: 'info' | 'warning';
			readonly code: string;
			readonly text: string;
			readonly error?: WireError;
	  }
	| { readonly type: 'turn-park'; readonly reason: ParkReason; readonly waitingFor: readonly string[] }
	/** After a park, or in a new process after a crash (`recovered`): then no second `turn-start` comes. */
	| { readonly type: 'turn-resume'; readonly sessionId: string; readonly reason: ParkReason | 'recovered' }
	| {
			readonly type: 'turn-end';
			readonly outcome: TurnOutcome;
			readonly error?: WireError;
			readonly usage: Usage;
			readonly steps: number;
			readonly durationMs: number;
	  };

export type LoopEvent = EventBase & LoopEventBody;
