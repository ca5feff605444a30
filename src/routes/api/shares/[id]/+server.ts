import { replaceBase, shares } from '$lib/edge/shares.server';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ request, params, platform }) =>
	shares(request, platform?.env ?? {}, { id: params.id, what: 'read' });
export const OPTIONS: RequestHandler = GET;
export const DELETE: RequestHandler = ({ request, params, platform }) =>
	shares(request, platform?.env ?? {}, { id: params.id, what: 'revoke' });
export const PUT: RequestHandler = ({ request, params, platform }) =>
	replaceBase(request, platform?.env ?? {}, params.id);
