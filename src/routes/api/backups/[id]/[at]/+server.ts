import { backups } from '$lib/edge/backups.server';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ request, params, platform }) =>
	backups(request, platform?.env ?? {}, params);
