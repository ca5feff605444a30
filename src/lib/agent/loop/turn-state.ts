/** What a running turn holds in memory: rebuilt from the store on resume, never the only copy. */

import type { Entry } from '../../wire/entries';
import type { LoopEvent } from '../../wire/events';
import { joinLabels, ownLabels } from '../../wire/labels';
import type { Labels } from '../../wire/labels';
import type { TurnJournal } from '../journal/turn-journal';
import type { ModelEvent } from '../models/protocol';
import { userWords } from '../policy/user-words';
import { addToEstimate, estimateTokens } from '../sessions/estimate';
import { createTranscript } from '../sessions/fold';
import type { Transcript } from '../sessions/fold';
import type { Emit, Say, TurnInput, TurnPorts } from './ports';

/** How long a model port may take to notice that it was stopped. */
const stopGraceMs = 2_000;

export interface TurnStateOptions {
	readonly input: TurnInput;
	readonly ports: TurnPorts;
	readonly journal: TurnJournal;
	readonly speaker: Speaker;
	readonly branch: readonly Entry[];
}

/** A class, so that the states of all turns have one shape: getters in a literal give each one its own. */
export class TurnState {
	readonly input: TurnInput;
	readonly ports: TurnPorts;
	readonly journal: TurnJournal;
	readonly say: Say;
	readonly pass: Speaker['pass'];
	readonly #entries: Entry[];
	#labels: Labels;
	#tokens: number;
	#userText = '';
	#transcript: Transcript | undefined;
	/** Of what is being asked for. */
	#giveUp: (() => void) | undefined;

	constructor({ input, ports, journal, speaker, branch }: TurnStateOptions) {
		this.input = input;
		this.ports = ports;
		this.journal = journal;
		this.say = speaker.say;
		this.pass = speaker.pass;
		this.#entries = [...branch];
		this.#labels = joinLabels([ownLabels, ...branch.map((entry) => entry.labels)]);
		this.#tokens = estimateTokens(branch);
		for (const entry of branch) this.#noteUser(entry);
		input.signal.addEventListener('abort', () => this.#giveUpLater());
	}
	/** The branch as committed, root first. */
	get entries(): readonly Entry[] {
		return this.#entries;
	}
	/** Labels joined over everything on the branch. */
	get labels(): Labels {
		return this.#labels;
	}
	/** What the branch takes in a model's context. */
	get tokens(): number {
		return this.#tokens;
	}
	/** Everything the user wrote on the branch. */
	get userText(): string {
		return this.#userText;
	}
	/** The branch as this reader gets it, kept up by what is added. */
	transcript(isRehearsal: boolean): Transcript {
		if (this.#transcript?.isRehearsal !== isRehearsal)
			this.#transcript = createTranscript(this.#entries, { isRehearsal });
		return this.#transcript;
	}
	add(entries: readonly Entry[]): void {
		for (const entry of entries) {
			this.#entries.push(entry);
			this.#tokens = addToEstimate(this.#tokens, this.#entries);
			this.#transcript?.add(entry);
			this.#labels = joinLabels([this.#labels, entry.labels]);
			this.#noteUser(entry);
		}
	}
	/**
	 * What was asked for outside, but no later than a while after the turn is stopped. One listener
	 * serves all steps: in a browser, adding and removing one costs more than a step's events.
	 */
	untilStopped<T>(asked: Promise<T>, failed: (thrown: unknown) => T, stopped: () => T): Promise<T> {
		return new Promise((resolve) => {
			const giveUp = (): void => {
				resolve(stopped());
			};
			this.#giveUp = giveUp;
			if (this.input.signal.aborted) this.#giveUpLater();
			const done = (value: T): void => {
				if (this.#giveUp === giveUp) this.#giveUp = undefined;
				resolve(value);
			};
			asked.then(done, (thrown: unknown) => {
				done(failed(thrown));
			});
		});
	}
	#giveUpLater(): void {
		const giveUp = this.#giveUp;
		if (giveUp !== undefined) this.ports.clock.sleep(stopGraceMs).then(giveUp, giveUp);
	}
	#noteUser(entry: Entry): void {
		const words = userWords(entry);
		if (words !== '') this.#userText += `\n${words}`;
	}
}

export interface Speaker {
	readonly say: Say;
	/** What the model said, as the loop says it: written out, because this is what comes by the thousand. */
	readonly pass: (event: ModelEvent) => void;
	readonly nextSeq: () => number;
}

/** Numbers events densely; a listener that throws does not reach the loop. */
export function createSpeaker(turnId: string, firstSeq: number, emit: Emit): Speaker {
	let seq = firstSeq;
	const tell = (event: LoopEvent): void => {
		try {
			emit(event);
		} catch {
			// Whoever listens answers for itself: the turn goes on.
		}
	};
	return {
		nextSeq: () => seq,
		say(body) {
			tell({ ...body, turnId, seq: seq++ });
		},
		pass(event) {
			switch (event.type) {
				case 'text':
					tell({ type: 'text-delta', index: event.index, delta: event.delta, turnId, seq: seq++ });
					break;
				case 'reasoning':
					tell({ type: 'reasoning-delta', index: event.index, delta: event.delta, turnId, seq: seq++ });
					break;
				case 'call-start':
					tell({
						type: 'call-start',
						callId: event.callId,
						index: event.index,
						action: event.action,
						turnId,
						seq: seq++
					});
					break;
				case 'call-delta':
					tell({ type: 'call-delta', callId: event.callId, delta: event.delta, turnId, seq: seq++ });
					break;
			}
		}
	};
}
