/**
 * Rehearsal: commands without a model, behind the same port as every model, so that everything
 * downstream is real. It keeps no state: the last message is the command, what has run stands
 * in the transcript, and the same transcript always gives the same answer, after a crash too.
 */

import { noUsage, type CallPart, type ModelRef, type Part, type ResultPart } from '../../wire/entries';
import type { JsonObject } from '../../wire/json';
import type { AskOptions, ModelPort, ModelReply, ModelRequest, TranscriptMessage } from '../models/protocol';
import { resultText, type Settled } from './answer';
import { makePlan, type Plan, type PlannedCall, type RehearsalSkills } from './plan';
import { quoteFor, type DocPage } from './quote';
import { rehearsalTraits } from './traits';

export const rehearsalModel: ModelRef = { provider: 'rehearsal', model: 'rehearsal' };

export interface RehearsalOptions {
	readonly skills: RehearsalSkills;
	readonly docs: readonly DocPage[];
}

const noAnswer = 'Rehearsal only runs commands, and this needs a model.';

interface Reply {
	readonly text?: string;
	readonly calls?: readonly PlannedCall[];
	readonly extras?: JsonObject;
}

export function createRehearsal({ skills, docs }: RehearsalOptions): ModelPort {
	return {
		describe: () => rehearsalTraits,
		// Async so that nothing that throws in here can leave it but as a reply.
		async ask(request, options) {
			try {
				return emit(answer(request, skills, docs), request, options);
			} catch {
				return emit({ text: noAnswer, extras: connect }, request, options);
			}
		}
	};
}

/** The page offers "Connect a model" under a reply that carries this. */
const connect: JsonObject = { rehearsal: { connect: true } };

function answer(request: ModelRequest, skills: RehearsalSkills, docs: readonly DocPage[]): Reply {
	const { command, after } = currentTurn(request.messages);
	const plan = makePlan(command, skills);
	switch (plan.kind) {
		case 'steps':
			return nextStep(plan, after, skills);
		case 'say':
			return {
				text: plan.text,
				...(plan.form === undefined ? {} : { extras: { rehearsal: { form: { ...plan.form } } } })
			};
		case 'unknown': {
			const found = quoteFor(command, docs);
			if (found === undefined) return { text: noAnswer, extras: connect };
			return {
				text: `From the documentation, “${found.page}”:\n\n> **${found.heading}**\n>\n${quoteLines(found.body)}`
			};
		}
	}
}

function quoteLines(body: string): string {
	return body
		.split('\n')
		.map((line) => `> ${line}`)
		.join('\n');
}

/** The newest thing a person said, and what has happened since. Notes and summaries come as user messages but are nobody's command. */
function currentTurn(messages: readonly TranscriptMessage[]): {
	readonly command: string;
	readonly after: readonly TranscriptMessage[];
} {
	const index = messages.findLastIndex(
		(message) =>
			message.role === 'user' && !/^(?:\[Note\] |Summary of the conversation)/.test(textOf(message))
	);
	const message = messages[index];
	const said = message === undefined ? '' : textOf(message);
	// A participant's words are nobody's command.
	return { command: said.startsWith('[From participant:') ? '' : said, after: messages.slice(index + 1) };
}

function textOf({ parts }: TranscriptMessage): string {
	return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

/** The first step that has not been asked for yet; the closing words when there is none, or when one failed. */
function nextStep(
	plan: Extract<Plan, { kind: 'steps' }>,
	after: readonly TranscriptMessage[],
	skills: RehearsalSkills
): Reply {
	const settled = settledSteps(after);
	const done = settled.length;
	const hasFailed = settled.flat().some(({ result }) => result?.status !== 'ok');
	const next = plan.steps[done];
	if (next !== undefined && !hasFailed) return { calls: next };
	const notReached = hasFailed ? plan.steps.slice(done).flat() : [];
	const text = resultText(settled.flat(), notReached, skills);
	return { text: plan.epilogue === undefined ? text : `${text}\n\n${plan.epilogue}` };
}

/** Each response with its calls, each call with its result, in order. */
function settledSteps(after: readonly TranscriptMessage[]): readonly (readonly Settled[])[] {
	const steps: Settled[][] = [];
	for (const [index, message] of after.entries()) {
		if (message.role !== 'assistant') continue;
		const calls = message.parts.filter((part): part is CallPart => part.type === 'call');
		if (calls.length === 0) continue;
		const answers = after[index + 1]?.role === 'tool' ? (after[index + 1]?.parts ?? []) : [];
		const results = answers.filter((part): part is ResultPart => part.type === 'result');
		steps.push(calls.map((call) => ({ call, result: results.find(({ callId }) => callId === call.callId) })));
	}
	return steps;
}

function emit(
	{ text, calls = [], extras }: Reply,
	request: ModelRequest,
	{ signal, onEvent }: AskOptions
): ModelReply {
	const parts: Part[] = [];
	const reply = (stop: ModelReply['stop']): ModelReply => ({
		model: request.model,
		parts,
		stop,
		usage: noUsage,
		...(extras === undefined ? {} : { extras })
	});
	if (signal.aborted) return reply('aborted');
	if (text !== undefined) {
		for (const delta of chunks(text)) onEvent({ type: 'text', index: 0, delta });
		parts.push({ type: 'text', text });
	}
	const taken = new Set(
		request.messages
			.flatMap((message) => message.parts)
			.flatMap((part) => (part.type === 'call' ? [part.callId] : []))
	);
	for (const { action, args } of calls) {
		const index = parts.length;
		const callId = freshId(taken);
		onEvent({ type: 'call-start', index, callId, action });
		onEvent({ type: 'call-delta', index, callId, delta: JSON.stringify(args) });
		parts.push({ type: 'call', callId, action, args, via: 'native' });
	}
	return reply(calls.length > 0 ? 'calls' : 'end');
}

/** Unique on the branch, because some providers refuse a transcript in which an id repeats; and the same when asked again. */
function freshId(taken: Set<string>): string {
	let number = taken.size + 1;
	while (taken.has(`rehearsal-${number}`)) number++;
	taken.add(`rehearsal-${number}`);
	return `rehearsal-${number}`;
}

/** A paragraph a piece: real deltas, no pretence of typing. */
function chunks(text: string): readonly string[] {
	return text.split(/(?<=\n\n)/);
}
