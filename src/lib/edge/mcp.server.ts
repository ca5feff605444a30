/**
 * `/api/mcp-relay/{server}`: an MCP server that CORS keeps from the browser, by the id under which a person
 * named it (`home/mcp-servers.ts`). Its own wire format both ways, unbuffered; nothing of the request says where
 * it goes. Somebody at this machine may before anybody has claimed the relay; after that, its devices.
 */

import { AppError, isAbort } from '../wire/errors';
import { audit, type AuditLine, type Log } from './audit';
import { readCaller } from './caller';
import { fail } from './envelope';
import type { EdgeEnv } from './env';
import { askHome, count } from './home/ask-home';
import { localWho, openDoor, refuseStranger, type Knock } from './home/door';
import { admitted, type Admitted } from './home/verbs';
import { askMcp, mcpLimits, type McpLimits } from './mcp-upstream';
import { checkHop, settle } from './outside';
import { checkOwnPage } from './own-page';
import { retryAfter } from './retry-after';
import { withSecurityHeaders } from './security-headers';

export interface McpAsk {
	readonly server: string;
	readonly url: URL;
	readonly address?: string;
	/** Default: the global fetch. */
	readonly fetch?: (request: Request) => Promise<Response>;
	readonly limits?: Partial<McpLimits>;
	readonly log?: Log;
	/** Keeps the Worker alive for what has to be done after the answer; default: at once. */
	readonly later?: (task: Promise<void>) => void;
}

const methods = new Set(['GET', 'POST', 'DELETE']);

/** Answers what the server answers, with its own status; errors of the relay as an envelope. Never rejects. */
export async function mcpRelay(request: Request, env: EdgeEnv, ask: McpAsk): Promise<Response> {
	const started = Date.now();
	const { url, server } = ask;
	const caller = readCaller(request, url, env, ask.address);
	const limits = { ...mcpLimits, ...ask.limits };
	let member: Admitted | undefined;
	const finish = (response: Response, error?: string): Response => {
		const line: AuditLine = {
			event: 'mcp',
			requestId: caller.requestId,
			method: request.method,
			target: member === undefined ? 'none' : server,
			status: response.status,
			ms: Date.now() - started,
			...(error === undefined ? {} : { error })
		};
		count('mcp', response.status);
		audit(line, ask.log);
		return withSecurityHeaders(response, url);
	};
	try {
		if (!methods.has(request.method)) throw new AppError('relay/method-not-allowed');
		checkOwnPage(request, caller, request.method === 'POST');
		checkHop(request);
		member = await admit(env, { request, url, caller }, { server, bytes: limits.bytes });
		if (member.address === undefined) throw new AppError('http/not-found');
		const came = Promise.withResolvers<number>();
		const response = await askMcp(request, {
			env,
			caller,
			address: member.address,
			ownHost: url.hostname,
			limits,
			onEnd: came.resolve,
			send: ask.fetch ?? ((outgoing) => fetch(outgoing))
		});
		const settled = came.promise.then((bytes) =>
			settle(env, member, { reserved: limits.bytes, came: bytes })
		);
		ask.later?.(settled);
		response.headers.set('x-request-id', caller.requestId);
		return finish(response);
	} catch (thrown) {
		await settle(env, member, { reserved: limits.bytes, came: 0 });
		if (isAbort(thrown) || request.signal.aborted) return finish(new Response(null, { status: 499 }));
		const error = thrown instanceof AppError ? thrown : new AppError('fetch/failed', { cause: thrown });
		return finish(fail(error, caller.requestId, retryAfter(error)), error.id);
	}
}

async function admit(
	env: EdgeEnv,
	knock: Knock,
	{ server, bytes }: { readonly server: string; readonly bytes: number }
): Promise<Admitted> {
	const input = { need: `mcp:${server}`, bucket: 'mcp', server, bytes } as const;
	const door = await openDoor(env, knock, () => input);
	if (door.kind === 'member') return door.member;
	const who = door.kind === 'open' ? await localWho(env, knock) : undefined;
	if (who === undefined) throw refuseStranger();
	if (env.HOME === undefined) throw new AppError('relay/no-home');
	return askHome(env.HOME, 'admit', admitted, { who, input });
}
