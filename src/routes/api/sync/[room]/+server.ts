import { sync } from '$lib/edge/sync.server';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ request, url, platform }) => sync(request, platform?.env ?? {}, url);
