/**
 * One model response: build the context, compact it if it has grown too long, ask, stream,
 * decide on the calls, commit all of it together (T2).
 */

import type { CallPart, Part } from '../../wire/entries';
import { entryVersion, noUsage } from '../../wire/entries';
import { AppError } from '../../wire/errors';
import type { EntryDraft, TurnEnd } from '../journal/turn-journal';
import { createStreamNames } from '../models/hub-names';
import type { StreamNames } from '../models/hub-names';
import type { Effort, ModelReply, ModelRequest, ModelTraits, TranscriptMessage } from '../models/protocol';
import { fenceInstructions, readFencedCalls } from './fence';
import type { OpenCall } from './settle-calls';
import { errorResult, prepareCalls } from './prepare-calls';
import type { PreparedCall } from './prepare-calls';
import { createStreamRecorder, readRecorded } from './stream-recorder';
import type { TurnState } from './turn-state';

export type StepOutcome =
	| { readonly kind: 'calls'; readonly open: readonly OpenCall[] }
	/** The provider wants to be asked again. */
	| { readonly kind: 'again' }
	| { readonly kind: 'end'; readonly end: TurnEnd };

const efforts = ['none', 'minimal', 'low', 'medium', 'high'] as const satisfies readonly Effort[];

/** Share of the model's context at which a turn compacts before it asks. */
const automaticShare = 0.8;

/** Its own chunk: most conversations never get that long. */
async function compact(state: TurnState): Promise<boolean> {
	const { compactTurn } = await import('./compact');
	return compactTurn(state);
}

export async function askStep(state: TurnState, step: number): Promise<StepOutcome> {
	const { ports, journal, input } = state;
	const record = journal.record();
	const traits = ports.models.describe(record.model);
	if (!traits.isRehearsal && state.tokens > automaticShare * traits.contextWindow) {
		await compact(state);
	}
	const entryId = ports.ids.next();
	const earlier = await recordedBefore(state);
	let spoke = false;
	const stream = streamNames(state);
	let asked = await ask(state, step, entryId, traits, stream, () => {
		spoke = true;
	});
	if (asked.reply.error?.id === 'model/context-too-long' && !spoke && (await compact(state))) {
		asked = await ask(state, step, entryId, traits, stream, () => undefined);
	}
	const { reply, startedAt, streamRows } = asked;
	const isWhole = reply.stop !== 'error' && reply.stop !== 'cut' && reply.stop !== 'aborted';
	const parts = isWhole ? readCalls(reply.parts, state, traits) : partialParts(reply.parts, earlier.parts);
	const calls = isWhole && reply.stop !== 'refused' ? parts.filter((part) => part.type === 'call') : [];
	const { labels } = state;
	const now = ports.clock.now();
	const answer: EntryDraft = {
		id: entryId,
		sessionId: input.sessionId,
		turnId: input.turnId,
		v: entryVersion,
		kind: 'assistant',
		author: { device: ports.device.id, principal: 'agent' },
		parts,
		labels,
		at: startedAt,
		response: {
			model: reply.model,
			stop: reply.stop,
			usage: reply.usage,
			durationMs: now - startedAt,
			...(reply.error === undefined ? {} : { error: reply.error }),
			...(reply.responseId === undefined ? {} : { responseId: reply.responseId }),
			...(reply.attempts === undefined ? {} : { attempts: reply.attempts }),
			...(reply.extras === undefined ? {} : { extras: reply.extras })
		}
	};
	const prepared = prepareCalls(calls, {
		sessionId: input.sessionId,
		turnId: input.turnId,
		responseOrd: record.responses,
		entryId,
		mode: record.mode,
		policy: ports.policy(),
		taint: labels,
		userText: state.userText,
		now,
		newId: () => ports.ids.next(),
		skills: ports.skills
	});
	const end = calls.length > 0 ? undefined : endOf(reply);
	const results = prepared.flatMap((call) =>
		call.kind === 'answered' ? [resultDraft(state, call, labels)] : []
	);
	const open = prepared.flatMap((call): OpenCall[] => {
		if (call.kind === 'run')
			return [{ kind: 'run', part: call.part, effect: call.effect, token: call.token }];
		if (call.kind === 'held')
			return [{ kind: 'held', part: call.part, effect: call.effect, approval: call.approval }];
		return [];
	});
	state.add(
		await journal.respond({
			answer,
			results,
			effects: open.map((call) => call.effect),
			approvals: open.flatMap((call) => (call.kind === 'held' ? [call.approval] : [])),
			usage: reply.usage,
			streamRows: [...earlier.rows, ...streamRows],
			...(end === undefined ? {} : { end })
		})
	);
	state.say({ type: 'step-end', step, entryId, usage: reply.usage, stop: reply.stop });
	sayCalls(state, prepared, results);
	if (end !== undefined) return { kind: 'end', end };
	return calls.length === 0 ? { kind: 'again' } : { kind: 'calls', open };
}

/** Only a life before this one can have left words behind, and only before the first response of this one. */
async function recordedBefore(state: TurnState): Promise<Awaited<ReturnType<typeof readRecorded>>> {
	const { ports, input, journal } = state;
	const { start } = input;
	if (start.kind !== 'resume' || journal.record().responses > start.record.responses)
		return { parts: [], rows: [] };
	return readRecorded(ports.store, input.turnId);
}

/** Only the first response that a recovered turn asks for may have been asked for before. */
function streamNames({ journal, input }: TurnState): StreamNames | undefined {
	const { streamSecret, responses } = journal.record();
	if (streamSecret === undefined) return undefined;
	const { start } = input;
	return createStreamNames(
		streamSecret,
		responses,
		start.kind === 'resume' && start.record.responses === responses
	);
}

async function ask(
	state: TurnState,
	step: number,
	entryId: string,
	traits: ModelTraits,
	stream: StreamNames | undefined,
	onFirst: () => void
): Promise<{
	reply: ModelReply;
	startedAt: number;
	streamRows: Awaited<ReturnType<ReturnType<typeof createStreamRecorder>['finish']>>;
}> {
	const { ports, input, journal, say } = state;
	const { model } = journal.record();
	const request = await buildRequest(state, traits);
	const startedAt = ports.clock.now();
	const recorder = createStreamRecorder({ ...ports, turnId: input.turnId, entryId });
	say({ type: 'step-start', step, entryId, model });
	const asked = ports.models.ask(request, {
		signal: input.signal,
		requestId: `${input.turnId}.${String(step)}`,
		...(stream === undefined ? {} : { stream }),
		onEvent(event) {
			onFirst();
			if (!traits.isRehearsal) recorder.note(event);
			state.pass(event);
		}
	});
	const reply = await replyOf(asked, model, state);
	return { reply, startedAt, streamRows: await recorder.finish() };
}

/** A port that throws or does not notice a stop must not keep the turn from ending. */
function replyOf(
	asked: Promise<ModelReply>,
	model: ModelReply['model'],
	state: TurnState
): Promise<ModelReply> {
	return state.untilStopped(
		asked,
		(thrown) => ({
			model,
			parts: [],
			stop: 'error',
			error: new AppError('internal/unexpected', { cause: thrown }).toWire(),
			usage: noUsage
		}),
		() => ({ model, parts: [], stop: 'aborted', usage: noUsage })
	);
}

async function buildRequest(state: TurnState, traits: ModelTraits): Promise<ModelRequest> {
	const { ports, journal, input } = state;
	const record = journal.record();
	const tools = ports.skills.tools();
	const fences = traits.abilities.tools ? '' : fenceInstructions(tools);
	const messages = state.transcript(traits.isRehearsal).messages();
	const effort = efforts.find((one) => one === record.effort);
	return {
		model: record.model,
		system: [ports.systemPrompt, fences].filter((text) => text !== '').join('\n\n'),
		messages,
		tools: traits.abilities.tools ? tools : [],
		files: await loadFiles(state, messages),
		cacheKey: input.sessionId,
		...(effort === undefined ? {} : { effort }),
		...(record.webSearch && traits.abilities.webSearch ? { webSearch: true } : {})
	};
}

async function loadFiles(
	state: TurnState,
	messages: readonly TranscriptMessage[]
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
	const files = new Map<string, Uint8Array<ArrayBuffer>>();
	for (const { parts } of messages) {
		for (const part of parts) {
			if (part.type !== 'file' || files.has(part.blob)) continue;
			const bytes = await state.ports.loadBlob(part);
			if (bytes !== undefined) files.set(part.blob, bytes);
		}
	}
	return files;
}

/** Fenced calls count in propose mode, and for models that have no other way to call. */
function readCalls(parts: readonly Part[], state: TurnState, traits: ModelTraits): readonly Part[] {
	const reads = state.journal.record().mode === 'propose' || !traits.abilities.tools;
	return uniqueCallIds(reads ? readFencedCalls(parts) : parts);
}

/** Ids must be unique in their entry; a provider that repeats or omits one gets ours. */
function uniqueCallIds(parts: readonly Part[]): readonly Part[] {
	const seen = new Set<string>();
	return parts.map((part, index) => {
		if (part.type !== 'call') return part;
		const callId = part.callId === '' || seen.has(part.callId) ? `call-${String(index)}` : part.callId;
		seen.add(callId);
		return callId === part.callId ? part : { ...part, callId };
	});
}

/** What stays of a broken-off response: what was said, never a call. */
function partialParts(parts: readonly Part[], recorded: readonly Part[]): readonly Part[] {
	const kept = parts.filter((part) => part.type !== 'call');
	return kept.length > 0 ? kept : recorded;
}

function endOf(reply: ModelReply): TurnEnd | undefined {
	switch (reply.stop) {
		case 'end':
		case 'calls':
			return { outcome: 'done' };
		case 'length':
			return { outcome: 'length' };
		case 'refused':
			return { outcome: 'refused', error: reply.error ?? new AppError('model/refused').toWire() };
		case 'aborted':
			return { outcome: 'stopped' };
		case 'cut':
			return { outcome: 'failed', error: reply.error ?? new AppError('model/stream-cut').toWire() };
		case 'error':
			return { outcome: 'failed', error: reply.error ?? new AppError('model/server-error').toWire() };
		case 'pause':
			return undefined;
	}
}

function resultDraft(
	state: TurnState,
	call: PreparedCall & { kind: 'answered' },
	labels: EntryDraft['labels']
): EntryDraft {
	const { ports, input } = state;
	return {
		id: ports.ids.next(),
		sessionId: input.sessionId,
		turnId: input.turnId,
		v: entryVersion,
		kind: 'result',
		author: { device: ports.device.id, principal: `skill:${call.part.action}` },
		parts: [errorResult(call.part, call.error, ports.clock.now())],
		labels,
		at: ports.clock.now()
	};
}

function sayCalls(state: TurnState, prepared: readonly PreparedCall[], results: readonly EntryDraft[]): void {
	let answered = 0;
	for (const call of prepared) {
		const part: CallPart = call.part;
		if (call.kind === 'held') state.say({ type: 'call-held', held: call.approval.held });
		if (call.kind !== 'answered') continue;
		const entryId = results[answered++]?.id ?? '';
		state.say({
			type: 'call-end',
			callId: part.callId,
			action: part.action,
			status: 'error',
			entryId,
			durationMs: 0,
			error: call.error
		});
	}
}
