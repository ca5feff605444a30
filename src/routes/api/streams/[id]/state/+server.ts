import { streams } from '$lib/edge/streams.server';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ request, url, params, platform }) =>
	streams(request, platform?.env ?? {}, { url, id: params.id, what: 'state' });
export const OPTIONS: RequestHandler = GET;
