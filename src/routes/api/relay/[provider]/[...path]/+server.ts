import { relay } from '$lib/edge/relay.server';
import type { RequestHandler } from './$types';

// The Worker answers these before SvelteKit sees them (src/workers/edge.ts), so that paths arrive as
// they were sent; this is the same for `vite dev`.
export const fallback: RequestHandler = ({ request, platform, getClientAddress }) =>
	relay(request, platform?.env ?? {}, { address: getClientAddress() });
