import { shares } from '$lib/edge/shares.server';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ request, params, platform }) =>
	shares(request, platform?.env ?? {}, { id: params.id, what: 'state' });
