/**
 * `/api/shares`: sealed bytes in, for somebody on our own page; sealed bytes out, for whoever has the reader's
 * token, on any page. Whatever is not to be had (missing, revoked, expired, another token) is one answer.
 */

import { joinBytes } from '../wire/bytes';
import { AppError } from '../wire/errors';
import { parseJson } from '../wire/json';
import { shareLimits } from '../wire/share';
import { frameHeader, newShare, shareHeader } from '../wire/share-api';
import { shareIdPattern } from '../wire/share-link';
import { tokenHash } from '../wire/share-keys';
import { liveProtocol } from '../wire/share-live';
import { counterName } from './counter-name';
import { mayCall, readCaller, type Caller } from './caller';
import { fail, succeed } from './envelope';
import { readVariable, type EdgeEnv, type ObjectNamespace } from './env';
import { openDoor } from './home/door';
import { checkRate, isLimited, rateKey } from './rate-limit';
import { retryAfter } from './retry-after';
import { isSame } from './sealed/pieces';
import type { Counted } from './share/share-count';

/** A link may be opened from any Wherry; there is no cookie that could be abused. */
const openCors = {
	'access-control-allow-origin': '*',
	'x-robots-tag': 'noindex'
};
const shortestOperatorToken = 32;
const bearer = /^Bearer ([\x21-\x7e]{32,200})$/;

export async function createShare(request: Request, env: EdgeEnv): Promise<Response> {
	const url = new URL(request.url);
	const caller = readCaller(request, url, env);
	try {
		checkOwn(request, caller);
		const rooms = roomsOf(env);
		const { counter, isPaced } = await whoCounts(request, env, { url, caller });
		const asked = newShare.safeParse(parseJson(request.headers.get(shareHeader) ?? ''));
		if (!asked.success) throw new AppError('input/invalid', { data: { code: 'bad-share' } });
		const sealed = await readSealed(request);
		const { shareId, days } = asked.data;
		if (counter !== '') {
			const answer = await rooms
				.getByName(counter)
				.fetch(`https://share/count?share=${shareId}&days=${days}${isPaced ? '&paced' : ''}`);
			const counted: Counted = await answer.json();
			if (counted === 'full') throw new AppError('share/too-many');
			if (counted === 'fast') throw tooFast();
		}
		const made = await rooms
			.getByName(shareId)
			.fetch(`https://share/create?counter=${encodeURIComponent(counter)}`, {
				method: 'POST',
				headers: { [shareHeader]: JSON.stringify(asked.data) },
				body: sealed
			});
		if (made.status !== 200) {
			// 409: it is there, and counts already. In any other case nothing came of what was counted.
			if (counter !== '' && made.status !== 409)
				await rooms.getByName(counter).fetch(`https://share/uncount?share=${shareId}`);
			throw new AppError('input/invalid', { data: { code: 'share-id-taken' } });
		}
		return succeed(await made.json(), caller.requestId);
	} catch (thrown) {
		return refuse(thrown, caller);
	}
}

/** `PUT /api/shares/{id}`: a live share's owner begins its log anew, with a base that holds all there is by now. */
export async function replaceBase(request: Request, env: EdgeEnv, id: string): Promise<Response> {
	const caller = readCaller(request, new URL(request.url), env);
	try {
		checkOwn(request, caller);
		if (!shareIdPattern.test(id)) throw new AppError('share/not-found');
		const rooms = roomsOf(env);
		const limited = await checkRate(env, caller);
		if (limited !== undefined) throw limited;
		const [, token = ''] = bearer.exec(request.headers.get('authorization') ?? '') ?? [];
		const replaced = await rooms.getByName(id).fetch('https://share/base', {
			method: 'PUT',
			headers: {
				'x-token-hash': await tokenHash(token),
				[frameHeader]: request.headers.get(frameHeader) ?? ''
			},
			body: await readSealed(request)
		});
		if (replaced.status === 409) throw new AppError('input/invalid', { data: { code: 'no-next-frame' } });
		if (replaced.status !== 204) throw new AppError('share/not-found');
		return succeed(null, caller.requestId);
	} catch (thrown) {
		return refuse(thrown, caller);
	}
}

export const livePath = /^\/api\/shares\/([A-Za-z0-9_-]{22})\/live$/;

/**
 * `GET /api/shares/{id}/live`: the socket of a live share. A browser can send no header of its own with one, so the
 * token comes as a second subprotocol; without one that fits, the answer is the same 404 as everywhere.
 */
export async function liveShare(request: Request, env: EdgeEnv, id: string): Promise<Response> {
	const caller = readCaller(request, new URL(request.url), env);
	try {
		// No CORS rule protects a WebSocket: the origin is looked at here. A link opens on the page of its own relay.
		if (caller.origin === 'foreign') throw new AppError('relay/origin-not-allowed');
		if (request.method !== 'GET' || request.headers.get('upgrade')?.toLowerCase() !== 'websocket')
			throw new AppError('sync/socket-only');
		const [first, second = ''] = (request.headers.get('sec-websocket-protocol') ?? '').split(/, */);
		const [, token = ''] = /^token\.([\w-]{43})$/.exec(second) ?? [];
		if (first !== liveProtocol || token === '') throw new AppError('share/not-found');
		const limited = await checkRate(env, caller, 'read');
		if (limited !== undefined) throw limited;
		const opened = await roomsOf(env)
			.getByName(id)
			.fetch('https://share/live', {
				headers: { upgrade: 'websocket', 'x-token-hash': await tokenHash(token) }
			});
		if (opened.status === 429)
			throw opened.headers.has('retry-after') ? crowded(opened) : new AppError('share/crowded');
		if (opened.status !== 101) throw new AppError('share/not-found');
		return opened;
	} catch (thrown) {
		return refuse(thrown, caller);
	}
}

export interface ShareAsk {
	readonly id: string;
	readonly what: 'read' | 'state' | 'revoke';
}

export async function shares(request: Request, env: EdgeEnv, { id, what }: ShareAsk): Promise<Response> {
	const caller = readCaller(request, new URL(request.url), env);
	if (request.method === 'OPTIONS') return openPreflight(caller);
	try {
		if (!shareIdPattern.test(id)) throw new AppError('share/not-found');
		if (what !== 'read' && !mayCall(request, caller)) throw new AppError('relay/origin-not-allowed');
		const rooms = roomsOf(env);
		const [, token = ''] = bearer.exec(request.headers.get('authorization') ?? '') ?? [];
		if (token === '') throw new AppError('share/not-found');
		const limited = await checkRate(env, caller, 'read');
		if (limited !== undefined) throw limited;
		const by = what === 'revoke' && (await isOperator(env, token)) ? 'operator' : 'bearer';
		const answer = await rooms
			.getByName(id)
			.fetch(`https://share/${what}?by=${by}`, { headers: { 'x-token-hash': await tokenHash(token) } });
		if (answer.status === 429) throw crowded(answer);
		if (answer.status !== 200) throw new AppError('share/not-found');
		if (what === 'state') return succeed(await answer.json(), caller.requestId);
		if (what === 'revoke') {
			const { counter }: { counter: string } = await answer.json();
			if (counter !== '') await rooms.getByName(counter).fetch(`https://share/uncount?share=${id}`);
			return succeed(null, caller.requestId);
		}
		return new Response(answer.body, {
			headers: {
				...openCors,
				'content-type': 'application/octet-stream',
				'content-length': answer.headers.get('x-size') ?? '0',
				'cache-control': 'no-store',
				'x-request-id': caller.requestId
			}
		});
	} catch (thrown) {
		return refuse(thrown, caller);
	}
}

/** Nothing that a form, markup or a foreign page can send. */
function checkOwn(request: Request, caller: Caller): void {
	const isOwn = caller.origin === 'absent' || caller.origin === 'same';
	if (!isOwn || !mayCall(request, caller) || request.headers.get('x-wherry') !== '1')
		throw new AppError('relay/origin-not-allowed');
}

function roomsOf(env: EdgeEnv): ObjectNamespace {
	if (env.SHARES === undefined) throw new AppError('share/unavailable', { retryable: false });
	return env.SHARES;
}

/** Never more in memory than a share may hold, whatever the length says. */
async function readSealed(request: Request): Promise<Uint8Array<ArrayBuffer>> {
	if (Number(request.headers.get('content-length') ?? 0) > shareLimits.bytes)
		throw new AppError('share/too-large');
	const pieces: Uint8Array[] = [];
	let size = 0;
	for await (const piece of request.body ?? []) {
		size += piece.length;
		if (size > shareLimits.bytes) throw new AppError('share/too-large');
		pieces.push(piece);
	}
	if (size === 0) throw new AppError('input/invalid', { data: { code: 'empty' } });
	return joinBytes(pieces);
}

/**
 * Whose count a new share is of: the home's, on a relay that has an owner; the address's, which may make so many an
 * hour, where it has none; and nobody's for whoever sits at this machine.
 */
async function whoCounts(
	request: Request,
	env: EdgeEnv,
	{ url, caller }: { readonly url: URL; readonly caller: Caller }
): Promise<{ readonly counter: string; readonly isPaced: boolean }> {
	const door = await openDoor(env, { request, url, caller }, () => ({ need: 'share', bucket: 'share' }));
	if (door.kind === 'member')
		return { counter: await counterName(env, `home ${door.member.home}`), isPaced: false };
	if (door.kind === 'stranger') {
		throw new AppError('relay/not-authorized', {
			message:
				'This relay keeps links of its own devices alone: have this one admitted, or save the session as a file.'
		});
	}
	const limited = await checkRate(env, caller);
	if (limited !== undefined) throw limited;
	if (caller.isLoopback) return { counter: '', isPaced: false };
	return { counter: await counterName(env, rateKey(caller.address)), isPaced: isLimited(env) };
}

async function isOperator(env: EdgeEnv, token: string): Promise<boolean> {
	const own = readVariable(env, 'SHARE_OPERATOR_TOKEN');
	if (own === undefined || own.length < shortestOperatorToken) return false;
	return isSame(await tokenHash(own), await tokenHash(token));
}

function tooFast(): AppError {
	const message = `${shareLimits.perHour} links an hour may be made from one address: try again later.`;
	return new AppError('relay/rate-limited', { message, data: { retryAfter: 3600 } });
}

function crowded({ headers }: Response): AppError {
	return new AppError('relay/rate-limited', { data: { retryAfter: Number(headers.get('retry-after')) } });
}

function refuse(thrown: unknown, caller: Caller): Response {
	if (!(thrown instanceof AppError)) throw thrown;
	return fail(thrown, caller.requestId, { ...openCors, ...retryAfter(thrown) });
}

function openPreflight(caller: Caller): Response {
	return new Response(null, {
		status: 204,
		headers: {
			...openCors,
			'access-control-allow-methods': 'GET',
			'access-control-allow-headers': 'authorization',
			'access-control-max-age': '600',
			'x-request-id': caller.requestId
		}
	});
}
