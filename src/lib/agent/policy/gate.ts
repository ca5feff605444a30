/**
 * The gate's one decision, as a pure function of data. Its signature is final (trust.md C10);
 * stances and rules grow behind it.
 */

import type { Effect, Mode, Reason, Replay } from '../../wire/events';
import type { Json } from '../../wire/json';
import type { Labels } from '../../wire/labels';

/** Policy preset; the composer's mode is separate. First run: `edit`. */
export type Stance = 'plan' | 'ask' | 'edit' | 'open' | 'locked' | 'bypass';
export type VerdictKind = 'allow' | 'hold' | 'deny';

/** A narrow, user-visible rule. `destination` and `args` narrow it further when present. */
export interface Rule {
	readonly id: string;
	readonly v: number;
	readonly verdict: VerdictKind;
	readonly action: string;
	/** Exact host or address. */
	readonly destination?: string;
	/** Exact values that arguments must have. */
	readonly args?: { readonly [name: string]: Json };
	/** Shown verbatim where the rule was made. */
	readonly text: string;
	readonly createdAt: number;
}

export interface GateCall {
	readonly action: string;
	/** SHA-256 of the action's definition as the person knew it. */
	readonly defHash: string;
	readonly args: Json;
	/** `unknown` effects (an action nobody knows) are held, or denied where nobody can be asked. */
	readonly effects: readonly Effect[] | 'unknown';
	readonly destinations: readonly string[];
	readonly replay: Replay;
	/** True for an action that can be undone. */
	readonly undoable: boolean;
	/** Hosts that the build allows this action to reach without asking (`web`'s compiled list). */
	readonly knownDestinations: readonly string[];
}

export interface GateInput {
	readonly mode: Mode;
	readonly stance: Stance;
	readonly rules: readonly Rule[];
	readonly call: GateCall;
	/** Labels joined over everything in the model's context. */
	readonly taint: Labels;
	/** Destinations that stand verbatim in a user entry of the branch. */
	readonly userDestinations: readonly string[];
	readonly budget: { readonly exhausted: boolean };
	/** Is there somebody to ask? */
	readonly interactive: boolean;
	readonly principal: string;
}

export interface Verdict {
	readonly verdict: VerdictKind;
	readonly reasons: readonly Reason[];
	readonly constraints: {
		/** May "Always allow this" be offered? */
		readonly canAlways: boolean;
	};
}

export type Decide = (input: GateInput) => Verdict;
