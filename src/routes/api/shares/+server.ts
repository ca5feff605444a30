import { createShare } from '$lib/edge/shares.server';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = ({ request, platform }) => createShare(request, platform?.env ?? {});
