import { mcpRelay } from '$lib/edge/mcp.server';
import type { RequestHandler } from './$types';

export const fallback: RequestHandler = ({ request, url, params, platform, getClientAddress }) =>
	mcpRelay(request, platform?.env ?? {}, {
		url,
		server: params.server,
		address: getClientAddress(),
		later: (task) => platform?.ctx.waitUntil(task)
	});
