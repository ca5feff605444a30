/** What a running turn holds in memory: rebuilt from the store on resume, never the only copy. */

import type { Entry } from '../../wire/entries';
import type { LoopEvent, LoopEventBody } from '../../wire/events';
import { joinLabels, ownLabels } from '../../wire/labels';
import type { Labels } from '../../wire/labels';
import type { TurnJournal } from '../journal/turn-journal';
import { plainText } from '../sessions/fold';
import type { Emit, Say, TurnInput, TurnPorts } from './ports';

export interface TurnState {
	readonly input: TurnInput;
	readonly ports: TurnPorts;
	readonly journal: TurnJournal;
	readonly say: Say;
	/** The branch as committed, root first. */
	readonly entries: readonly Entry[];
	/** Labels joined over everything on the branch. */
	readonly labels: Labels;
	/** Everything the user wrote on the branch. */
	readonly userText: string;
	add(entries: readonly Entry[]): void;
}

export function createTurnState(options: {
	readonly input: TurnInput;
	readonly ports: TurnPorts;
	readonly journal: TurnJournal;
	readonly say: Say;
	readonly branch: readonly Entry[];
}): TurnState {
	const entries = [...options.branch];
	let labels = joinLabels([ownLabels, ...entries.map((entry) => entry.labels)]);
	let userText = '';
	const noteUser = (entry: Entry): void => {
		if (entry.kind === 'user' && entry.labels.integrity === 'user') userText += `\n${plainText(entry.parts)}`;
	};
	entries.forEach(noteUser);
	return {
		input: options.input,
		ports: options.ports,
		journal: options.journal,
		say: options.say,
		entries,
		get labels() {
			return labels;
		},
		get userText() {
			return userText;
		},
		add(added) {
			for (const entry of added) {
				entries.push(entry);
				labels = joinLabels([labels, entry.labels]);
				noteUser(entry);
			}
		}
	};
}

/** Numbers events densely; a listener that throws does not reach the loop. */
export function createSay(turnId: string, firstSeq: number, emit: Emit, onSeq: (next: number) => void): Say {
	let seq = firstSeq;
	return (body: LoopEventBody) => {
		const event = numbered(body, turnId, seq++);
		onSeq(seq);
		try {
			emit(event);
		} catch {
			// Whoever listens answers for itself: the turn goes on.
		}
	};
}

/** Written out for what comes by the thousand: a spread of fifteen shapes costs more than all else that is done for a delta. */
function numbered(body: LoopEventBody, turnId: string, seq: number): LoopEvent {
	switch (body.type) {
		case 'text-delta':
			return { type: 'text-delta', index: body.index, delta: body.delta, turnId, seq };
		case 'reasoning-delta':
			return { type: 'reasoning-delta', index: body.index, delta: body.delta, turnId, seq };
		case 'call-delta':
			return { type: 'call-delta', callId: body.callId, delta: body.delta, turnId, seq };
		default:
			return { ...body, turnId, seq };
	}
}
