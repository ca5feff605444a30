/**
 * Turns that another device of this home runs: shown here as they happen, stopped and decided on from here, and
 * taken over when a person says so. Who a turn belongs to is whoever wrote its register last; a device that reads
 * that its turn is another's gives it away without a word more.
 */

import { noUsage, type ModelRef } from '../../wire/entries';
import { AppError } from '../../wire/errors';
import type { LoopEvent } from '../../wire/events';
import type { Json } from '../../wire/json';
import type { Elsewhere } from '../commands/elsewhere';
import type { Host } from '../commands/host';
import type { Turns } from '../commands/turns';
import { readOpenTurns, readTurn } from '../journal/read-records';
import type { TurnRecord } from '../journal/records';
import { createSpeaker, type Speaker } from '../loop/turn-state';
import { createStreamNames } from '../models/hub-names';
import { isRecord } from '../sessions/upcast';
import type { Store, StoreDelete } from '../storage/store';
import type { RegisterRow } from '../sync/merge';
import {
	openTurnKey,
	openTurnOf,
	openTurns,
	readOpenTurn,
	type OpenTurn,
	type Order
} from '../sync/open-turns';
import { registerOf, registersAt } from '../sync/registers';
import { deviceNameKey } from './devices';
import { createTurnOrders } from './turn-orders';

export interface TurnsElsewhere extends Elsewhere {
	/** Everything that is open elsewhere, after a start. */
	look(): Promise<void>;
	/** Registers of turns that have just been read; before their entries are shown. */
	read(news: ReadonlyMap<string, RegisterRow>): Promise<void>;
	/** Entries of a session are about to be shown. */
	beforeShown(turnIds: ReadonlySet<string>): void;
	/** Does what other devices have said, where all that they have said is read. */
	obey(): Promise<void>;
	take(sessionId: string): Promise<void>;
	end(): void;
}

export interface TurnsElsewhereParts {
	readonly host: Host;
	readonly turns: Turns;
	/** What is written here is told to nobody. */
	readonly base: Store;
	readonly kid: string;
	readonly set: (key: string, value: Json) => Promise<void>;
	/** What the others do is heard at once. */
	readonly isConnected: () => boolean;
	/** What they have done until now is here. */
	readonly isCurrent: () => boolean;
	readonly isMember: (kid: string) => boolean;
}

interface Followed {
	readonly dev: string;
	readonly device: string;
	open: OpenTurn;
	readonly speaker: Speaker;
	/** The response that is being read along, and how to end that. */
	reading:
		{ readonly response: number; readonly entryId: string; readonly stop: AbortController } | undefined;
	/** Approvals that stand on the page. */
	readonly held: Set<string>;
}

export function createTurnsElsewhere(parts: TurnsElsewhereParts): TurnsElsewhere {
	const { host, turns, base, kid, isConnected } = parts;
	const followed = new Map<string, Followed>();
	const { clock, ids } = host.ports;
	const orders = createTurnOrders({ ...parts, clock, carryOut });

	const ofSession = (sessionId: string): Followed | undefined =>
		[...followed.values()].find(({ open }) => open.turn.sessionId === sessionId);

	function emitFor(sessionId: string) {
		return (event: LoopEvent): void => {
			host.status.note(sessionId, event);
			host.bus.publish({ kind: 'loop', sessionId, at: clock.now(), event });
		};
	}

	async function nameOf(dev: string): Promise<string> {
		const name = (await registerOf(base, deviceNameKey(dev)))?.value;
		return typeof name === 'string' ? name : '';
	}

	async function follow(dev: string, open: OpenTurn): Promise<void> {
		const { turn } = open;
		let one = followed.get(turn.turnId);
		if (one !== undefined && one.dev !== dev) {
			leave(turn.turnId);
			one = undefined;
		}
		if (one === undefined) {
			const speaker = createSpeaker(turn.turnId, turn.seq, emitFor(turn.sessionId));
			one = { dev, device: await nameOf(dev), open, speaker, reading: undefined, held: new Set() };
			followed.set(turn.turnId, one);
			speaker.say({ type: 'turn-resume', sessionId: turn.sessionId, reason: 'recovered' });
		} else if (one.open.turn.state === 'parked' && turn.state === 'running') {
			one.speaker.say({ type: 'turn-resume', sessionId: turn.sessionId, reason: 'approval' });
			one.held.clear();
		}
		one.open = open;
		if (one.reading !== undefined && one.reading.response !== turn.responses) stopReading(one);
		showHeld(one);
		if (turn.state === 'running' && one.reading === undefined && !waitsForCalls(open)) readAlong(one);
	}

	/** Between two responses there is none to read. */
	const waitsForCalls = ({ effects }: OpenTurn): boolean => effects.length > 0;

	function showHeld(one: Followed): void {
		const { turn, approvals, effects } = one.open;
		const asked = approvals.filter(({ state }) => state === 'asked');
		for (const { approvalId, effectKey, held } of asked) {
			if (one.held.has(approvalId)) continue;
			one.held.add(approvalId);
			const entryId = effects.find((effect) => effect.effectKey === effectKey)?.entryId ?? turn.tail;
			one.speaker.say({ type: 'step-end', step: turn.responses - 1, entryId, usage: noUsage, stop: 'calls' });
			one.speaker.say({ type: 'call-held', held });
		}
		if (turn.state === 'parked')
			one.speaker.say({
				type: 'turn-park',
				reason: turn.parkReason ?? 'approval',
				waitingFor: asked.map(({ approvalId }) => approvalId)
			});
	}

	function readAlong(one: Followed): void {
		const { streamSecret, responses, model } = one.open.turn;
		if (streamSecret === undefined) return;
		const stop = new AbortController();
		// Its real id is known when it is committed; until then it has one of this device.
		const entryId = ids.next();
		one.reading = { response: responses, entryId, stop };
		one.speaker.say({ type: 'step-start', step: responses, entryId, model });
		void watch(one, { streamSecret, responses, model, signal: stop.signal }).catch(() => {
			// With the next thing that is heard of the turn it is tried again.
			if (one.reading?.stop === stop) stopReading(one);
		});
	}

	async function watch(
		one: Followed,
		from: {
			readonly streamSecret: string;
			readonly responses: number;
			readonly model: ModelRef;
			readonly signal: AbortSignal;
		}
	): Promise<void> {
		const { signal, model } = from;
		const names = createStreamNames(from.streamSecret, from.responses, true);
		await host.providers.watch({ model, names, signal }, (event) => {
			if (!signal.aborted) one.speaker.pass(event);
		});
	}

	/** What was read along gives way to what is committed. */
	function stopReading(one: Followed): void {
		const { reading } = one;
		if (reading === undefined) return;
		one.reading = undefined;
		reading.stop.abort();
		const { turn } = one.open;
		one.speaker.say({
			type: 'step-end',
			step: reading.response,
			entryId: turn.tail,
			usage: noUsage,
			stop: 'end'
		});
	}

	function leave(turnId: string): void {
		const one = followed.get(turnId);
		if (one === undefined) return;
		stopReading(one);
		followed.delete(turnId);
	}

	async function ended(turnId: string): Promise<void> {
		const one = followed.get(turnId);
		if (one === undefined) return;
		leave(turnId);
		await sayEnd(turnId, one.speaker);
	}

	async function sayEnd(turnId: string, speaker: Speaker): Promise<void> {
		const turn = await readTurn(base, turnId);
		speaker.say({
			type: 'turn-end',
			outcome: turn?.outcome ?? 'stopped',
			...(turn?.error === undefined ? {} : { error: turn.error }),
			usage: turn?.usage ?? noUsage,
			steps: turn?.responses ?? 0,
			durationMs: turn === undefined ? 0 : (turn.endedAt ?? clock.now()) - turn.startedAt
		});
	}

	/** It was mine, and somebody took it over: nothing more of it is written here. */
	async function giveUp({ turnId, sessionId, state }: TurnRecord): Promise<void> {
		await turns.giveUp(sessionId, turnId);
		const gone: StoreDelete[] = state === 'ended' ? [] : [{ table: 'turns', key: turnId }];
		for (const table of ['effects', 'approvals'] as const)
			for (const { key, row } of await base.range(table, {}))
				if (isRecord(row) && row.turnId === turnId) gone.push({ table, key });
		await base.commit({ epoch: host.epoch(), delete: gone });
	}

	const isOpenHere = ({ sessionId, turnId }: TurnRecord): boolean => host.status.turnId(sessionId) === turnId;

	/** As the register stands now: this device may have written it since. */
	async function readOne(turnId: string): Promise<void> {
		const row = await registerOf(base, openTurnKey(turnId));
		if (row === undefined || row.dev === kid) return;
		const own = await readTurn(base, turnId);
		const open = readOpenTurn(row.value);
		if (open === undefined) {
			if (row.value !== null) return;
			// It was begun here, taken over, and brought to its end before this device heard of it.
			const wasMine = own !== undefined && !followed.has(turnId) && isOpenHere(own);
			if (wasMine) {
				await giveUp(own);
				await sayEnd(turnId, createSpeaker(turnId, own.seq, emitFor(own.sessionId)));
			} else await ended(turnId);
			return;
		}
		if (own?.state === 'ended') return;
		if (own !== undefined) await giveUp(own);
		await follow(row.dev, open);
	}

	/** It was signed by the device that gave it. */
	async function carryOut(given: Order, by: string): Promise<void> {
		const mine = (await readOpenTurns(base)).find(({ turnId }) => turnId === given.turnId);
		if (mine === undefined) return;
		if (given.kind === 'stop') return turns.stop(mine.sessionId);
		const row = await base.get('approvals', given.approvalId);
		const open = readOpenTurn({ turn: mine, approvals: [row] });
		const approval = open?.approvals[0];
		// What the person saw is what would run, or nothing is decided.
		if (approval?.state !== 'asked' || approval.held.callHash !== given.callHash) return;
		await turns.decide(given.approvalId, given.decision, by);
	}

	async function take(sessionId: string): Promise<void> {
		const one = ofSession(sessionId);
		if (one === undefined) throw new AppError('turn/not-found');
		const { turn, effects, approvals } = one.open;
		const loaded = await host.repository.load(sessionId);
		if (loaded.entry(turn.tail) === undefined)
			throw new AppError('turn/elsewhere', { message: 'Not all of it has arrived here yet.' });
		await orders.withdraw(turn.turnId);
		leave(turn.turnId);
		// With this commit the register is this device's: whoever ran the turn reads it and lets go.
		await host.store.commit({
			epoch: host.epoch(),
			put: [
				{ table: 'turns', key: turn.turnId, row: turn },
				...effects.map((row) => ({ table: 'effects' as const, key: row.effectKey, row })),
				...approvals.map((row) => ({ table: 'approvals' as const, key: row.approvalId, row }))
			]
		});
		const isDecided = approvals.some(({ state }) => state === 'approved' || state === 'rejected');
		if (turn.state !== 'parked' || isDecided) await turns.goOn(turn);
		host.bus.publish({ kind: 'queue', sessionId });
	}

	return {
		async look() {
			for (const key of (await registersAt(base, openTurns)).keys())
				await readOne(openTurnOf(key) ?? '').catch(() => undefined);
			await orders.look();
			await orders.obey();
		},
		async read(news) {
			for (const [key, row] of news) {
				const turnId = openTurnOf(key);
				if (turnId === undefined) orders.hear(key, row);
				else await readOne(turnId);
			}
		},
		obey: () => orders.obey(),
		beforeShown(turnIds) {
			for (const turnId of turnIds) {
				const one = followed.get(turnId);
				if (one !== undefined) stopReading(one);
			}
		},
		// Apart from the others nobody knows how it stands, and nobody is kept from going on.
		deviceOf: (sessionId) => (isConnected() ? ofSession(sessionId)?.device : undefined),
		async stop(sessionId) {
			const one = ofSession(sessionId);
			if (one === undefined) return false;
			const { turnId } = one.open.turn;
			if (isConnected()) await orders.give({ kind: 'stop', turnId, to: one.dev, at: clock.now() });
			else await ended(turnId);
			return true;
		},
		async decide(approvalId, decision) {
			for (const { open, dev, device } of followed.values()) {
				const approval = open.approvals.find((one) => one.approvalId === approvalId);
				if (approval === undefined) continue;
				// Said now and heard in days, it would be somebody's word no longer.
				if (!isConnected()) throw notHeard(device);
				const { callHash } = approval.held;
				const { turnId } = open.turn;
				await orders.give({
					...{ kind: 'decide', turnId, to: dev, at: clock.now() },
					...{ approvalId, callHash, decision }
				});
				return true;
			}
			return false;
		},
		take,
		end() {
			for (const { reading } of followed.values()) reading?.stop.abort();
			followed.clear();
		}
	};
}

function notHeard(device: string): AppError {
	return new AppError('turn/elsewhere', {
		message: `This waits on ${device === '' ? 'another of your devices' : device}, which hears nothing now. Connect, or continue here.`,
		data: { device }
	});
}
