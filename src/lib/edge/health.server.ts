/** What works on this relay and what does not, with the reason. */

import type { Caller } from './caller';
import type { EdgeEnv } from './env';
import type { Health } from './schemas';

export function readHealth(env: EdgeEnv, caller: Caller): Health {
	return {
		status: 'ok',
		claimed: false,
		features: {
			relay: { available: true },
			relayKeys: caller.isLoopback
				? { available: true }
				: {
						available: false,
						reason: 'Keys held by this relay serve its own machine only until it is claimed.'
					},
			fetch: caller.isLoopback
				? { available: true }
				: { available: true, reason: 'Only a short list of hosts until this relay is claimed.' },
			streams:
				env.STREAMS === undefined
					? {
							available: false,
							reason: 'The Durable Objects binding is not there: an answer ends with its tab.'
						}
					: { available: true },
			rateLimit:
				env.RATE_LIMIT === undefined
					? { available: false, reason: 'The Rate Limiting binding is not there.' }
					: { available: true },
			workersAi:
				env.AI === undefined
					? { available: false, reason: 'The Workers AI binding is not there.' }
					: caller.isLoopback
						? { available: true }
						: { available: false, reason: 'It serves its own machine only until this relay is claimed.' }
		}
	};
}
