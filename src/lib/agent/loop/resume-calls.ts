/**
 * After a crash: the calls of the last response that have no result yet, each as its journal
 * row says. Intended → run. Started → by its replay class: pure, local and keyed run again
 * with the same key; checkable is asked for; once is never repeated silently.
 */

import type { CallPart, Entry } from '../../wire/entries';
import type { readApproval, readEffects } from '../journal/read-records';
import type { EffectRecord } from '../journal/records';
import { resumeAllowed } from '../policy/authorize';
import { callHash, effectKey } from '../policy/hashes';
import type { OpenCall } from './settle-calls';
import { argsOf, asked } from './prepare-calls';
import type { TurnState } from './turn-state';

interface Readers {
	readonly readApproval: typeof readApproval;
	readonly readEffects: typeof readEffects;
}

export async function openCallsOf(state: TurnState, read: Readers): Promise<OpenCall[]> {
	const { input, journal } = state;
	const { responses } = journal.record();
	const answerIndex = state.entries.findLastIndex(
		(entry) => entry.kind === 'assistant' && entry.turnId === input.turnId
	);
	const answer = state.entries[answerIndex];
	if (answer === undefined || responses === 0) return [];
	const results = resultIds(state.entries.slice(answerIndex + 1));
	const calls = answer.parts.filter((part) => part.type === 'call');
	const keys = calls.map((part, callIndex) => effectKey(identity(state, part, callIndex, responses - 1)));
	const effects = await read.readEffects(state.ports.store, keys);
	const open: OpenCall[] = [];
	for (const [index, part] of calls.entries()) {
		const effect = effects[index];
		// No row: it was answered with the response, and the fold repairs what is missing.
		if (effect === undefined || results.has(part.callId) || effect.state === 'settled') continue;
		open.push(await reopen(state, part, index, effect, responses - 1, read));
	}
	return open;
}

async function reopen(
	state: TurnState,
	part: CallPart,
	index: number,
	effect: EffectRecord,
	responseOrd: number,
	read: Readers
): Promise<OpenCall> {
	const { ports, input } = state;
	if (effect.state === 'held' || effect.state === 'unknown') {
		const approval =
			effect.approvalId === undefined ? undefined : await read.readApproval(ports.store, effect.approvalId);
		if (approval !== undefined && approval.state !== 'used') return { kind: 'held', part, effect, approval };
		return { kind: 'unknown', part, effect };
	}
	if (effect.state === 'started' && effect.replay === 'once') return { kind: 'unknown', part, effect };
	if (effect.state === 'started' && effect.replay === 'checkable') {
		const found = await ports.skills.probe(effect.action, effect.effectKey, input.signal);
		if (found === 'done') return { kind: 'done', part, effect };
		if (found === 'unknown') return { kind: 'unknown', part, effect };
	}
	// The hash is made anew from what the tree and the catalog say now: a changed call does not inherit the verdict.
	const facts = ports.skills.facts(part.action);
	const key = effectKey(identity(state, part, index, responseOrd));
	const hash = callHash(key, facts?.defHash ?? '');
	if (hash !== effect.callHash) {
		const held = {
			approvalId: ports.ids.next(),
			callId: part.callId,
			callHash: hash,
			action: part.action,
			args: part.args,
			effects: facts?.effects ?? [],
			destinations: [],
			reasons: [{ code: 'changed', text: 'The skill changed since this call was allowed.' }],
			canAlways: false,
			kind: 'approval' as const
		};
		const again: EffectRecord = {
			...effect,
			callHash: hash,
			defHash: facts?.defHash ?? '',
			state: 'held',
			approvalId: held.approvalId
		};
		const approval = asked(held, again);
		await state.journal.hold(again, approval);
		state.say({ type: 'call-held', held });
		return { kind: 'held', part, effect: again, approval };
	}
	return { kind: 'run', part, effect, token: resumeAllowed(effect, hash) };
}

function identity(
	state: TurnState,
	part: CallPart,
	callIndex: number,
	responseOrd: number
): Parameters<typeof effectKey>[0] {
	const { sessionId, turnId } = state.input;
	return { sessionId, turnId, responseOrd, callIndex, action: part.action, args: argsOf(part) };
}

function resultIds(entries: readonly Entry[]): Set<string> {
	return new Set(
		entries.flatMap((entry) => entry.parts.flatMap((part) => (part.type === 'result' ? [part.callId] : [])))
	);
}
