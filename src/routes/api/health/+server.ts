import { readCaller } from '$lib/edge/caller';
import { succeed } from '$lib/edge/envelope';
import { readHealth } from '$lib/edge/health.server';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ request, url, platform, getClientAddress }) => {
	const env = platform?.env ?? {};
	const caller = readCaller(request, url, env, getClientAddress());
	return succeed(await readHealth(env, caller), caller.requestId);
};
