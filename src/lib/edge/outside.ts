/** What a request to somewhere outside shares, whoever makes it: pages and MCP servers (trust.md C8 rules 1 and 2). */

import * as z from 'zod/mini';
import { AppError } from '../wire/errors';
import type { EdgeEnv } from './env';
import { askHome } from './home/ask-home';
import type { Admitted } from './home/verbs';

/** We put it on everything that goes out: a relay that asks itself, or another one, stops here. */
export const hopHeader = 'x-wherry-hop';

export function checkHop({ headers }: Request): void {
	if (headers.has(hopHeader)) throw new AppError('fetch/url-not-allowed', { data: { code: 'loop' } });
}

/** Who the relay itself is where it asks its home. */
export const notOurs = { request: { method: '', target: '', bodyHash: '', aud: '' }, address: '' };

/** Gives back what was reserved for a member and did not come. Who is no member has reserved nothing. */
export async function settle(
	env: EdgeEnv,
	member: Admitted | undefined,
	{ reserved, came }: { readonly reserved: number; readonly came: number }
): Promise<void> {
	if (env.HOME === undefined || member?.reservedAt === undefined) return;
	const input = {
		principal: member.kid,
		bytes: Math.max(0, reserved - came),
		reservedAt: member.reservedAt
	};
	await askHome(env.HOME, 'giveBack', z.null(), { who: notOurs, input }).catch(() => {
		// It stays counted as if it had come: the safe side.
	});
}
