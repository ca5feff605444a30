/**
 * The relay's own endpoints: claim, devices, invitations, keys, admission, metrics. Each is one verb of the
 * home; here is only what HTTP adds: methods, origins, bodies, envelopes.
 */

import * as z from 'zod/mini';
import { AppError } from '../../wire/errors';
import { parseJson } from '../../wire/json';
import { audit, type Log } from '../audit';
import { readCaller } from '../caller';
import { fail, succeed } from '../envelope';
import type { EdgeEnv } from '../env';
import { checkOwnPage, readSmall } from '../own-page';
import { retryAfter } from '../retry-after';
import { withSecurityHeaders } from '../security-headers';
import { askHome, count, readState } from './ask-home';
import { localWho, readWho } from './door';
import { idempotently } from './idempotently';
import { admitted } from './verbs';

interface Ask {
	readonly url: URL;
	readonly address?: string;
	readonly log?: Log;
}

interface Route {
	readonly verb: string;
	/** Where what is asked for stands: in the body, or in this parameter of the address. */
	readonly input?: 'body' | 'kid' | 'provider' | 'id';
	/** What everybody has to know about this relay changes with it. */
	readonly changesState?: true;
	/** Needs no signature from somebody at this machine while nobody has claimed the relay. */
	readonly isLocalToo?: true;
}

const routes: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
	'/api/claim': { POST: { verb: 'claim', input: 'body', changesState: true } },
	'/api/token': { POST: { verb: 'token' } },
	'/api/devices': {
		GET: { verb: 'devices' },
		POST: { verb: 'join', input: 'body' },
		DELETE: { verb: 'revoke', input: 'kid' }
	},
	'/api/invites': { POST: { verb: 'invite' } },
	'/api/secrets': {
		GET: { verb: 'secrets' },
		PUT: { verb: 'setSecret', input: 'body', changesState: true },
		DELETE: { verb: 'removeSecret', input: 'provider', changesState: true }
	},
	'/api/admission': {
		GET: { verb: 'rules' },
		PUT: { verb: 'setRules', input: 'body', changesState: true }
	},
	'/api/mcp-servers': {
		GET: { verb: 'servers', isLocalToo: true },
		PUT: { verb: 'addServer', input: 'body', isLocalToo: true },
		DELETE: { verb: 'removeServer', input: 'id', isLocalToo: true }
	},
	'/api/passkeys': {
		GET: { verb: 'passkeys' },
		PUT: { verb: 'addPasskey', input: 'body' },
		DELETE: { verb: 'removePasskey', input: 'id' }
	},
	'/api/metrics': { GET: { verb: 'metrics' } }
};

/** Never rejects. */
export async function answerHome(request: Request, env: EdgeEnv, ask: Ask): Promise<Response> {
	const started = Date.now();
	const { url } = ask;
	const caller = readCaller(request, url, env, ask.address);
	let response: Response;
	let error: string | undefined;
	try {
		response = await answer(request, env, { url, caller });
	} catch (thrown) {
		const known =
			thrown instanceof AppError ? thrown : new AppError('internal/unexpected', { cause: thrown });
		error = known.id;
		response = fail(known, caller.requestId, retryAfter(known));
	}
	count('home', response.status);
	const { method } = request;
	const { status } = response;
	audit(
		{
			event: 'home',
			requestId: caller.requestId,
			method,
			target: url.pathname,
			status,
			ms: Date.now() - started,
			...(error === undefined ? {} : { error })
		},
		ask.log
	);
	return withSecurityHeaders(response, url);
}

async function answer(
	request: Request,
	env: EdgeEnv,
	{ url, caller }: { readonly url: URL; readonly caller: ReturnType<typeof readCaller> }
): Promise<Response> {
	const { method } = request;
	const route = routes[url.pathname]?.[method];
	if (route === undefined) throw new AppError('relay/method-not-allowed');
	checkOwnPage(request, caller, route.input === 'body');
	const { HOME: home } = env;
	if (home === undefined) throw new AppError('relay/no-home');
	const body = method === 'GET' ? '' : await readSmall(request);
	const knock = { request, url, caller, body };
	// A signature means nothing yet to a relay that nobody has claimed: who is at its machine comes first.
	const local = route.isLocalToo === true ? await localWho(env, knock) : undefined;
	const who = local ?? (await readWho(env, knock));
	if (who === undefined) {
		throw new AppError('relay/not-authorized', { message: 'This takes the signature of a device.' });
	}
	const input = route.input === 'body' ? parseJson(body) : url.searchParams.get(route.input ?? '');
	const run = (verb: string): Promise<unknown> => askHome(home, verb, z.unknown(), { who, input });

	const key = request.headers.get('idempotency-key');
	if (route.verb === 'invite' && key !== null) {
		const member = await askHome(home, 'admit', admitted, { who, input: { need: 'admin', bucket: 'own' } });
		return await idempotently(home, { home: member.home, key, bodyHash: who.request.bodyHash }, async () =>
			succeed(await run('makeInvite'), caller.requestId)
		);
	}
	const data = await run(route.verb);
	if (route.changesState === true) await readState(home);
	return succeed(data, caller.requestId);
}
