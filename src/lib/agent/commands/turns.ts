/**
 * Turns of all sessions: started, steered, queued, stopped, decided, recovered. One at a time
 * in a session. Nothing here is the only copy: every message waits in the store before it
 * is acted on, and recovery starts again from the journal.
 */

import type { Entry, ModelRef } from '../../wire/entries';
import { AppError, toAppError } from '../../wire/errors';
import { readApproval, readOpenTurns, readTurn } from '../journal/read-records';
import type { ApprovalRecord, TurnRecord } from '../journal/records';
import type { EntryDraft } from '../journal/turn-journal';
import type { Steering, TurnResult, TurnStart } from '../loop/ports';
import { runTurn } from '../loop/run-turn';
import { givenAway } from '../models/protocol';
import type { StoreDelete } from '../storage/store';
import { messageDraft, turnSettings, type Message } from './message';
import { answersOf, readApprovals } from './waiting-approvals';
import { createLanes } from './lanes';
import { createQueue } from './queue';
import { turnPorts } from './turn-ports';
import { createWaiters } from './waiters';
import type { Host } from './host';
import { afterTurn, nameAtOnce } from './after-turn';

interface LiveTurn {
	readonly turnId: string;
	/** From now on nothing of it is written here. */
	readonly giveAway: () => void;
	readonly stop: AbortController;
	readonly done: Promise<TurnResult>;
}

export interface Turns {
	/** Resolves after the commit of the message: as an entry, or in the queue. */
	send(
		sessionId: string,
		message: Message & { whenRunning?: 'steer' | 'queue' }
	): Promise<{ entryId: string | null; turnId: string | null }>;
	/** A message as a sibling of another one. */
	edit(sessionId: string, entryId: string, message: Message): Promise<string>;
	/** Another answer to a user entry. */
	answer(
		sessionId: string,
		userEntryId: string,
		/** `ifIdle`: not where anything is going on, which another answer would end. */
		how: { turnId: string; model?: ModelRef; ifIdle?: true }
	): Promise<void>;
	/** Runs something that no turn begins beside; not at all while one is open or waits. */
	whenIdle(sessionId: string, run: () => Promise<void>): Promise<void>;
	stop(sessionId: string): Promise<void>;
	unqueue(sessionId: string, id: string): Promise<void>;
	queued(sessionId: string): Promise<readonly { id: string; text: string }[]>;
	/** `by`: the device on which it was decided; default this one. */
	decide(approvalId: string, decision: NonNullable<ApprovalRecord['decision']>, by?: string): Promise<void>;
	/** Goes on with a turn of the journal. */
	goOn(turn: TurnRecord): Promise<void>;
	/** Lets go of it without another word: somebody else runs it. */
	giveUp(sessionId: string, turnId: string): Promise<void>;
	isRunning(sessionId: string): boolean;
	/** Shows what is open without going on with it: another tab does. */
	look(): Promise<void>;
	/** Goes on with what an earlier life left open. */
	recover(): Promise<void>;
	/** Resolves when no turn is doing anything (parked ones wait on). */
	settle(): Promise<void>;
	/** Stops everything without ending it: another tab goes on. */
	abandon(): void;
}

export function createTurns(host: Host): Turns {
	const live = new Map<string, LiveTurn>();
	const waiters = createWaiters();
	const steering = new Map<string, Steering[]>();
	const queue = createQueue(host);
	const inLane = createLanes();
	let isAbandoned = false;

	/** Starts a turn; resolves when its first commit is made, rejects when that fails. */
	async function start(sessionId: string, turnId: string, how: TurnStart): Promise<void> {
		const stop = new AbortController();
		let isGivenAway = false;
		const ports = await turnPorts(host, sessionId, {
			park: waiters.park,
			steering: () => steering.get(sessionId)?.splice(0) ?? [],
			isGivenAway: () => isGivenAway
		});
		const { promise: begun, resolve: onBegun, reject: onFailed } = Promise.withResolvers<undefined>();
		let hasBegun = how.kind === 'resume';
		if (hasBegun) onBegun(undefined);
		const writer = ports.session;
		host.status.begin(sessionId, turnId);
		const done = runTurn({ turnId, sessionId, start: how, signal: stop.signal }, ports, (event) => {
			if (isAbandoned || isGivenAway) return;
			if (event.type === 'turn-start') {
				hasBegun = how.kind !== 'message' || writer.branch(how.user.id).length > 0;
				if (hasBegun) onBegun(undefined);
			}
			if (event.type === 'turn-end' && !hasBegun)
				onFailed(event.error === undefined ? new AppError('turn/interrupted') : toAppError(event.error));
			if (event.type === 'turn-end' && isElsewhere(event.error)) return;
			host.status.note(sessionId, event);
			host.bus.publish({ kind: 'loop', sessionId, at: host.ports.clock.now(), event });
		});
		const giveAway = (): void => {
			isGivenAway = true;
			stop.abort(givenAway);
		};
		live.set(sessionId, { turnId, stop, done, giveAway });
		void done.then(async (result) => {
			if (live.get(sessionId)?.turnId === turnId) live.delete(sessionId);
			if (isAbandoned || isGivenAway || isElsewhere(result.error)) return;
			await afterTurn(host, { sessionId, turnId, result });
			await inLane(sessionId, () => next(sessionId, result));
		});
		await begun;
	}

	/** The next queued message, unless the turn before it failed: then it waits to be looked at. */
	async function next(sessionId: string, result: TurnResult): Promise<void> {
		if (live.has(sessionId) || result.outcome === 'failed') return;
		for (const left of steering.get(sessionId)?.splice(0) ?? []) await queue.keep(left);
		const message = await queue.first(sessionId);
		if (message === undefined) return;
		// Deleted: what waits is there again when the session is.
		if ((await host.repository.load(sessionId)).facts.hidden) return;
		await begin(sessionId, message.draft, await headOf(sessionId), [message.row]);
		host.status.setQueued(sessionId, (await queue.list(sessionId)).length);
		host.bus.publish({ kind: 'queue', sessionId });
	}

	async function headOf(sessionId: string): Promise<string | null> {
		const loaded = await host.repository.load(sessionId);
		return loaded.facts.head;
	}

	async function begin(
		sessionId: string,
		draft: EntryDraft,
		parentId: string | null,
		alsoDelete: readonly StoreDelete[]
	): Promise<{ entryId: string; turnId: string }> {
		const turnId = host.ports.ids.next();
		const { record } = await host.repository.load(sessionId);
		if (record.temporary) host.keepOffDisk(sessionId, turnId);
		const user = { ...draft, turnId };
		await start(sessionId, turnId, {
			kind: 'message',
			user,
			parentId,
			alsoDelete,
			settings: await turnSettings(host, sessionId, draft)
		});
		// Beside the turn: a list should not wait for its end to have a name to show.
		void nameAtOnce(host, sessionId).catch(() => undefined);
		return { entryId: draft.id, turnId };
	}

	/** Ends a turn that only waits: its open calls are settled as not run. */
	async function endParked(sessionId: string): Promise<void> {
		const running = live.get(sessionId);
		if (running !== undefined) {
			running.stop.abort();
			await running.done;
			return;
		}
		const open = (await readOpenTurns(host.store)).filter((turn) => turn.sessionId === sessionId);
		for (const turn of open) {
			await start(sessionId, turn.turnId, { kind: 'resume', record: turn });
			live.get(sessionId)?.stop.abort();
			await live.get(sessionId)?.done;
		}
	}

	async function send(
		sessionId: string,
		{ whenRunning = 'queue', ...message }: Parameters<Turns['send']>[1]
	): ReturnType<Turns['send']> {
		const sent = (await host.repository.load(sessionId)).entry(message.id);
		if (sent !== undefined) return { entryId: sent.id, turnId: sent.turnId ?? null };
		if ((await queue.list(sessionId)).some(({ id }) => id === message.id))
			return { entryId: null, turnId: null };
		const running = live.get(sessionId);
		const draft = messageDraft(host, sessionId, message);
		if (running !== undefined && host.status.display(sessionId) === 'running') {
			const row = await queue.add(sessionId, draft, whenRunning);
			if (whenRunning === 'steer' && live.has(sessionId)) {
				steering.set(sessionId, [...(steering.get(sessionId) ?? []), { draft, row }]);
			} else {
				host.status.setQueued(sessionId, (await queue.list(sessionId)).length);
			}
			host.bus.publish({ kind: 'queue', sessionId });
			return { entryId: null, turnId: running.turnId };
		}
		refuseElsewhere(sessionId);
		await endParked(sessionId);
		return begin(sessionId, draft, await headOf(sessionId), [{ table: 'drafts', key: sessionId }]);
	}

	/** One device runs a session's turn at a time; taking it over is a person's to say. */
	function refuseElsewhere(sessionId: string): void {
		const device = host.elsewhere.current?.deviceOf(sessionId);
		if (device !== undefined) throw new AppError('turn/elsewhere', { data: { device } });
	}

	async function edit(sessionId: string, entryId: string, message: Message): Promise<string> {
		const loaded = await host.repository.load(sessionId);
		if (loaded.entry(message.id) !== undefined) return message.id;
		const entry = loaded.entry(entryId);
		if (entry?.kind !== 'user') throw new AppError('entry/not-found');
		refuseElsewhere(sessionId);
		await endParked(sessionId);
		const { entryId: edited } = await begin(
			sessionId,
			messageDraft(host, sessionId, message),
			entry.parentId,
			[]
		);
		return edited;
	}

	async function answer(
		sessionId: string,
		userEntryId: string,
		{ turnId, model, ifIdle }: { turnId: string; model?: ModelRef; ifIdle?: true }
	): Promise<void> {
		if (ifIdle && !isIdle(sessionId)) return;
		if ((await readTurn(host.store, turnId)) !== undefined) return;
		const loaded = await host.repository.load(sessionId);
		const user = userBefore(loaded.branch(userEntryId));
		if (user === undefined) throw new AppError('entry/not-found');
		refuseElsewhere(sessionId);
		await endParked(sessionId);
		if (loaded.record.temporary) host.keepOffDisk(sessionId, turnId);
		await start(sessionId, turnId, {
			kind: 'answer',
			entryId: user.id,
			settings: {
				...(await turnSettings(host, sessionId, user, model)),
				// What a provider searches for by itself passes no gate.
				...(ifIdle && { webSearch: false })
			}
		});
	}

	const isIdle = (sessionId: string): boolean => /idle|failed/.test(host.status.display(sessionId));

	async function decide(
		approvalId: string,
		decision: NonNullable<ApprovalRecord['decision']>,
		by = host.device.id
	): Promise<void> {
		const approval = await readApproval(host.store, approvalId);
		if (approval === undefined) throw new AppError('entry/not-found');
		if (approval.state !== 'asked') {
			// The same decision once more: its answer was lost on the way.
			if (approval.decision === decision) return;
			throw new AppError('gate/approval-used');
		}
		const { recordDecision } = await import('./decisions');
		await recordDecision(host, approval, { decision, by });
		if (waiters.answer({ id: approvalId, value: decision })) return;
		if (live.has(approval.sessionId)) return;
		const turn = (await readOpenTurns(host.store)).find((open) => open.turnId === approval.turnId);
		if (turn !== undefined) await start(approval.sessionId, turn.turnId, { kind: 'resume', record: turn });
	}

	/** What open turns are doing, as the journal has it. */
	async function look(): Promise<{ open: readonly TurnRecord[]; approvals: readonly ApprovalRecord[] }> {
		const open = await readOpenTurns(host.store);
		const approvals = await readApprovals(host);
		const answers = await answersOf(host, approvals);
		host.status.restore(open, approvals, (key) => answers.get(key) ?? '');
		for (const { sessionId, count } of await queue.counts()) host.status.setQueued(sessionId, count);
		return { open, approvals };
	}

	return {
		send: (sessionId, message) => inLane(sessionId, () => send(sessionId, message)),
		edit: (sessionId, entryId, message) => inLane(sessionId, () => edit(sessionId, entryId, message)),
		answer: (sessionId, userEntryId, how) => inLane(sessionId, () => answer(sessionId, userEntryId, how)),
		whenIdle: (sessionId, run) => inLane(sessionId, async () => (isIdle(sessionId) ? run() : undefined)),
		stop: (sessionId) =>
			inLane(sessionId, async () => {
				if ((await host.elsewhere.current?.stop(sessionId)) !== true) await endParked(sessionId);
			}),
		async unqueue(sessionId, id) {
			await queue.remove(sessionId, id);
			host.status.setQueued(sessionId, (await queue.list(sessionId)).length);
			host.bus.publish({ kind: 'queue', sessionId });
		},
		queued: (sessionId) => queue.list(sessionId),
		async decide(approvalId, decision, by) {
			const approval = await readApproval(host.store, approvalId);
			if (approval === undefined && (await host.elsewhere.current?.decide(approvalId, decision)) === true)
				return;
			if (approval === undefined) throw new AppError('entry/not-found');
			await inLane(approval.sessionId, () => decide(approvalId, decision, by));
		},
		goOn: (turn) =>
			inLane(turn.sessionId, () => start(turn.sessionId, turn.turnId, { kind: 'resume', record: turn })),
		giveUp: (sessionId, turnId) =>
			inLane(sessionId, async () => {
				const running = live.get(sessionId);
				if (running?.turnId !== turnId) return;
				running.giveAway();
				live.delete(sessionId);
				await running.done;
			}),
		isRunning: (sessionId) => live.has(sessionId),
		async look() {
			await look();
		},
		async recover() {
			const { open, approvals } = await look();
			for (const turn of open) {
				const isDecided = approvals.some(
					(one) => one.turnId === turn.turnId && (one.state === 'approved' || one.state === 'rejected')
				);
				if (turn.state === 'parked' && !isDecided) continue;
				// One that cannot be resumed (its session is unreadable) does not keep the others.
				await inLane(turn.sessionId, async () => {
					// Another device's word may have reached it first, and it goes on already.
					if (!live.has(turn.sessionId))
						await start(turn.sessionId, turn.turnId, { kind: 'resume', record: turn });
				}).catch(() => undefined);
			}
			for (const { sessionId } of await queue.counts()) {
				if (!live.has(sessionId) && host.status.display(sessionId) === 'queued')
					await next(sessionId, { outcome: 'done' }).catch(() => undefined);
			}
		},
		async settle() {
			await Promise.all([...live.values()].map((turn) => turn.done));
		},
		abandon() {
			isAbandoned = true;
			for (const turn of live.values()) turn.stop.abort(givenAway);
			live.clear();
		}
	};
}

/** Another tab, or another device, goes on with it: for this one it has not ended. */
function isElsewhere(error: TurnResult['error']): boolean {
	return error?.id === 'storage/stale-epoch' || error?.id === 'turn/elsewhere';
}

function userBefore(branch: readonly Entry[]): Entry | undefined {
	return branch.findLast((entry) => entry.kind === 'user');
}
