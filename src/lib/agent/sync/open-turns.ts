/**
 * A turn as the other devices know it. While it is open, one register holds all that somebody needs who shows
 * it, decides on its calls, or goes on with it: its row, the calls that are not settled, what was asked. Once it
 * has ended, another keeps how it ended. Rehearsal is over before anybody could look.
 */

import * as z from 'zod/mini';
import { AppError } from '../../wire/errors';
import type { Json } from '../../wire/json';
import { isApproval, isEffect, isTurn, readEffects } from '../journal/read-records';
import type { ApprovalRecord, EffectRecord, TurnRecord } from '../journal/records';
import { isRecord } from '../sessions/upcast';
import type { Commit, Store } from '../storage/store';
import { asJson } from './as-json';
import { registerOf } from './registers';

export interface OpenTurn {
	readonly turn: TurnRecord;
	/** Not settled. */
	readonly effects: readonly EffectRecord[];
	/** Asked, or granted and not used. */
	readonly approvals: readonly ApprovalRecord[];
}

export const openTurns = 'open/';
const endedPrefix = 'turn/';
export const orders = 'order/';
export const openTurnKey = (turnId: string): string => openTurns + turnId;
export const endedTurnKey = (turnId: string): string => endedPrefix + turnId;

/** To the device that runs the turn, from another one. */
const addressed = {
	turnId: z.string(),
	/** Who ran it when this was said: nobody else does what it says. */
	to: z.string(),
	/** Milliseconds since 1970, by the clock of whoever said it. */
	at: z.number()
};
export const order = z.discriminatedUnion('kind', [
	z.object({ kind: z.literal('stop'), ...addressed }),
	z.object({
		kind: z.literal('decide'),
		...addressed,
		approvalId: z.string(),
		/** What the person saw. */
		callHash: z.string(),
		decision: z.enum(['once', 'always', 'reject', 'done', 'retry'])
	})
]);
export type Order = z.infer<typeof order>;
/** One about a turn, and one about each call: what is said later counts. */
export const orderKey = (turnId: string, approvalId = 'stop'): string => `${orders}${turnId}/${approvalId}`;

/** Of a turn that is open: what it is, or what is to be done with it. */
export const isTurnNews = (key: string): boolean => key.startsWith(openTurns) || key.startsWith(orders);

/** Undefined where the register is no open turn's. */
export const openTurnOf = (key: string): string | undefined =>
	key.startsWith(openTurns) ? key.slice(openTurns.length) : undefined;

/** The row of the turn that has ended; undefined where the register says nothing of the kind. */
export function endedTurnOf(key: string, value: Json): TurnRecord | undefined {
	if (!key.startsWith(endedPrefix) || !isTurn(value)) return undefined;
	return value.state === 'ended' && endedTurnKey(value.turnId) === key ? value : undefined;
}

/** Total: another device may be of another build. */
export function readOpenTurn(value: unknown): OpenTurn | undefined {
	if (!isRecord(value) || !isTurn(value.turn) || value.turn.state === 'ended') return undefined;
	return {
		turn: value.turn,
		effects: listOf(value.effects).filter(isEffect),
		approvals: listOf(value.approvals).filter(isApproval)
	};
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/**
 * The registers that this commit changes.
 *
 * @param dev this device
 * @throws AppError `turn/elsewhere` of a turn that runs here and was taken over: nothing more of it is written here
 */
export async function turnRegisters(
	commit: Commit,
	store: Store,
	dev: string
): Promise<readonly (readonly [string, Json])[]> {
	const puts = commit.put ?? [];
	const rows = puts.map(({ row }): unknown => row);
	const turns = new Map<string, TurnRecord>();
	for (const row of rows) if (isTurn(row)) turns.set(row.turnId, row);
	const approvals = puts.flatMap(({ table, row }) => (table === 'approvals' && isApproval(row) ? [row] : []));
	const registers: (readonly [string, Json])[] = [];
	for (const turnId of new Set([...turns.keys(), ...approvals.map((one) => one.turnId)])) {
		const key = openTurnKey(turnId);
		const held = await registerOf(store, key);
		const before = readOpenTurn(held?.value);
		if (before !== undefined && held?.dev !== dev && (await store.get('turns', turnId)) !== undefined)
			throw new AppError('turn/elsewhere');
		const turn = turns.get(turnId) ?? before?.turn;
		if (turn === undefined) continue;
		if (turn.state === 'ended') {
			registers.push([endedTurnKey(turnId), asJson(turn)]);
			if (held !== undefined && held.value !== null) registers.push([key, null]);
			continue;
		}
		// At the edge its answer can be read along; parked, somebody may be asked. Else there is nothing to see.
		const isKept = turn.streamSecret !== undefined && turn.model.provider !== 'rehearsal';
		if (!isKept && turn.state !== 'parked' && before === undefined) continue;
		const effects = puts.flatMap(({ table, row }) =>
			table === 'effects' && isEffect(row) && row.turnId === turnId ? [row] : []
		);
		// Told of late: what it asks was written down before.
		const earlier = before ?? (await askedBefore(store, turnId));
		const open: OpenTurn = {
			turn,
			effects: newest([...earlier.effects, ...effects], ({ effectKey }) => effectKey).filter(
				({ state }) => state !== 'settled' && state !== 'undone'
			),
			approvals: newest(
				[...earlier.approvals, ...approvals.filter((one) => one.turnId === turnId)],
				({ approvalId }) => approvalId
			).filter(({ state }) => state !== 'used' && state !== 'lapsed')
		};
		registers.push([key, asJson(open)]);
	}
	return registers;
}

async function askedBefore(store: Store, turnId: string): Promise<Omit<OpenTurn, 'turn'>> {
	const rows = (await store.range('approvals', {})).map(({ row }) => row);
	const approvals = rows.filter(isApproval).filter((one) => one.turnId === turnId);
	const effects = await readEffects(
		store,
		approvals.map(({ effectKey }) => effectKey)
	);
	return { approvals, effects: effects.filter((one) => one !== undefined) };
}

function newest<Row>(rows: readonly Row[], keyOf: (row: Row) => string): readonly Row[] {
	return [...new Map(rows.map((row) => [keyOf(row), row])).values()];
}
