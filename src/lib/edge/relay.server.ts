/**
 * The provider proxy. Native wire format both ways; the body is never touched: JavaScript in the byte
 * path costs four to eight times the processor time, so the stream is handed over as it is and
 * closes upstream when the caller goes away.
 */

import { AppError, isAbort } from '../wire/errors';
import { hubHeader } from '../wire/hub';
import type { ProtocolId, RelayProvider } from '../wire/providers';
import { audit, pathShape, type AuditLine, type Log } from './audit';
import { corsHeaders, mayBeRebound, mayCall, preflight, readCaller, type Caller } from './caller';
import { readVariable, type EdgeEnv } from './env';
import { cleanDownstream, cleanUpstream } from './header-hygiene';
import { asMember } from './home/as-member';
import { count } from './home/ask-home';
import { openDoor, refuseStranger, type Door } from './home/door';
import type { Estimate } from './home/estimate';
import { isUniversal, lentFor } from './home/lent-paths';
import { settledBy, type Ticket } from './home/settle';
import type { AdmitInput } from './home/verbs';
import { refuseAs } from './provider-errors';
import { checkRate } from './rate-limit';
import { findProvider, relayTarget, splitRelayPath } from './relay-target';
import { retryAfter } from './retry-after';
import { addSecurityHeaders } from './security-headers';
import { startInHub } from './streams.server';
import { runWorkersAi } from './workers-ai';

export interface RelayOptions {
	/** The request's address, where it is parsed already. */
	readonly url?: URL;
	/** For hosts that know it apart from `cf-connecting-ip` (`vite dev`). */
	readonly address?: string;
	/** Default: the global fetch. */
	readonly fetch?: (request: Request) => Promise<Response>;
	readonly log?: Log;
	/** Runs a task once the answer is on its way; default: at once. */
	readonly later?: (task: () => void) => void;
}

const methods = new Set(['GET', 'HEAD', 'POST', 'DELETE']);
/** What a program sends as its key when it means the relay's: SDKs insist on one. */
const placeholderKey = 'relay';
const notLent = 'The relay lends its key for asking models only. Use a key of your own for this.';

/** Answers any request below `/api/relay/`. Never rejects. */
export async function relay(request: Request, env: EdgeEnv, options: RelayOptions = {}): Promise<Response> {
	const started = Date.now();
	const { url = new URL(request.url) } = options;
	const caller = readCaller(request, url, env, options.address);
	const { id, path } = splitRelayPath(url.pathname) ?? { id: '', path: '' };
	const provider = findProvider(id);
	const line = { event: 'relay', requestId: caller.requestId, method: request.method } as const;
	const finish = (response: Response, rest: Pick<AuditLine, 'key' | 'error'>): Response => {
		addSecurityHeaders(response.headers, url);
		const { status } = response;
		count('relay', status);
		const ms = Date.now() - started;
		// Writing to the log takes as long as everything else here together.
		const write = (): void => {
			const target = provider === undefined ? 'unknown' : id;
			audit({ ...line, target, path: pathShape(path), status, ms, ...rest }, options.log);
		};
		if (options.later === undefined) write();
		else options.later(write);
		return response;
	};
	const refuse = (error: AppError): Response => {
		const protocol: ProtocolId = provider?.protocol ?? 'openai-chat';
		const headers = { ...corsHeaders(request, caller), ...retryAfter(error) };
		return finish(refuseAs({ protocol, error, requestId: caller.requestId, headers }), { error: error.id });
	};

	try {
		if (request.method === 'OPTIONS') return finish(preflight(request, caller), {});
		if (!mayCall(request, caller)) return refuse(new AppError('relay/origin-not-allowed'));
		if (provider === undefined) return refuse(new AppError('relay/unknown-provider'));
		if (!methods.has(request.method)) return refuse(new AppError('relay/method-not-allowed'));
		const target = relayTarget(env, { id, provider, path, search: url.search });
		if (target === undefined) return refuse(new AppError('relay/path-not-allowed'));
		let outgoing = retargeted(request, target);
		cleanUpstream(outgoing.headers, provider);
		const hasOwn = hasOwnKey(outgoing.headers, provider, url.searchParams);
		const asked: Asked = { id, path, hasOwn, outgoing };
		const door = await openDoor(env, { request, url, caller }, async (state) => {
			if (state.isCapped && !hasOwn) asked.estimate = await estimateOf(asked);
			return admission(asked);
		});
		const limited = door.kind === 'member' ? undefined : await checkRate(env, caller);
		if (limited !== undefined) return refuse(limited);
		if (door.kind === 'stranger' && !(door.mayPass && hasOwn)) return refuse(refuseStranger());
		let key: AuditLine['key'] = hasOwn ? 'caller' : 'none';
		if (door.kind === 'member') {
			const sent = asMember(env, { id, provider, path, search: url.search, outgoing, hasOwn }, door.member);
			outgoing = sent.outgoing;
			if (sent.isPaid) key = 'relay';
		} else if (!hasOwn && !mayBeRebound(request)) {
			const own = relayKey(provider, env, caller, door);
			if (own !== undefined) {
				provider.setKey(outgoing.headers, own);
				key = 'relay';
			}
		}
		if (key === 'relay' && !(await isLent({ ...asked, outgoing })))
			return refuse(new AppError('relay/path-not-allowed', { message: notLent }));
		const { fetch: send = fetch } = options;
		const usesBinding = key !== 'caller' && id === 'workers-ai' && mayUseKeys(caller, door);
		const ticket = ticketOf(door, asked);
		const hubbed = usesBinding
			? undefined
			: startInHub(env, { asked: request.headers, outgoing, requestId: caller.requestId, ticket });
		if (hubbed !== undefined) {
			const response = passBack(request, await hubbed, caller);
			response.headers.set(hubHeader.stream, request.headers.get(hubHeader.stream) ?? '');
			return finish(response, { key });
		}
		const answer =
			(usesBinding ? await runWorkersAi(env, path, outgoing) : undefined) ?? (await send(outgoing));
		// Following it would carry keys elsewhere, and so would a browser that is told to.
		if (answer.status >= 300 && answer.status < 400 && answer.status !== 304) {
			return refuse(
				new AppError('relay/upstream-unreachable', { message: 'The provider answered with a redirect.' })
			);
		}
		const settled = ticket === undefined ? answer : settledBy(env, ticket, answer);
		return finish(passBack(request, settled, caller), { key });
	} catch (thrown) {
		if (isAbort(thrown) || request.signal.aborted) return finish(new Response(null, { status: 499 }), {});
		if (thrown instanceof AppError) return refuse(thrown);
		return refuse(new AppError('relay/upstream-unreachable', { cause: thrown }));
	}
}

/** The caller's request with another address: method, body and abort signal as they are, headers a copy. */
function retargeted(request: Request, target: string): Request {
	const outgoing = new Request(target, request);
	// As a Worker receives it, it follows no redirect; Node's and a test's own would.
	return outgoing.redirect === 'manual' ? outgoing : new Request(outgoing, { redirect: 'manual' });
}

function passBack(request: Request, answer: Response, caller: Caller): Response {
	const response = new Response(answer.body, answer);
	const { headers } = response;
	cleanDownstream(headers);
	for (const [name, value] of Object.entries(corsHeaders(request, caller))) headers.set(name, value);
	headers.set('cache-control', 'no-store, no-transform');
	headers.set('x-accel-buffering', 'no');
	headers.set('x-wherry-request-id', caller.requestId);
	if (!headers.has('x-request-id')) headers.set('x-request-id', caller.requestId);
	return response;
}

/** The caller's own key always wins. Takes out what only stands for the relay's. */
function hasOwnKey(headers: Headers, provider: RelayProvider, search: URLSearchParams): boolean {
	for (const name of provider.authHeaders) {
		const bare = headers.get(name)?.replace(/^bearer(?:\s+|$)/i, '');
		if (bare === placeholderKey || bare === '') headers.delete(name);
	}
	return (
		provider.authHeaders.some((name) => headers.has(name)) ||
		(provider.authQuery ?? []).some((name) => search.has(name))
	);
}

interface Asked {
	readonly id: string;
	readonly path: string;
	readonly hasOwn: boolean;
	readonly outgoing: Request;
	estimate?: Estimate | undefined;
}

function admission({ id, hasOwn, estimate }: Asked): AdmitInput {
	const asking = { need: `provider.use:${id}`, bucket: 'provider' } as const;
	if (hasOwn) return asking;
	return { ...asking, provider: id, ...(estimate === undefined ? {} : { spend: estimate.spend }) };
}

/** Only what is paid by the relay, and only where it has a limit, is read before it goes out. */
async function estimateOf({ id, path, outgoing }: Asked): Promise<Estimate | undefined> {
	if (outgoing.method !== 'POST') return undefined;
	const body = await outgoing.clone().text();
	const steps = lentFor(id, outgoing.method, path, body);
	// It will not get the key either.
	if (steps === undefined) return undefined;
	const { estimateSpend } = await import('./home/estimate');
	return estimateSpend(id, steps, new TextEncoder().encode(body).length);
}

function ticketOf(door: Door, { estimate }: Asked): Ticket | undefined {
	if (door.kind !== 'member' || door.member.reservedAt === undefined || estimate === undefined)
		return undefined;
	const { spend, input, price } = estimate;
	return { home: door.member.home, at: door.member.reservedAt, reserved: spend, input, price };
}

async function isLent({ id, path, outgoing }: Asked): Promise<boolean> {
	const body = isUniversal(id, path) ? await outgoing.clone().text() : undefined;
	return lentFor(id, outgoing.method, path, body) !== undefined;
}

/** Somebody at this machine while nobody has claimed the relay; from then on, its devices. */
export function mayUseKeys(caller: Caller, door: Door): boolean {
	return door.kind === 'member' || (door.kind === 'open' && caller.isLoopback);
}

/** The operator's key from the environment, where this caller may use it. */
export function relayKey(
	provider: RelayProvider,
	env: EdgeEnv,
	caller: Caller,
	door: Door
): string | undefined {
	return mayUseKeys(caller, door) ? readVariable(env, provider.keyEnv) : undefined;
}
