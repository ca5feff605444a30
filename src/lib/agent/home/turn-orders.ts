/**
 * What a person says on one device about a turn that another one runs: stop it, or run this call. It is kept
 * until the device that it is for has done it, or finds that it may not; that it is done twice is the journal's
 * to prevent, where an approval is asked for, answered, and used once.
 */

import { toAppError } from '../../wire/errors';
import type { Json } from '../../wire/json';
import { approvalLifetimeMs } from '../policy/authorize';
import type { Clock } from '../ports';
import type { Store } from '../storage/store';
import type { RegisterRow } from '../sync/merge';
import { order, orderKey, orders, type Order } from '../sync/open-turns';
import { registersAt } from '../sync/registers';

export interface TurnOrdersParts {
	readonly base: Store;
	readonly clock: Clock;
	/** This device. */
	readonly kid: string;
	readonly set: (key: string, value: Json) => Promise<void>;
	readonly isMember: (kid: string) => boolean;
	/** All that was in the room has been read: what is heard from now on has just been said. */
	readonly isCurrent: () => boolean;
	/** Does it, where it can still be done. */
	readonly carryOut: (given: Order, by: string) => Promise<void>;
}

export interface TurnOrders {
	give(given: Order): Promise<void>;
	/** This device runs the turn now: what it has said of it to another is taken back. */
	withdraw(turnId: string): Promise<void>;
	hear(key: string, row: RegisterRow): void;
	/** What was heard and not done, after a start. */
	look(): Promise<void>;
	/** Does what was heard, once there is nothing left to read that could say otherwise. */
	obey(): Promise<void>;
}

/** Said in front of a device that listens it counts at once, however wrong one of the two clocks is. */
const longestSkewMs = 25 * 60 * 60_000;

export function createTurnOrders(parts: TurnOrdersParts): TurnOrders {
	const { base, clock, kid, set, isMember, isCurrent } = parts;
	const heard = new Map<string, { readonly row: RegisterRow; readonly isLive: boolean }>();

	const keyOf = (given: Order): string =>
		orderKey(given.turnId, given.kind === 'decide' ? given.approvalId : undefined);

	/** As old as an approval may be, and no older: who has said it may think otherwise by now. */
	function isFresh({ at }: Order, isLive: boolean): boolean {
		return Math.abs(clock.now() - at) < (isLive ? longestSkewMs : approvalLifetimeMs);
	}

	return {
		async give(given) {
			await set(keyOf(given), given);
		},
		async withdraw(turnId) {
			for (const [key, row] of await registersAt(base, `${orders}${turnId}/`))
				if (row.dev === kid && row.value !== null) await set(key, null);
		},
		hear(key, row) {
			heard.set(key, { row, isLive: isCurrent() });
		},
		async look() {
			for (const [key, row] of await registersAt(base, orders)) {
				const given = order.safeParse(row.value);
				if (given.success && row.dev === kid && !isFresh(given.data, false)) await set(key, null);
				else if (!heard.has(key)) heard.set(key, { row, isLive: false });
			}
		},
		async obey() {
			if (!isCurrent()) return;
			for (const [key, { row, isLive }] of [...heard]) {
				heard.delete(key);
				const given = order.safeParse(row.value);
				if (!given.success || row.dev === kid || given.data.to !== kid) continue;
				if (isMember(row.dev) && isFresh(given.data, isLive))
					// Too late, or decided already: whoever gave it sees how it stands.
					await parts.carryOut(given.data, row.dev).catch((thrown: unknown) => toAppError(thrown));
				await set(key, null);
			}
		}
	};
}
