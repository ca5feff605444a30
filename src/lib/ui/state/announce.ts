/** What "Agent status" says at the boundaries of a turn; undefined where it stays silent. Pure. */

import type { LoopEvent } from '../../wire/events';
import { m } from '../../paraglide/messages';

export function announcementOf(event: LoopEvent): string | undefined {
	switch (event.type) {
		case 'turn-start':
			return m.status_started();
		case 'call-held':
			return m.status_held({ action: event.held.action });
		case 'call-end':
			return event.status === 'ok'
				? m.status_call_ok({ action: event.action })
				: m.status_call_not_ok({ action: event.action });
		case 'turn-park':
			return m.status_parked();
		case 'notice':
			return event.text;
		case 'turn-end':
			return outcomeText(event.outcome);
		case 'turn-resume':
			return m.status_resumed();
		case 'step-start':
		case 'step-end':
		case 'call-start':
		case 'call-delta':
		case 'call-run':
		case 'call-progress':
		case 'text-delta':
		case 'reasoning-delta':
			return undefined;
		default:
			event satisfies never;
			return undefined;
	}
}

export function outcomeText(outcome: Extract<LoopEvent, { type: 'turn-end' }>['outcome']): string {
	switch (outcome) {
		case 'done':
			return m.outcome_done();
		case 'stopped':
			return m.outcome_stopped();
		case 'failed':
			return m.outcome_failed();
		case 'step-limit':
			return m.outcome_step_limit();
		case 'refused':
			return m.outcome_refused();
		case 'length':
			return m.outcome_length();
	}
}
