/**
 * What each session is doing, folded from loop events: `html[data-turn]`, the marks in the list,
 * held calls and running calls. Rebuilt at start from the journal's open turns.
 */

import type { HeldCall, LoopEvent } from '../../wire/events';
import type { TurnDisplay } from '../../wire/view';
import type { ApprovalRecord, TurnRecord } from '../journal/records';

interface Status {
	turnId: string | undefined;
	isRunning: boolean;
	hasFailed: boolean;
	queued: number;
	/** The answer whose calls are being made. */
	answerId: string;
	readonly held: Map<string, HeldCall>;
	readonly running: Set<string>;
}

export interface TurnStatus {
	/** A turn is about to store what begins it: whoever shows that shows it running. */
	begin(sessionId: string, turnId: string): void;
	note(sessionId: string, event: LoopEvent): void;
	/** Open turns and unanswered approvals as the journal has them. */
	restore(
		turns: readonly TurnRecord[],
		approvals: readonly ApprovalRecord[],
		answerOf: (effectKey: string) => string
	): void;
	setQueued(sessionId: string, count: number): void;
	setFailed(sessionId: string, hasFailed: boolean): void;
	display(sessionId: string): TurnDisplay;
	turnId(sessionId: string): string | undefined;
	held(sessionId: string, answerId: string, callId: string): HeldCall | undefined;
	isCallRunning(sessionId: string, answerId: string, callId: string): boolean;
}

export function createTurnStatus(): TurnStatus {
	const statuses = new Map<string, Status>();

	function of(sessionId: string): Status {
		let status = statuses.get(sessionId);
		if (status === undefined) {
			status = {
				turnId: undefined,
				isRunning: false,
				hasFailed: false,
				queued: 0,
				answerId: '',
				held: new Map(),
				running: new Set()
			};
			statuses.set(sessionId, status);
		}
		return status;
	}

	function begin(sessionId: string, turnId: string): void {
		Object.assign(of(sessionId), { turnId, isRunning: true, hasFailed: false });
	}

	return {
		begin,
		note(sessionId, event) {
			const status = of(sessionId);
			const key = (callId: string): string => `${status.answerId}:${callId}`;
			switch (event.type) {
				case 'turn-start':
				case 'turn-resume':
					begin(sessionId, event.turnId);
					break;
				case 'step-start':
				case 'step-end':
					status.answerId = event.entryId;
					break;
				case 'call-held':
					status.held.set(key(event.held.callId), event.held);
					break;
				case 'call-run':
					status.held.delete(key(event.callId));
					status.running.add(key(event.callId));
					break;
				case 'call-end':
					status.held.delete(key(event.callId));
					status.running.delete(key(event.callId));
					break;
				case 'turn-park':
					status.isRunning = false;
					break;
				case 'turn-end':
					status.turnId = undefined;
					status.isRunning = false;
					status.hasFailed = event.outcome === 'failed';
					status.held.clear();
					status.running.clear();
					break;
				default:
			}
		},
		restore(turns, approvals, answerOf) {
			// What an earlier life of this tab believed is no longer true.
			statuses.clear();
			for (const turn of turns) {
				const status = of(turn.sessionId);
				status.turnId = turn.turnId;
				status.isRunning = turn.state === 'running';
			}
			for (const approval of approvals) {
				if (approval.state !== 'asked') continue;
				const status = of(approval.sessionId);
				const answerId = answerOf(approval.effectKey);
				status.answerId = answerId;
				status.held.set(`${answerId}:${approval.held.callId}`, approval.held);
			}
		},
		setQueued(sessionId, count) {
			of(sessionId).queued = count;
		},
		setFailed(sessionId, hasFailed) {
			of(sessionId).hasFailed = hasFailed;
		},
		display(sessionId) {
			const status = statuses.get(sessionId);
			if (status === undefined) return 'idle';
			if (status.isRunning) return 'running';
			if (status.held.size > 0) return 'held';
			if (status.queued > 0) return 'queued';
			return status.hasFailed ? 'failed' : 'idle';
		},
		turnId: (sessionId) => statuses.get(sessionId)?.turnId,
		held: (sessionId, answerId, callId) => statuses.get(sessionId)?.held.get(`${answerId}:${callId}`),
		isCallRunning: (sessionId, answerId, callId) =>
			statuses.get(sessionId)?.running.has(`${answerId}:${callId}`) ?? false
	};
}
