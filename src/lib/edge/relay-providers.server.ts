/** What the relay can reach, for a page that offers a choice. Never a key, never an upstream address. */

import { relayProviders } from '../wire/providers';
import type { Json } from '../wire/json';
import type { Caller } from './caller';
import type { EdgeEnv } from './env';
import { relayKey } from './relay.server';

export function listRelayProviders(env: EdgeEnv, caller: Caller): Json {
	return Object.entries(relayProviders).map(([id, provider]) => ({
		id,
		title: provider.title,
		protocol: provider.protocol,
		basePath: provider.basePath,
		hasRelayKey:
			relayKey(provider, env, caller) !== undefined ||
			(id === 'workers-ai' && env.AI !== undefined && caller.isLoopback)
	}));
}
