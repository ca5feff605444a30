/**
 * From a decision to a token. The only file that issues tokens: one for a call that the gate
 * allows, one for a call whose approval a person granted. Approvals are bound to the call's
 * hash, are used once, and expire ten minutes after they were granted.
 */

import { AppError } from '../../wire/errors';
import type { ApprovalRecord, EffectRecord } from '../journal/records';
import { decide } from './decide';
import type { GateInput, Verdict } from './gate';
import { issueToken } from './token';
import type { DecisionToken } from './token';

export const approvalLifetimeMs = 10 * 60_000;

export interface Judgement extends Verdict {
	/** Present only when allowed. */
	readonly token?: DecisionToken;
}

export function judge(input: GateInput, callHash: string): Judgement {
	const verdict = decide(input);
	return verdict.verdict === 'allow' ? { ...verdict, token: issueToken(callHash, 'gate') } : verdict;
}

/** Throws `gate/approval-used`, `-stale` or `-mismatch` unless this approval covers exactly this call now. */
export function redeemApproval(approval: ApprovalRecord, callHash: string, now: number): DecisionToken {
	if (approval.state !== 'approved') throw new AppError('gate/approval-used');
	if (approval.expiresAt === undefined || approval.expiresAt <= now)
		throw new AppError('gate/approval-stale');
	if (approval.held.callHash !== callHash) throw new AppError('gate/approval-mismatch');
	return issueToken(callHash, 'approval');
}

/** A call that was allowed and journalled before a crash keeps its verdict, if it is still the same call. */
export function resumeAllowed(effect: EffectRecord, callHash: string): DecisionToken {
	if (effect.state !== 'intended' && effect.state !== 'started') throw new AppError('gate/approval-used');
	if (effect.callHash !== callHash) throw new AppError('gate/approval-mismatch');
	return issueToken(callHash, 'gate');
}
