/** A turn's timeline out of its entries and its journal row, for a turn that nobody here watched. Pure. */

import type { Entry } from '../../wire/entries';
import type { LoopEventBody } from '../../wire/events';
import type { TraceLine } from '../../wire/view';
import type { TurnRecord } from '../journal/records';

/** @param entries of the session, in the order of the branch; those of other turns are passed over. */
export function storedTrace(turn: TurnRecord, entries: readonly Entry[]): readonly TraceLine[] {
	const lines: { at: number; body: LoopEventBody }[] = [];
	const { sessionId, entryId, mode, model, startedAt } = turn;
	lines.push({
		at: startedAt,
		body: { type: 'turn-start', sessionId, entryId, mode, model, at: startedAt }
	});
	let step = 0;
	for (const entry of entries) {
		if (entry.turnId !== turn.turnId) continue;
		const { response } = entry;
		if (response !== undefined) {
			lines.push({
				at: entry.at,
				body: { type: 'step-start', step, entryId: entry.id, model: response.model }
			});
			const { usage, stop } = response;
			lines.push({
				at: entry.at + response.durationMs,
				body: { type: 'step-end', step, entryId: entry.id, usage, stop }
			});
			step++;
		}
		for (const part of entry.parts) {
			if (part.type !== 'result') continue;
			const { callId, action, status, durationMs, error } = part;
			lines.push({
				at: part.startedAt,
				body: { type: 'call-run', callId, action, args: null, at: part.startedAt }
			});
			lines.push({
				at: part.startedAt + durationMs,
				body: {
					type: 'call-end',
					callId,
					action,
					status,
					entryId: entry.id,
					durationMs,
					...(error === undefined ? {} : { error })
				}
			});
		}
	}
	if (turn.state === 'ended' && turn.outcome !== undefined) {
		const at = turn.endedAt ?? lines.at(-1)?.at ?? startedAt;
		const { outcome, usage, error } = turn;
		lines.push({
			at,
			body: {
				type: 'turn-end',
				outcome,
				usage,
				steps: step,
				durationMs: at - startedAt,
				...(error === undefined ? {} : { error })
			}
		});
	}
	return lines.map(({ at, body }, seq) => ({ at, event: { ...body, turnId: turn.turnId, seq } }));
}
