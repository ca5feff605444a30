/** What works on this relay and what does not, with the reason. */

import type { Caller } from './caller';
import type { EdgeEnv } from './env';
import { relayState } from './home/ask-home';
import { isStrict } from './home/door';
import type { Health } from './schemas';

export async function readHealth(env: EdgeEnv, caller: Caller): Promise<Health> {
	const state = await relayState(env);
	const strict = isStrict(env, state);
	const forMembers = { available: true, reason: 'For devices of this relay.' };
	return {
		status: 'ok',
		claimed: state.isClaimed,
		closed: strict,
		features: {
			relay: strict
				? {
						available: true,
						reason:
							state.admission === 'open'
								? 'With keys of their own for everybody, with the relay\u2019s for its devices.'
								: 'For devices of this relay.'
					}
				: { available: true },
			relayKeys: strict
				? forMembers
				: caller.isLoopback
					? { available: true }
					: {
							available: false,
							reason: 'Keys held by this relay serve its own machine only until it is claimed.'
						},
			fetch: strict
				? forMembers
				: caller.isLoopback
					? { available: true }
					: { available: true, reason: 'Only a short list of hosts until this relay is claimed.' },
			mcp: strict
				? forMembers
				: caller.isLoopback && env.HOME !== undefined
					? { available: true }
					: { available: false, reason: 'MCP servers are reached once this relay is claimed.' },
			streams:
				env.STREAMS === undefined
					? {
							available: false,
							reason: 'The Durable Objects binding is not there: an answer ends with its tab.'
						}
					: { available: true },
			backups:
				env.BACKUPS === undefined
					? {
							available: false,
							reason: 'The Durable Objects binding is not there: a backup goes to a folder or a download.'
						}
					: strict
						? forMembers
						: caller.isLoopback
							? { available: true }
							: { available: false, reason: 'Backups are kept once this relay is claimed.' },
			rateLimit:
				env.RATE_LIMIT === undefined
					? { available: false, reason: 'The Rate Limiting binding is not there.' }
					: { available: true },
			workersAi:
				env.AI === undefined
					? { available: false, reason: 'The Workers AI binding is not there.' }
					: strict
						? forMembers
						: caller.isLoopback
							? { available: true }
							: { available: false, reason: 'It serves its own machine only until this relay is claimed.' }
		}
	};
}
