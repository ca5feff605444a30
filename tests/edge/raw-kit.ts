/** Stands for SvelteKit's generated handler in a bare workerd: the endpoints that reach outside, as `src/routes` has them. */

import { fetchForCaller } from '../../src/lib/edge/fetch.server';
import { answerHome } from '../../src/lib/edge/home/home-routes.server';
import { mcpRelay } from '../../src/lib/edge/mcp.server';

export default {
	fetch(request: Request, env: Env, context: App.Platform['ctx']): Promise<Response> {
		const url = new URL(request.url);
		const later = (task: Promise<void>): void => context.waitUntil(task);
		if (url.pathname === '/api/fetch') return fetchForCaller(request, env, { later });
		if (url.pathname === '/self-test') return selfTest(url.searchParams.getAll('to'));
		const [, , what, server = ''] = url.pathname.split('/');
		if (what === 'mcp-relay') return mcpRelay(request, env, { url, server, later });
		return answerHome(request, env, { url });
	}
};

/** Past our own guard: what the runtime's network lets through by itself. */
async function selfTest(addresses: readonly string[]): Promise<Response> {
	const reached = [];
	for (const address of addresses) {
		const answer = await fetch(address, { redirect: 'manual' }).catch(() => undefined);
		// A Worker in between says with this that it could not connect.
		if (answer !== undefined && answer.headers.get('x-unreachable') === null) reached.push(address);
		await answer?.body?.cancel();
	}
	return Response.json(reached);
}
