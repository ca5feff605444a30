/**
 * `/api/pair/{place}/{slot}`: where two devices that pair leave a note each. The place follows from a code of
 * 128 bits that only the person carries; the notes are sealed under it. What is left for recovery stays: on a relay that
 * has an owner its devices leave it, and anybody with the code reads it, as a device that lost everything is nobody's.
 */

import { AppError } from '../wire/errors';
import { meetingPlace, meetingSlot } from '../wire/pairing';
import { counterName } from './counter-name';
import { corsHeaders, mayCall, preflight, readCaller, type Caller } from './caller';
import { fail } from './envelope';
import type { EdgeEnv } from './env';
import { openDoor } from './home/door';
import { checkRate, rateKey } from './rate-limit';
import { meetingHeaders } from './meeting/meeting';
import { retryAfter } from './retry-after';

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
	const refuse = (error: AppError): Response =>
		fail(error, caller.requestId, { ...headers, ...retryAfter(error) });
	if (request.method === 'OPTIONS') return preflight(request, caller);
	if (!mayCall(request, caller)) return refuse(new AppError('relay/origin-not-allowed'));
	const place = meetingPlace.safeParse(asked.place);
	const slot = meetingSlot.safeParse(asked.slot);
	if (!place.success || !slot.success) return refuse(new AppError('http/not-found'));
	if (env.MEETINGS === undefined) return refuse(new AppError('sync/unavailable'));
	// Whoever knows the place has the code, or is the relay itself: there is nothing more to prove.
	if (request.method === 'DELETE' && slot.data !== mayForget) return refuse(new AppError('input/invalid'));
	const isWriting = request.method === 'POST';
	const limited = await checkRate(env, caller, request.method === 'GET' ? 'read' : 'act');
	if (limited !== undefined) return refuse(limited);
	const body = isWriting ? await request.text() : undefined;
	if (body !== undefined && body.length > maxBody) return refuse(new AppError('input/invalid'));
	let keeping: Record<string, string> = {};
	if (isWriting && slot.data === 'recovery') {
		try {
			keeping = await whoKeeps(request, env, { url: asked.url, caller });
		} catch (thrown) {
			if (thrown instanceof AppError) return refuse(thrown);
			throw thrown;
		}
	}
	const answer = await env.MEETINGS.getByName(place.data).fetch(`https://meeting/${slot.data}`, {
		method: request.method,
		headers: { 'x-request-id': caller.requestId, ...keeping },
		...(body === undefined ? {} : { body })
	});
	const response = new Response(answer.body, answer);
	for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
	return response;
}

/** A device of this relay, or whoever sits at its machine, leaves a note for good; a stranger for as long as it is used. */
async function whoKeeps(
	request: Request,
	env: EdgeEnv,
	{ url, caller }: { readonly url: URL; readonly caller: Caller }
): Promise<Record<string, string>> {
	const door = await openDoor(env, { request, url, caller }, () => ({ need: 'sync', bucket: 'own' }));
	const forGood = { [meetingHeaders.forGood]: '1' };
	if (door.kind === 'member')
		return { ...forGood, [meetingHeaders.counter]: await counterName(env, `home ${door.member.home}`) };
	if (door.kind === 'stranger') {
		throw new AppError('relay/not-authorized', {
			message: 'This relay keeps recovery notes of its own devices alone: have this one admitted first.'
		});
	}
	if (caller.isLoopback) return forGood;
	return { [meetingHeaders.counter]: await counterName(env, rateKey(caller.address)) };
}
