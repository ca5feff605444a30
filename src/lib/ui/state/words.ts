/** Names of the closed sets that the worker speaks of, in the page's language. */

import { m } from '../../paraglide/messages';
import type { Effect, Mode } from '../../wire/events';
import type { CallState, TurnDisplay } from '../../wire/view';

export function callStateText(state: CallState): string {
	switch (state) {
		case 'ok':
			return m.state_ok();
		case 'error':
			return m.state_error();
		case 'rejected':
			return m.state_rejected();
		case 'not-run':
			return m.state_not_run();
		case 'unknown':
			return m.state_unknown();
		case 'writing':
			return m.state_writing();
		case 'held':
			return m.state_held();
		case 'running':
			return m.state_running();
		case 'undone':
			return m.state_undone();
	}
}

export function effectText(effect: Effect): string {
	switch (effect) {
		case 'readPrivate':
			return m.effect_read_private();
		case 'readUntrusted':
			return m.effect_read_untrusted();
		case 'writeLocal':
			return m.effect_write_local();
		case 'writeRemote':
			return m.effect_write_remote();
		case 'egress':
			return m.effect_egress();
		case 'spend':
			return m.effect_spend();
		case 'execute':
			return m.effect_execute();
		case 'irreversible':
			return m.effect_irreversible();
	}
}

export function modeText(mode: Mode): string {
	switch (mode) {
		case 'propose':
			return m.mode_propose();
		case 'selective':
			return m.mode_selective();
		case 'auto':
			return m.mode_auto();
	}
}

export function modeHint(mode: Mode): string {
	switch (mode) {
		case 'propose':
			return m.mode_propose_hint();
		case 'selective':
			return m.mode_selective_hint();
		case 'auto':
			return m.mode_auto_hint();
	}
}

export function turnText(turn: TurnDisplay): string {
	switch (turn) {
		case 'idle':
			return '';
		case 'running':
			return m.turn_running();
		case 'held':
			return m.turn_held();
		case 'queued':
			return m.turn_queued();
		case 'failed':
			return m.turn_failed();
	}
}
