/** From the draft of a response to the reply: its parts, why it stopped, and which calls may run. */

import type { Part, StopReason } from '../../wire/entries';
import { AppError } from '../../wire/errors';
import { parseJson } from '../../wire/json';
import type { Draft, Slot } from './draft';
import type { ModelReply } from './protocol';

/** What `parts` holds is never thrown away: a broken stream leaves what had arrived, and says why it ended. */
export function toReply(
	draft: Draft,
	provider: string,
	how: 'closed' | 'aborted',
	keepsArgs: boolean
): Omit<ModelReply, 'model' | 'attempts'> {
	// Whether there are calls is seen, not believed: providers name the reason as they like.
	const said = draft.stop ?? (draft.isTerminated ? 'end' : undefined);
	const ended = said === 'end' ? kindOfEnd(draft) : said;
	const isWhole = ended !== undefined && ended !== 'length' && draft.error === undefined && how === 'closed';
	let stop: StopReason;
	let error = draft.error;
	if (how === 'aborted') {
		stop = 'aborted';
		error = undefined;
	} else if (error !== undefined) {
		stop = 'error';
	} else if (ended === undefined) {
		stop = 'cut';
		error = new AppError('model/stream-cut').toWire();
	} else {
		stop = ended;
	}
	const parts: Part[] = [];
	for (const slot of draft.slots) {
		const part = toPart(slot, provider, isWhole, keepsArgs);
		if (part !== undefined) parts.push(part);
	}
	return {
		parts,
		stop,
		...(error === undefined ? {} : { error }),
		usage: draft.usage,
		...(draft.responseId === undefined ? {} : { responseId: draft.responseId }),
		...(Object.keys(draft.extras).length === 0 ? {} : { extras: draft.extras })
	};
}

function kindOfEnd(draft: Draft): StopReason {
	if (draft.slots.some((slot) => slot.kind === 'call')) return 'calls';
	return draft.slots.some((slot) => slot.kind === 'refusal') ? 'refused' : 'end';
}

function toPart(slot: Slot, provider: string, isWhole: boolean, keepsArgs: boolean): Part | undefined {
	const extras = slot.extras === undefined ? {} : { extras: { [provider]: slot.extras } };
	switch (slot.kind) {
		case 'text':
			return {
				type: 'text',
				text: slot.text,
				...(slot.citations === undefined ? {} : { citations: slot.citations }),
				...extras
			};
		case 'reasoning':
			return { type: 'reasoning', text: slot.text, ...extras };
		case 'refusal':
			return { type: 'refusal', text: slot.text, ...extras };
		case 'provider':
			// Half a block cannot be sent back, and says nothing.
			if (!slot.isDone || slot.raw === undefined) return undefined;
			return { type: 'provider', provider, gist: slot.gist, raw: slot.raw };
		case 'call':
			return toCall(slot, provider, isWhole, keepsArgs);
	}
}

function toCall(slot: Slot, provider: string, isWhole: boolean, keepsArgs: boolean): Part {
	const text = slot.text;
	const parsed = slot.args ?? (text.trim() === '' ? {} : parseJson(text));
	const base = { type: 'call', callId: slot.callId, action: slot.action, via: 'native' } as const;
	// What broke off before its end must never run, even if it happens to be JSON (or nothing) so far.
	const isBad = parsed === undefined || !(slot.isDone || isWhole);
	const args = parsed === undefined || parsed === null ? {} : parsed;
	// Where arguments go back as text, they go back as they were: a provider's cache sees bytes, not values.
	const isVerbatim = !keepsArgs || isBad || slot.args !== undefined || text === JSON.stringify(args);
	const extras = isVerbatim ? slot.extras : { ...slot.extras, arguments: text };
	return {
		...base,
		args: isBad ? {} : args,
		...(isBad ? { badArgs: text } : {}),
		...(extras === undefined ? {} : { extras: { [provider]: extras } })
	};
}
