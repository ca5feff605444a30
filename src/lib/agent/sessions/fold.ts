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
): TranscriptMessage[] {
	const entries = applySummary(branch);
	const results = collectResults(entries);
	const messages: TranscriptMessage[] = [];
	for (const entry of entries) {
		switch (entry.kind) {
			case 'user':
				if (entry.parts.length > 0) messages.push({ role: 'user', parts: entry.parts });
				break;
			case 'summary':
				messages.push({ role: 'user', parts: [{ type: 'text', text: summaryText(entry) }] });
				break;
			case 'note':
				messages.push({ role: 'user', parts: [{ type: 'text', text: `[Note] ${plainText(entry.parts)}` }] });
				break;
			case 'assistant':
				pushAnswer(messages, entry, results, reader.isRehearsal);
				break;
			case 'result':
				// Answered where its call stands; a result without a call is dropped there.
				break;
		}
	}
	return messages;
}

function pushAnswer(
	messages: TranscriptMessage[],
	entry: Entry,
	results: ReadonlyMap<string, ResultPart>,
	forRehearsal: boolean
): void {
	const byRehearsal = entry.response?.model.provider === rehearsalProvider;
	const parts =
		byRehearsal && !forRehearsal ? entry.parts.filter((part) => part.type === 'call') : entry.parts;
	const calls = parts.filter((part) => part.type === 'call');
	if (parts.length === 0) return;
	messages.push({
		role: 'assistant',
		parts,
		...(entry.response === undefined ? {} : { from: entry.response.model })
	});
	if (calls.length === 0) return;
	messages.push({
		role: 'tool',
		parts: calls.map((call) => results.get(resultKey(entry.id, call)) ?? lostResult(call))
	});
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

/** Results by the assistant entry that they follow and their call's id: ids may repeat in later responses. */
function collectResults(entries: readonly Entry[]): Map<string, ResultPart> {
	const results = new Map<string, ResultPart>();
	let answer: Entry | undefined;
	for (const entry of entries) {
		if (entry.kind === 'assistant') answer = entry;
		if (entry.kind !== 'result' || answer === undefined) continue;
		for (const part of entry.parts) {
			if (part.type !== 'result') continue;
			const key = `${answer.id}/${part.callId}`;
			if (!results.has(key)) results.set(key, part);
		}
	}
	return results;
}

function resultKey(entryId: string, call: CallPart): string {
	return `${entryId}/${call.callId}`;
}

function lostResult(call: CallPart): ResultPart {
	return {
		type: 'result',
		callId: call.callId,
		action: call.action,
		status: 'not-run',
		output: null,
		error: new AppError('skill/not-run').toWire(),
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
