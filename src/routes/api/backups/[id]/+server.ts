import { backups } from '$lib/edge/backups.server';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ request, params, platform }) =>
	backups(request, platform?.env ?? {}, { id: params.id });
export const PUT: RequestHandler = GET;
export const DELETE: RequestHandler = GET;
