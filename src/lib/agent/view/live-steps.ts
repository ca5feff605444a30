/**
 * The step that is being written in each session, as the events that made it so far, deltas joined:
 * for whoever opens a session in the middle of an answer. A tab that came too late to see it begin
 * gets its start from the leader and keeps what comes meanwhile.
 */

import type { LoopEvent } from '../../wire/events';

export interface LiveStep {
	readonly at: number;
	readonly start: Extract<LoopEvent, { type: 'step-start' }>;
	/** What was written, in order; the `seq` of a joined delta is its last one's. */
	readonly events: readonly LoopEvent[];
	/** Everything up to here is in it. */
	readonly seq: number;
}

export interface LiveSteps {
	note(sessionId: string, at: number, event: LoopEvent): void;
	/** Null where nothing is being written, or its beginning was not seen here. */
	of(sessionId: string): LiveStep | null;
	/** From now on what comes is kept, until `adopt` brings the beginning. */
	expect(sessionId: string): void;
	/** What another tab knows of it, joined with what came here since it was asked. */
	adopt(sessionId: string, step: LiveStep | null): LiveStep | null;
	/** Another tab leads now: what was being written is begun anew there. */
	clear(): void;
}

interface Writing {
	at: number;
	start: LiveStep['start'] | undefined;
	events: LoopEvent[];
	seq: number;
}

export function createLiveSteps(): LiveSteps {
	const steps = new Map<string, Writing>();

	function of(sessionId: string): LiveStep | null {
		const step = steps.get(sessionId);
		if (step?.start === undefined) return null;
		return { at: step.at, start: step.start, events: [...step.events], seq: step.seq };
	}

	return {
		of,
		note(sessionId, at, event) {
			if (event.type === 'step-start') {
				steps.set(sessionId, { at, start: event, events: [], seq: event.seq });
				return;
			}
			const step = steps.get(sessionId);
			if (step === undefined) return;
			const isReplaced = event.type === 'step-end' && event.entryId !== step.start?.entryId;
			if (event.type === 'turn-end' || isReplaced) steps.delete(sessionId);
			else add(step, event);
		},
		expect(sessionId) {
			if (steps.get(sessionId)?.start === undefined)
				steps.set(sessionId, { at: 0, start: undefined, events: [], seq: -1 });
		},
		adopt(sessionId, found) {
			const here = steps.get(sessionId);
			// The next step has begun, or the turn has ended, while the answer was on its way.
			if (here === undefined || here.start !== undefined) return of(sessionId);
			steps.delete(sessionId);
			if (found === null) return null;
			const step: Writing = { at: found.at, start: found.start, events: [...found.events], seq: found.seq };
			for (const event of here.events) {
				if (event.turnId === found.start.turnId && event.seq > found.seq) add(step, event);
			}
			steps.set(sessionId, step);
			return of(sessionId);
		},
		clear() {
			steps.clear();
		}
	};
}

function add(step: Writing, event: LoopEvent): void {
	if (!isWritten(event)) return;
	const last = step.events.at(-1);
	// Without the beginning nobody knows yet which deltas are still missing: they stay apart.
	const joined = step.start === undefined ? undefined : joinedWith(last, event);
	if (joined === undefined) step.events.push(event);
	else step.events[step.events.length - 1] = joined;
	step.seq = event.seq;
}

function isWritten({ type }: LoopEvent): boolean {
	return (
		type === 'text-delta' || type === 'reasoning-delta' || type === 'call-start' || type === 'call-delta'
	);
}

function joinedWith(last: LoopEvent | undefined, event: LoopEvent): LoopEvent | undefined {
	if (last?.type === 'text-delta' && event.type === 'text-delta' && last.index === event.index)
		return { ...event, delta: last.delta + event.delta };
	if (last?.type === 'reasoning-delta' && event.type === 'reasoning-delta' && last.index === event.index)
		return { ...event, delta: last.delta + event.delta };
	if (last?.type === 'call-delta' && event.type === 'call-delta' && last.callId === event.callId)
		return { ...event, delta: last.delta + event.delta };
	return undefined;
}

/** From another tab of this origin; an older build's answer may have another shape. */
export function isLiveStep(value: unknown): value is LiveStep {
	return (
		typeof value === 'object' &&
		value !== null &&
		'seq' in value &&
		typeof value.seq === 'number' &&
		'start' in value &&
		'events' in value &&
		Array.isArray(value.events)
	);
}
