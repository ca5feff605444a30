import { liveShare } from '$lib/edge/shares.server';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ request, params, platform }) =>
	liveShare(request, platform?.env ?? {}, params.id);
