/**
 * What the loop needs of the catalog: which actions there are, what the gate must know of
 * each, and a way to run one that has been allowed.
 */

import type { CallStatus } from '../../wire/entries';
import type { WireError } from '../../wire/errors';
import type { Effect, Replay } from '../../wire/events';
import type { Json, JsonObject } from '../../wire/json';
import type { Labels } from '../../wire/labels';
import type { DecisionToken } from '../policy/token';
import type { Store, StoreDelete, StoreWrite } from '../storage/store';
import type { ToolDescriptor } from '../models/protocol';

/** What is known of an action before it runs. */
export interface ActionFacts {
	readonly action: string;
	readonly title: string;
	readonly description: string;
	/** SHA-256 hex of the canonical JSON of the manifest (id, description, input, effects, replay). */
	readonly defHash: string;
	readonly input: JsonObject;
	readonly effects: readonly Effect[];
	readonly replay: Replay;
	readonly undoable: boolean;
	readonly knownDestinations: readonly string[];
	readonly timeoutMs: number;
}

export interface SkillRun {
	readonly token: DecisionToken;
	/** The hash that the token is bound to. */
	readonly callHash: string;
	readonly action: string;
	readonly args: JsonObject;
	readonly effectKey: string;
	/** Journalled time of the intent. */
	readonly now: number;
	/** Labels of what the arguments were made from; they go into the result and every row it writes. Default own. */
	readonly labels?: Labels;
	readonly signal: AbortSignal;
	readonly onProgress: (text: string, fraction?: number) => void;
}

/** Never thrown: a failed skill is an outcome. `writes` go into the same commit as the result. */
export interface SkillOutcome {
	readonly status: Extract<CallStatus, 'ok' | 'error'>;
	readonly output: Json;
	readonly error?: WireError;
	readonly labels: Labels;
	readonly writes: readonly StoreWrite[];
	readonly deletes: readonly StoreDelete[];
	/** What `undo.apply` will need; absent where nothing can be undone. */
	readonly undo?: { readonly label: string; readonly captured: Json };
}

export interface SkillPort {
	/** Enabled and available actions, in a stable order (the prompt cache depends on it). */
	tools(): readonly ToolDescriptor[];
	/** `undefined`: nobody knows this action. */
	facts(action: string): ActionFacts | undefined;
	/** Says why an action cannot run now: unknown, disabled, unavailable, or arguments that do not fit its schema. */
	check(action: string, args: Json): WireError | undefined;
	destinations(action: string, args: JsonObject): readonly string[];
	gist(action: string, args: Json): string;
	/** Throws only on a token that is not for this call. Stops at `signal`, at `timeoutMs`. */
	run(run: SkillRun): Promise<SkillOutcome>;
	/** For `checkable` actions after a crash. */
	probe(action: string, effectKey: string, signal: AbortSignal): Promise<'done' | 'not-done' | 'unknown'>;
	/** The inverse of a settled call; its writes are to be committed together. */
	undo(
		action: string,
		captured: Json,
		output: Json,
		/** Read instead of the store's own rows: what they would be after other undos. */
		store?: Store
	): Promise<{ readonly writes: readonly StoreWrite[]; readonly deletes: readonly StoreDelete[] }>;
}
