/**
 * `GET /api/sync/{room}`: a home's devices meet. The room's id is 128 bits that only its devices know, and
 * what passes is sealed; who may write is decided by signatures, in the room.
 */

import { AppError } from '../wire/errors';
import { roomId, syncPrefix } from '../wire/sync';
import { readCaller } from './caller';
import { fail } from './envelope';
import type { EdgeEnv } from './env';

export async function sync(request: Request, env: EdgeEnv, url: URL): Promise<Response> {
	const caller = readCaller(request, url, env);
	const refuse = (error: AppError): Response => fail(error, caller.requestId);
	// No CORS rule protects a WebSocket: the origin is looked at here.
	if (caller.origin === 'foreign') return refuse(new AppError('relay/origin-not-allowed'));
	if (request.method !== 'GET' && request.method !== 'HEAD')
		return refuse(new AppError('relay/method-not-allowed'));
	const id = roomId.safeParse(url.pathname.slice(syncPrefix.length));
	if (!id.success) return refuse(new AppError('sync/no-room'));
	if (request.method !== 'GET' || request.headers.get('upgrade')?.toLowerCase() !== 'websocket')
		return refuse(new AppError('sync/socket-only'));
	if (env.ROOMS === undefined) return refuse(new AppError('sync/unavailable'));
	return env.ROOMS.getByName(id.data).fetch(`https://room/${id.data}`, {
		headers: { upgrade: 'websocket' }
	});
}
