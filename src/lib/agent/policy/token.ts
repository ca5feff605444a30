/**
 * Decision tokens: the only thing that dispatch accepts. Each is bound to one call's hash,
 * works once, and cannot be made outside this folder: a token is valid only if it is in the
 * module-private set below, so a look-alike object fails at run time as well as in types.
 */

import { AppError } from '../../wire/errors';

declare const tokenBrand: unique symbol;
export interface DecisionToken {
	readonly [tokenBrand]: true;
	readonly callHash: string;
	readonly by: 'gate' | 'approval';
}

const live = new WeakSet<DecisionToken>();

/** Only `policy/authorize.ts` imports this; dependency-cruiser checks it. */
export function issueToken(callHash: string, by: DecisionToken['by']): DecisionToken {
	const token = Object.freeze({ callHash, by }) as DecisionToken;
	live.add(token);
	return token;
}

/** Spends the token, or throws `gate/approval-used` or `gate/approval-mismatch`. */
export function redeemToken(token: DecisionToken, callHash: string): void {
	if (!live.has(token)) throw new AppError('gate/approval-used');
	if (token.callHash !== callHash) throw new AppError('gate/approval-mismatch');
	live.delete(token);
}
