/**
 * From a response's call parts to calls that are ready to be run, held or answered at once.
 * Everything here is decided before the response is committed, and committed with it.
 */

import type { CallPart, ResultPart } from '../../wire/entries';
import { AppError } from '../../wire/errors';
import type { WireError } from '../../wire/errors';
import type { HeldCall, Reason } from '../../wire/events';
import { isJsonObject } from '../../wire/json';
import type { Json, JsonObject } from '../../wire/json';
import type { Labels } from '../../wire/labels';
import { journalVersion } from '../journal/records';
import type { ApprovalRecord, EffectRecord } from '../journal/records';
import { judge } from '../policy/authorize';
import { alwaysRule } from '../policy/decide';
import type { GateCall, GateInput } from '../policy/gate';
import { callHash, effectKey } from '../policy/hashes';
import type { DecisionToken } from '../policy/token';
import type { SkillPort } from '../skills/port';

export type PreparedCall = {
	readonly part: CallPart;
	readonly index: number;
	readonly reasons: readonly Reason[];
} & (
	| { readonly kind: 'answered'; readonly status: 'error'; readonly error: WireError }
	| { readonly kind: 'run'; readonly effect: EffectRecord; readonly token: DecisionToken }
	| { readonly kind: 'held'; readonly effect: EffectRecord; readonly approval: ApprovalRecord }
);

export interface Preparation {
	readonly sessionId: string;
	readonly turnId: string;
	readonly responseOrd: number;
	readonly entryId: string;
	readonly mode: GateInput['mode'];
	readonly policy: Pick<GateInput, 'stance' | 'rules' | 'interactive' | 'principal'>;
	/** Joined over everything in the model's context. */
	readonly taint: Labels;
	/** Every word the user wrote on this branch: where a destination must stand verbatim to be the user's own. */
	readonly userText: string;
	readonly now: number;
	readonly newId: () => string;
	readonly skills: SkillPort;
}

export function prepareCalls(parts: readonly CallPart[], with_: Preparation): PreparedCall[] {
	return parts.map((part, index) => prepareCall(part, index, with_));
}

function prepareCall(part: CallPart, index: number, context: Preparation): PreparedCall {
	const { skills } = context;
	const answer = (error: WireError, reasons: readonly Reason[] = []): PreparedCall => ({
		kind: 'answered',
		status: 'error',
		part,
		index,
		reasons,
		error
	});
	if (part.badArgs !== undefined) {
		return answer(
			new AppError('skill/bad-arguments', { message: 'The arguments were not valid JSON.' }).toWire()
		);
	}
	const problem = skills.check(part.action, part.args);
	if (problem !== undefined) return answer(problem);
	const facts = skills.facts(part.action);
	const args = part.args;
	if (facts === undefined || !isJsonObject(args)) return answer(new AppError('skill/unknown').toWire());

	const key = effectKey({
		sessionId: context.sessionId,
		turnId: context.turnId,
		responseOrd: context.responseOrd,
		callIndex: index,
		action: part.action,
		args
	});
	const hash = callHash(key, facts.defHash);
	const call: GateCall = {
		action: part.action,
		defHash: facts.defHash,
		args,
		effects: facts.effects,
		destinations: skills.destinations(part.action, args),
		replay: facts.replay,
		undoable: facts.undoable,
		knownDestinations: facts.knownDestinations
	};
	const judgement = judge(
		{
			...context.policy,
			mode: context.mode,
			call,
			taint: context.taint,
			userDestinations: call.destinations.filter((destination) => context.userText.includes(destination)),
			budget: { exhausted: false }
		},
		hash
	);
	if (judgement.verdict === 'deny') {
		const data: Json = { reasons: judgement.reasons.map((reason) => reason.text) };
		return answer(new AppError('gate/denied', { data }).toWire(), judgement.reasons);
	}
	const effect: EffectRecord = {
		effectKey: key,
		v: journalVersion,
		turnId: context.turnId,
		sessionId: context.sessionId,
		entryId: context.entryId,
		callId: part.callId,
		callIndex: index,
		action: part.action,
		defHash: facts.defHash,
		callHash: hash,
		args,
		effects: facts.effects,
		replay: facts.replay,
		state: 'intended',
		attempt: 0,
		at: context.now
	};
	const { reasons } = judgement;
	if (judgement.token !== undefined)
		return { kind: 'run', part, index, reasons, effect, token: judgement.token };

	const approvalId = context.newId();
	const rule = judgement.constraints.canAlways ? alwaysRule(call, approvalId, context.now) : undefined;
	const held: HeldCall = {
		approvalId,
		callId: part.callId,
		callHash: hash,
		action: part.action,
		args,
		effects: facts.effects,
		destinations: call.destinations,
		reasons,
		canAlways: rule !== undefined,
		...(rule === undefined ? {} : { alwaysText: rule.text }),
		kind: 'approval'
	};
	return {
		kind: 'held',
		part,
		index,
		reasons,
		effect: { ...effect, state: 'held', approvalId },
		approval: asked(held, effect)
	};
}

export function asked(held: HeldCall, effect: EffectRecord): ApprovalRecord {
	return {
		approvalId: held.approvalId,
		v: journalVersion,
		turnId: effect.turnId,
		sessionId: effect.sessionId,
		effectKey: effect.effectKey,
		held,
		state: 'asked'
	};
}

export function errorResult(
	part: { callId: string; action: string },
	error: WireError,
	at: number
): ResultPart {
	const status =
		error.id === 'skill/rejected' ? 'rejected' : error.id === 'skill/not-run' ? 'not-run' : 'error';
	return {
		type: 'result',
		callId: part.callId,
		action: part.action,
		status,
		output: null,
		error,
		startedAt: at,
		durationMs: 0
	};
}

export function argsOf(part: CallPart): JsonObject {
	return isJsonObject(part.args) ? part.args : {};
}
