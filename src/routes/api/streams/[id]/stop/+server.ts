import { streams } from '$lib/edge/streams.server';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = ({ request, url, params, platform }) =>
	streams(request, platform?.env ?? {}, { url, id: params.id, what: 'stop' });
export const OPTIONS: RequestHandler = POST;
