import { fetchForCaller } from '$lib/edge/fetch.server';
import type { RequestHandler } from './$types';

export const fallback: RequestHandler = ({ request, platform, getClientAddress }) =>
	fetchForCaller(request, platform?.env ?? {}, {
		address: getClientAddress(),
		later: (task) => platform?.ctx.waitUntil(task)
	});
