import { pair } from '$lib/edge/pair.server';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ request, url, params, platform }) =>
	pair(request, platform?.env ?? {}, { url, place: params.place, slot: params.slot });
export const POST: RequestHandler = GET;
export const DELETE: RequestHandler = GET;
export const OPTIONS: RequestHandler = GET;
