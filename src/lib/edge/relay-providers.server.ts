/** What the relay can reach, for a page that offers a choice. Never a key, never an upstream address. */

import { relayProviders } from '../wire/providers';
import { AppError } from '../wire/errors';
import type { Json } from '../wire/json';
import { covers } from '../wire/relay';
import { readCaller, type Caller } from './caller';
import { fail, succeed } from './envelope';
import type { EdgeEnv } from './env';
import { openDoor } from './home/door';
import { mayUseKeys, relayKey } from './relay.server';
import { retryAfter } from './retry-after';

/** `GET /api/relay/providers`. */
export async function answerProviders(
	request: Request,
	env: EdgeEnv,
	{ url, address }: { readonly url: URL; readonly address?: string }
): Promise<Response> {
	const caller = readCaller(request, url, env, address);
	try {
		return succeed(await listRelayProviders(request, env, { url, caller }), caller.requestId);
	} catch (thrown) {
		const error =
			thrown instanceof AppError ? thrown : new AppError('internal/unexpected', { cause: thrown });
		return fail(error, caller.requestId, retryAfter(error));
	}
}

async function listRelayProviders(
	request: Request,
	env: EdgeEnv,
	{ url, caller }: { readonly url: URL; readonly caller: Caller }
): Promise<Json> {
	const door = await openDoor(env, { request, url, caller, body: '' }, () => ({ need: null, bucket: 'own' }));
	const kept = door.kind === 'member' ? door.state.secrets : [];
	const mayUse = (id: string): boolean =>
		door.kind !== 'member' || covers(door.member.scopes, `provider.use:${id}`);
	return Object.entries(relayProviders).map(([id, provider]) => ({
		id,
		title: provider.title,
		protocol: provider.protocol,
		basePath: provider.basePath,
		hasRelayKey:
			mayUse(id) &&
			(relayKey(provider, env, caller, door) !== undefined ||
				kept.includes(id) ||
				(id === 'workers-ai' && env.AI !== undefined && mayUseKeys(caller, door)))
	}));
}
