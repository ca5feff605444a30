/**
 * Who comes in, and as what. `open`: nobody has claimed this relay, everything is as it was (with its
 * banner). `member`: a device of it, or somebody whom Cloudflare Access let through. `stranger`: nobody
 * that it knows; `mayPass` with keys of their own where the owner said so.
 */

import { AppError } from '../../wire/errors';
import { parseJson } from '../../wire/json';
import { passkeyAssertion, passkeyHeader } from '../../wire/passkey';
import { authorizationHeader, hashBody, parseProof } from '../../wire/proof';
import { tokenOfProtocols } from '../../wire/relay-token';
import { guestScopes } from '../../wire/relay';
import { mayBeRebound, type Caller } from '../caller';
import { readVariable, type EdgeEnv } from '../env';
import { rateKey } from '../rate-limit';
import { accessOf, readAccess, type AccessFetch } from './access';
import { askHome, relayState } from './ask-home';
import { notAdmitted } from './members';
import { admitted, type Admitted, type AdmitInput, type HomeState, type Who } from './verbs';

export type Door =
	| { readonly kind: 'open' }
	| { readonly kind: 'member'; readonly member: Admitted; readonly state: HomeState }
	| { readonly kind: 'stranger'; readonly mayPass: boolean };

export interface Knock {
	readonly request: Request;
	readonly url: URL;
	readonly caller: Caller;
	/** What was read of the body; undefined where it must not be, and then only a token counts. */
	readonly body?: string;
	/** For Access's keys; default: the global fetch. */
	readonly fetch?: AccessFetch;
}

/** @param asks called only where there is somebody to admit: to estimate a cost may take reading the body. */
export async function openDoor(
	env: EdgeEnv,
	knock: Knock,
	asks: (state: HomeState) => AdmitInput | Promise<AdmitInput>
): Promise<Door> {
	const found = relayState(env);
	const state = found instanceof Promise ? await found : found;
	if (!isStrict(env, state)) return { kind: 'open' };
	const who = await readWho(env, knock);
	if (who === undefined) return { kind: 'stranger', mayPass: state.admission === 'open' };
	if (env.HOME === undefined) {
		if (who.access === undefined) throw new AppError('relay/not-authorized', { message: notAdmitted });
		const id = `access:${who.access}`;
		const member: Admitted = { kid: id, home: id, scopes: [...guestScopes], key: null, billing: 'keys' };
		return { kind: 'member', state, member };
	}
	const member = await askHome(env.HOME, 'admit', admitted, { who, input: await asks(state) });
	return { kind: 'member', member, state };
}

export function isStrict(env: EdgeEnv, state: HomeState): boolean {
	return state.isClaimed || readVariable(env, 'RELAY_REQUIRE_AUTH') === '1' || accessOf(env) !== undefined;
}

export function refuseStranger(): AppError {
	return new AppError('relay/not-authorized', { message: notAdmitted });
}

/** Somebody at this very machine while nobody has claimed the relay: undefined for everybody else. */
export async function localWho(env: EdgeEnv, { request, url, caller }: Knock): Promise<Who | undefined> {
	if (!caller.isLoopback || mayBeRebound(request) || isStrict(env, await relayState(env))) return undefined;
	const { method } = request;
	return {
		address: rateKey(caller.address),
		request: { method, target: url.pathname + url.search, bodyHash: '', aud: url.origin },
		local: true
	};
}

/** Undefined where the request says nothing of who it is. */
export async function readWho(env: EdgeEnv, knock: Knock): Promise<Who | undefined> {
	const { request, url, caller, body } = knock;
	const header = credential(request.headers, body !== undefined);
	const access = header === undefined ? await readAccess(env, request.headers, knock.fetch) : undefined;
	if (header === undefined && access === undefined) return undefined;
	const proof = header === undefined ? undefined : parseProof(header);
	const passkey = passkeyAssertion.safeParse(parseJson(request.headers.get(passkeyHeader) ?? ''));
	return {
		address: rateKey(caller.address),
		request: {
			method: request.method,
			target: url.pathname + url.search,
			bodyHash: await hashBody(body ?? ''),
			aud: url.origin
		},
		...(access === undefined ? {} : { access }),
		...(passkey.success && body !== undefined ? { passkey: passkey.data } : {}),
		// A proof speaks for the body too: where that was not read it proves nothing.
		...(proof !== undefined && body !== undefined ? { proof } : {}),
		...(header !== undefined && proof === undefined ? { token: header.replace(/^Bearer /, '') } : {})
	};
}

/** Where `Authorization` is a provider's, ours has a header of its own; a WebSocket has its subprotocol. */
function credential(headers: Headers, isOurs: boolean): string | undefined {
	const own = headers.get(authorizationHeader);
	if (own !== null) return own;
	const token = tokenOfProtocols(headers.get('sec-websocket-protocol'));
	if (token !== undefined) return `Bearer ${token}`;
	const standard = isOurs ? headers.get('authorization') : null;
	return standard !== null && /^(?:Wherry1 |Bearer w1\.)/.test(standard) ? standard : undefined;
}
