/**
 * The branch as a model gets it. Pure: entries in, transcript out. Honours the newest summary,
 * keeps rehearsal's prose from real models, and repairs orphans: every call is answered by
 * exactly one result right after it, in the order of the calls, whatever the entries hold.
 */

import type { CallPart, Entry, Part, ResultPart } from '../../wire/entries';
import { AppError } from '../../wire/errors';
import type { TranscriptMessage } from '../models/protocol';

export const rehearsalProvider = 'rehearsal';

/** @param branch entries from the root to the head. */
export function foldTranscript(
	branch: readonly Entry[],
	reader: { readonly isRehearsal: boolean }
): readonly TranscriptMessage[] {
	return createTranscript(branch, reader).messages();
}

/** The same, kept up as the branch grows: a running turn does not fold it again for each request. */
export interface Transcript {
	readonly isRehearsal: boolean;
	/** The next entry of the branch. */
	add(entry: Entry): void;
	/** As of now; what comes later does not change it. */
	messages(): readonly TranscriptMessage[];
}

export function createTranscript(
	start: readonly Entry[],
	{ isRehearsal }: { readonly isRehearsal: boolean }
): Transcript {
	const branch = [...start];
	let messages: TranscriptMessage[] = [];
	/** The calls of the newest answer, and the place of the message that holds their results. */
	let calls: readonly CallPart[] = [];
	let place = 0;
	const settled = new Set<CallPart>();

	function addAnswer(entry: Entry): void {
		const byRehearsal = entry.response?.model.provider === rehearsalProvider;
		const parts =
			byRehearsal && !isRehearsal ? entry.parts.filter((part) => part.type === 'call') : entry.parts;
		calls = parts.filter((part) => part.type === 'call');
		settled.clear();
		if (parts.length === 0) return;
		messages.push(
			entry.response === undefined
				? { role: 'assistant', parts }
				: { role: 'assistant', parts, from: entry.response.model }
		);
		if (calls.length === 0) return;
		place = messages.length;
		messages.push({ role: 'tool', parts: calls.map(lostResult) });
	}

	/** A result is told by the newest answer and its call's id: ids may repeat in later responses. The first one counts. */
	function addResults(entry: Entry): void {
		for (const part of entry.parts) {
			if (part.type !== 'result') continue;
			const same = calls.filter((call) => call.callId === part.callId && !settled.has(call));
			const known = messages[place];
			// A result without a call is dropped.
			if (same.length === 0 || known === undefined) continue;
			for (const call of same) settled.add(call);
			// A new message: the old one may be on its way to a model.
			const parts = known.parts.map((before, index) =>
				same.some((call) => call === calls[index]) ? part : before
			);
			messages[place] = { role: 'tool', parts };
		}
	}

	function fold(entry: Entry): void {
		switch (entry.kind) {
			case 'user':
				if (entry.parts.length > 0) messages.push({ role: 'user', parts: spoken(entry) });
				break;
			case 'summary':
				messages.push({ role: 'user', parts: [{ type: 'text', text: summaryText(entry) }] });
				break;
			case 'note':
				messages.push({ role: 'user', parts: [{ type: 'text', text: `[Note] ${plainText(entry.parts)}` }] });
				break;
			case 'assistant':
				addAnswer(entry);
				break;
			case 'result':
				addResults(entry);
				break;
		}
	}

	applySummary(branch).forEach(fold);
	return {
		isRehearsal,
		messages: () => messages.slice(),
		add(entry) {
			branch.push(entry);
			if (entry.kind !== 'summary') {
				fold(entry);
				return;
			}
			messages = [];
			calls = [];
			applySummary(branch).forEach(fold);
		}
	};
}

/** A model has one word for everybody who is not it: what a participant says is told apart in the text. */
function spoken({ author, parts }: Entry): readonly Part[] {
	const by = author.principal;
	return by.startsWith('participant:')
		? [{ type: 'text', text: `[From ${by}, not the user]` }, ...parts]
		: parts;
}

/** Everything up to the newest summary's mark is replaced by that summary. */
function applySummary(branch: readonly Entry[]): readonly Entry[] {
	for (let index = branch.length - 1; index >= 0; index--) {
		const entry = branch[index];
		if (entry?.kind !== 'summary' || entry.covers === undefined) continue;
		const { upTo } = entry.covers;
		const last = branch.findIndex((candidate) => candidate.id === upTo);
		// A mark that is not on this branch covers nothing that we could name: then the summary only adds.
		const kept = branch.slice(last + 1).filter((candidate) => candidate.kind !== 'summary');
		return [entry, ...kept];
	}
	return branch;
}

const notRun = new AppError('skill/not-run').toWire();

function lostResult(call: CallPart): ResultPart {
	return {
		type: 'result',
		callId: call.callId,
		action: call.action,
		status: 'not-run',
		output: null,
		error: notRun,
		startedAt: 0,
		durationMs: 0
	};
}

export function plainText(parts: readonly Part[]): string {
	let text = '';
	for (const part of parts) {
		if (part.type !== 'text' && part.type !== 'refusal') continue;
		text += text === '' ? part.text : `\n\n${part.text}`;
	}
	return text;
}

function summaryText(entry: Entry): string {
	return `Summary of the conversation so far (the full text is kept, but no longer shown to you):\n\n${plainText(entry.parts)}`;
}
