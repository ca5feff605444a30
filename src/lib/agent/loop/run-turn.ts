/**
 * Runs one turn to its end: context → model → commit → gate → calls → commit → next step.
 * Never rejects. Emits one `turn-start` (or, in a new process, `turn-resume`) first and one
 * `turn-end` last, whatever throws, hangs or is aborted. Knows no provider and no skill.
 */

import { noUsage } from '../../wire/entries';
import { AppError, toAppError } from '../../wire/errors';
import { readApproval, readEffects } from '../journal/read-records';
import { journalVersion } from '../journal/records';
import type { TurnRecord } from '../journal/records';
import { createTurnJournal } from '../journal/turn-journal';
import type { TurnEnd, TurnJournal } from '../journal/turn-journal';
import { askStep } from './ask-step';
import type { Emit, TurnInput, TurnPorts, TurnResult } from './ports';
import { settleCalls } from './settle-calls';
import { createSpeaker, TurnState } from './turn-state';
import type { Speaker } from './turn-state';

/** Recoveries without a settled step in between before a turn is given up. */
const maximumAttempts = 8;

export async function runTurn(input: TurnInput, ports: TurnPorts, emit: Emit): Promise<TurnResult> {
	const { start } = input;
	const initial =
		start.kind === 'resume'
			? { ...start.record, attempt: start.record.attempt + 1 }
			: newRecord(input, ports);
	const speaker = createSpeaker(input.turnId, initial.seq, emit);
	const journal = createTurnJournal(initial, ports, speaker.nextSeq);
	const { say } = speaker;
	let end: TurnEnd;
	let isEndCommitted = false;
	try {
		const state = await begin(input, ports, journal, speaker);
		const outcome = await runSteps(state);
		end = outcome.end;
		isEndCommitted = outcome.isCommitted;
	} catch (thrown) {
		end = input.signal.aborted
			? { outcome: 'stopped' }
			: { outcome: 'failed', error: toAppError(thrown).toWire() };
	}
	if (!isEndCommitted) {
		// Where even this cannot be written, the journal still says "running", and recovery goes on from there.
		await journal.end(end).catch(() => undefined);
	}
	const record = journal.record();
	say({
		type: 'turn-end',
		outcome: end.outcome,
		usage: record.usage,
		steps: record.responses,
		durationMs: ports.clock.now() - record.startedAt,
		...(end.error === undefined ? {} : { error: end.error })
	});
	return end;
}

/** T1, then `turn-start`; if T1 fails, the turn has a beginning all the same, so that it can have an end. */
async function begin(
	input: TurnInput,
	ports: TurnPorts,
	journal: TurnJournal,
	speaker: Speaker
): Promise<TurnState> {
	const { start } = input;
	const { say } = speaker;
	const record = journal.record();
	const make = (head: string | null): TurnState =>
		new TurnState({ input, ports, journal, speaker, branch: ports.session.branch(head) });
	if (start.kind === 'resume') {
		say({ type: 'turn-resume', sessionId: input.sessionId, reason: start.record.parkReason ?? 'recovered' });
		if (record.attempt > maximumAttempts) throw new AppError('turn/no-progress');
		await journal.resume();
		return make(record.tail);
	}
	const saidStart = (): void => {
		say({
			type: 'turn-start',
			sessionId: input.sessionId,
			entryId: record.entryId,
			mode: record.mode,
			model: record.model,
			at: record.startedAt
		});
	};
	try {
		if (start.kind === 'answer') {
			await journal.begin(null);
			saidStart();
			return make(start.entryId);
		}
		const state = make(start.parentId);
		state.add(
			await journal.begin({ draft: start.user, parentId: start.parentId, alsoDelete: start.alsoDelete })
		);
		saidStart();
		return state;
	} catch (thrown) {
		saidStart();
		throw thrown;
	}
}

async function runSteps(state: TurnState): Promise<{ end: TurnEnd; isCommitted: boolean }> {
	const { input, ports, journal } = state;
	const stepLimit = Math.max(1, journal.record().stepLimit);
	if (input.start.kind === 'resume') {
		// Its own chunk: most turns end in the life that they began in.
		const { openCallsOf } = await import('./resume-calls');
		await settleCalls(state, await openCallsOf(state, { readApproval, readEffects }));
	}
	for (;;) {
		const steered = await takeSteering(state);
		const { responses } = journal.record();
		if (input.signal.aborted) return { end: { outcome: 'stopped' }, isCommitted: false };
		if (responses >= stepLimit) {
			state.say({
				type: 'notice',
				level: 'warning',
				code: 'step-limit',
				text: `Stopped after ${String(responses)} steps.`
			});
			return { end: { outcome: 'step-limit' }, isCommitted: false };
		}
		const outcome = await askStep(state, responses);
		if (outcome.kind === 'calls') {
			await settleCalls(state, outcome.open);
			if (input.signal.aborted) return { end: { outcome: 'stopped' }, isCommitted: false };
			continue;
		}
		if (outcome.kind === 'again') continue;
		// A message that came while the model gave its last answer is not left lying.
		if (outcome.end.outcome === 'done' && !steered && ports.steering().length > 0) {
			await journal.resume();
			continue;
		}
		return { end: outcome.end, isCommitted: true };
	}
}

/** Takes what the user said meanwhile into the branch, before the next request. */
async function takeSteering(state: TurnState): Promise<boolean> {
	const waiting = state.ports.steering();
	if (waiting.length === 0) return false;
	state.add(
		await state.journal.steer(
			waiting.map((message) => ({ ...message.draft, turnId: state.input.turnId })),
			waiting.map((message) => message.row)
		)
	);
	return true;
}

function newRecord(input: TurnInput, ports: TurnPorts): TurnRecord {
	const { start } = input;
	if (start.kind === 'resume') return start.record;
	const entryId = start.kind === 'message' ? start.user.id : start.entryId;
	return {
		turnId: input.turnId,
		sessionId: input.sessionId,
		v: journalVersion,
		state: 'running',
		entryId,
		...start.settings,
		nextOrd: 0,
		lastHash: '',
		responses: 0,
		tail: entryId,
		attempt: 0,
		seq: 0,
		usage: noUsage,
		startedAt: ports.clock.now(),
		...(ports.newStreamSecret === undefined ? {} : { streamSecret: ports.newStreamSecret() })
	};
}
