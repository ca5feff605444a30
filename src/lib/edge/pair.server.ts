/**
 * `/api/pair/{place}/{slot}`: where two devices that pair leave a note each. The place follows from a code of
 * 128 bits that only the person carries; the notes are sealed under it.
 */

import { AppError } from '../wire/errors';
import { meetingPlace, meetingSlot } from '../wire/pairing';
import { corsHeaders, mayCall, preflight, readCaller } from './caller';
import { fail } from './envelope';
import type { EdgeEnv } from './env';
import { checkRate } from './rate-limit';

/** Only these are good once: a note of two devices that pair goes by itself, and takes its code along. */
const mayForget = 'recovery';

/** A note and the braces around it. */
const maxBody = 65 * 1024;

export async function pair(
	request: Request,
	env: EdgeEnv,
	asked: { readonly url: URL; readonly place: string; readonly slot: string }
): Promise<Response> {
	const caller = readCaller(request, asked.url, env);
	const headers = corsHeaders(request, caller);
	const refuse = (error: AppError): Response => fail(error, caller.requestId, headers);
	if (request.method === 'OPTIONS') return preflight(request, caller);
	if (!mayCall(request, caller)) return refuse(new AppError('relay/origin-not-allowed'));
	const place = meetingPlace.safeParse(asked.place);
	const slot = meetingSlot.safeParse(asked.slot);
	if (!place.success || !slot.success) return refuse(new AppError('http/not-found'));
	if (env.MEETINGS === undefined) return refuse(new AppError('sync/unavailable'));
	// Whoever knows the place has the code, or is the relay itself: there is nothing more to prove.
	if (request.method === 'DELETE' && slot.data !== mayForget) return refuse(new AppError('input/invalid'));
	const limited = request.method !== 'GET' ? await checkRate(env, caller) : undefined;
	if (limited !== undefined) return refuse(limited);
	const body = request.method === 'POST' ? await request.text() : undefined;
	if (body !== undefined && body.length > maxBody) return refuse(new AppError('input/invalid'));
	const answer = await env.MEETINGS.getByName(place.data).fetch(`https://meeting/${slot.data}`, {
		method: request.method,
		headers: { 'x-request-id': caller.requestId },
		...(body === undefined ? {} : { body })
	});
	const response = new Response(answer.body, answer);
	for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
	return response;
}
