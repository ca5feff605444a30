/**
 * Runs the calls of one step side by side and commits each result as it settles. A held call
 * waits for its decision without keeping the others; when only waiting is left, the turn parks.
 * `started` is journalled first for calls whose effect must never be repeated silently.
 */

import type { CallPart, CallStatus, ResultPart } from '../../wire/entries';
import { entryVersion } from '../../wire/entries';
import { AppError, isAbort, toAppError } from '../../wire/errors';
import type { WireError } from '../../wire/errors';
import type { HeldCall, ParkReason } from '../../wire/events';
import { joinLabels, ownLabels } from '../../wire/labels';
import type { Labels } from '../../wire/labels';
import type { Json } from '../../wire/json';
import type { ApprovalRecord, EffectRecord } from '../journal/records';
import type { EntryDraft, Settlement } from '../journal/turn-journal';
import { redeemApproval } from '../policy/authorize';
import type { DecisionToken } from '../policy/token';
import type { SkillOutcome } from '../skills/port';
import { asked } from './prepare-calls';
import { readApproval } from '../journal/read-records';
import type { TurnState } from './turn-state';

export type OpenCall = { readonly part: CallPart; readonly effect: EffectRecord } & (
	| { readonly kind: 'run'; readonly token: DecisionToken }
	| { readonly kind: 'held'; readonly approval: ApprovalRecord }
	/** It was started before a crash, and its probe says that it took effect. */
	| { readonly kind: 'done' }
	/** It was started before a crash, and nobody knows how far it came. */
	| { readonly kind: 'unknown' }
);

/** Resolves when every call has its result. Rejects only where the store does. */
export async function settleCalls(state: TurnState, calls: readonly OpenCall[]): Promise<void> {
	const step = createStep(state, calls.length);
	const settled = await Promise.allSettled(calls.map((call) => step.take(call)));
	for (const one of settled) if (one.status === 'rejected') throw toAppError(one.reason, 'storage/failed');
}

function createStep(state: TurnState, total: number): { take(call: OpenCall): Promise<void> } {
	const { ports, journal, say, input } = state;
	let open = total;
	let busy = 0;
	let isParked = false;
	const waiting = new Map<string, ParkReason>();

	/** Parks when every open call waits for somebody. Commits and says so once. */
	async function parkIfIdle(): Promise<void> {
		const [reason] = waiting.values();
		if (busy > 0 || reason === undefined || isParked || waiting.size < open) return;
		isParked = true;
		await journal.park(reason);
		say({ type: 'turn-park', reason, waitingFor: [...waiting.keys()] });
	}

	async function unpark(reason: ParkReason): Promise<void> {
		if (!isParked) return;
		isParked = false;
		await journal.resume();
		say({ type: 'turn-resume', sessionId: input.sessionId, reason });
	}

	async function settle(
		call: OpenCall,
		outcome: {
			result: ResultPart;
			labels: Labels;
			writes?: Pick<SkillOutcome, 'writes' | 'deletes' | 'undo'>;
			approval?: ApprovalRecord;
		}
	): Promise<void> {
		const { effect } = call;
		const labels = joinLabels([state.labels, outcome.labels]);
		const draft: EntryDraft = {
			id: ports.ids.next(),
			sessionId: input.sessionId,
			turnId: input.turnId,
			v: entryVersion,
			kind: 'result',
			author: { device: ports.device.id, principal: `skill:${call.part.action}` },
			parts: [outcome.result],
			labels,
			at: ports.clock.now()
		};
		const undo = outcome.writes?.undo;
		open--;
		const settlement: Settlement = {
			result: draft,
			effect: {
				...effect,
				state: outcome.result.status === 'unknown' ? 'unknown' : 'settled',
				status: outcome.result.status
			},
			put: outcome.writes?.writes ?? [],
			delete: outcome.writes?.deletes ?? [],
			isLast: open === 0,
			...(outcome.approval === undefined ? {} : { approval: outcome.approval }),
			...(undo === undefined
				? {}
				: {
						undo: {
							effectKey: effect.effectKey,
							v: 1,
							turnId: input.turnId,
							sessionId: input.sessionId,
							resultEntryId: draft.id,
							action: effect.action,
							label: undo.label,
							captured: undo.captured,
							output: outcome.result.output,
							labels,
							state: 'open' as const
						}
					})
		};
		state.add(await journal.settle(settlement));
		const { result } = outcome;
		say({
			type: 'call-end',
			callId: result.callId,
			action: result.action,
			status: result.status,
			entryId: draft.id,
			durationMs: result.durationMs,
			...(result.error === undefined ? {} : { error: result.error })
		});
	}

	const settleWithError = (
		call: OpenCall,
		status: CallStatus,
		error: WireError,
		approval?: ApprovalRecord
	): Promise<void> =>
		settle(call, {
			result: {
				...resultBase(call),
				status,
				output: null,
				error,
				startedAt: ports.clock.now(),
				durationMs: 0
			},
			labels: ownLabels,
			...(approval === undefined ? {} : { approval })
		});

	const settleDone = (call: OpenCall, output: Json): Promise<void> =>
		settle(call, {
			result: { ...resultBase(call), status: 'ok', output, startedAt: call.effect.at, durationMs: 0 },
			labels: ownLabels
		});

	async function run(call: OpenCall, token: DecisionToken, effect: EffectRecord): Promise<void> {
		const startedAt = ports.clock.now();
		say({
			type: 'call-run',
			callId: call.part.callId,
			action: effect.action,
			args: effect.args,
			at: startedAt
		});
		const outcome = await ports.skills.run({
			token,
			callHash: effect.callHash,
			action: effect.action,
			args: effect.args,
			effectKey: effect.effectKey,
			now: effect.at,
			signal: input.signal,
			labels: state.labels,
			onProgress: (text, fraction) => {
				say({
					type: 'call-progress',
					callId: call.part.callId,
					text,
					...(fraction === undefined ? {} : { fraction })
				});
			}
		});
		const mayHaveHappened = input.signal.aborted && outcome.status === 'error' && isUnrepeatable(effect);
		const status: CallStatus = mayHaveHappened ? 'unknown' : outcome.status;
		await settle(call, {
			result: {
				...resultBase(call),
				status,
				output: outcome.output,
				startedAt,
				durationMs: ports.clock.now() - startedAt,
				...(outcome.error === undefined ? {} : { error: outcome.error }),
				...(outcome.undo === undefined ? {} : { undo: { label: outcome.undo.label } })
			},
			labels: outcome.labels,
			writes: outcome
		});
	}

	/** Waits until the approval is decided; `undefined` when the turn is stopped. */
	async function decided(approval: ApprovalRecord, reason: ParkReason): Promise<ApprovalRecord | undefined> {
		waiting.set(approval.approvalId, reason);
		try {
			await parkIfIdle();
			let current = await readApproval(ports.store, approval.approvalId);
			while (current?.state === 'asked') {
				await ports.park(
					{ owner: { kind: 'turn', id: input.turnId }, reason, waitingFor: [approval.approvalId] },
					input.signal
				);
				current = await readApproval(ports.store, approval.approvalId);
			}
			return current;
		} catch (thrown) {
			if (input.signal.aborted || isAbort(thrown)) return undefined;
			throw thrown;
		} finally {
			waiting.delete(approval.approvalId);
		}
	}

	/** From a held call to its end: asked, decided, run or not. */
	async function waitAndRun(call: OpenCall, effect: EffectRecord, first: ApprovalRecord): Promise<void> {
		const reason: ParkReason = first.held.kind === 'approval' ? 'approval' : 'outcome-unknown';
		let approval = first;
		for (;;) {
			const answer = await decided(approval, reason);
			busy++;
			try {
				if (answer === undefined) {
					const status = effect.state === 'unknown' ? 'unknown' : 'not-run';
					const error = new AppError(status === 'unknown' ? 'skill/outcome-unknown' : 'skill/not-run');
					await settleWithError(call, status, error.toWire(), { ...approval, state: 'lapsed' });
					return;
				}
				await unpark(reason);
				if (answer.decision === 'done') {
					await settleDone(call, { markedDone: true });
					return;
				}
				if (answer.state === 'rejected') {
					const status = effect.state === 'unknown' ? 'unknown' : 'rejected';
					await settleWithError(call, status, new AppError('skill/rejected').toWire());
					return;
				}
				const token = redeemApproval(answer, effect.callHash, ports.clock.now());
				const started: EffectRecord = { ...effect, state: 'started', attempt: effect.attempt + 1 };
				await journal.started(started, { ...answer, state: 'used' });
				await run(call, token, started);
				return;
			} catch (thrown) {
				const error = toAppError(thrown);
				if (error.id === 'gate/approval-used' || error.id === 'gate/approval-mismatch') {
					await settleWithError(call, 'error', error.toWire());
					return;
				}
				if (error.id !== 'gate/approval-stale') throw thrown;
				// Granted, but not used within its time: ask again.
				approval = asked(approval.held, effect);
				await journal.hold(effect, approval);
				say({ type: 'call-held', held: approval.held });
			} finally {
				busy--;
			}
		}
	}

	async function take(call: OpenCall): Promise<void> {
		if (call.kind === 'held') {
			await waitAndRun(call, call.effect, call.approval);
		} else if (call.kind === 'done') {
			await settleDone(call, { foundDone: true });
		} else if (call.kind === 'unknown') {
			const held = unknownOutcome(call, ports.ids.next());
			const effect: EffectRecord = { ...call.effect, state: 'unknown', approvalId: held.approvalId };
			const approval = asked(held, effect);
			await journal.hold(effect, approval);
			say({ type: 'call-held', held });
			await waitAndRun(call, effect, approval);
		} else {
			busy++;
			try {
				let { effect } = call;
				if (isUnrepeatable(effect)) {
					effect = { ...effect, state: 'started', attempt: effect.attempt + 1 };
					await journal.started(effect);
				}
				await run(call, call.token, effect);
			} finally {
				busy--;
			}
		}
		await parkIfIdle();
	}

	return { take };
}

export function isUnrepeatable(effect: EffectRecord): boolean {
	return effect.replay === 'once' || effect.replay === 'checkable';
}

function resultBase(call: OpenCall): Pick<ResultPart, 'type' | 'callId' | 'action' | 'effectKey'> {
	return {
		type: 'result',
		callId: call.part.callId,
		action: call.part.action,
		effectKey: call.effect.effectKey
	};
}

function unknownOutcome(call: OpenCall, approvalId: string): HeldCall {
	const { effect } = call;
	return {
		approvalId,
		callId: call.part.callId,
		callHash: effect.callHash,
		action: effect.action,
		args: effect.args,
		effects: effect.effects,
		destinations: [],
		reasons: [
			{
				code: 'outcome-unknown',
				text: 'It was started, and then Wherry was interrupted: it may have happened.'
			}
		],
		canAlways: false,
		kind: 'outcome-unknown'
	};
}
