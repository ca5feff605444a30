/**
 * Decision tokens: the only thing that dispatch accepts. Each is bound to one call's hash,
 * works once, and cannot be made outside this folder: a token is valid only if it is in the
 * module-private set below, so a look-alike object fails at run time as well as in types.
 */

import { AppError } from '../../wire/errors';

/** Its private field makes the type nominal: no other object is one. */
class Token {
	readonly #isToken = true;
	constructor(
		readonly callHash: string,
		readonly by: 'gate' | 'approval'
	) {}

	/** Only for the type: reads the field that nothing else has. */
	static is(value: object): boolean {
		return #isToken in value;
	}
}
export type DecisionToken = Token;

const live = new WeakSet<DecisionToken>();

/** Only `policy/authorize.ts` imports this; dependency-cruiser checks it. */
export function issueToken(callHash: string, by: DecisionToken['by']): DecisionToken {
	const token = new Token(callHash, by);
	Object.freeze(token);
	live.add(token);
	return token;
}

/** Spends the token, or throws `gate/approval-used` or `gate/approval-mismatch`. */
export function redeemToken(token: DecisionToken, callHash: string): void {
	if (!Token.is(token) || !live.has(token)) throw new AppError('gate/approval-used');
	if (token.callHash !== callHash) throw new AppError('gate/approval-mismatch');
	live.delete(token);
}
