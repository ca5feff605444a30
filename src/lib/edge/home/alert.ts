/**
 * Tells the owner's webhook that requests fail: numbers only. By the guard, as any address from outside; unless the
 * operator says in `RELAY_UPSTREAMS` where alerts go (`"alerts": "http://127.0.0.1:9000"`): then its path goes there.
 */

import { toAppError } from '../../wire/errors';
import { writeLog } from '../audit';
import { resolveByDoh } from '../doh';
import { guardedFetch, type GuardPorts } from '../guarded-fetch';
import type { Counts } from './counters';

interface AlertPorts {
	readonly send?: GuardPorts['fetch'];
	/** Origin, and a base path without its final slash. */
	readonly upstream?: string;
}

export async function sayThatItFails(
	webhook: string,
	counts: Counts,
	{ send = (request) => fetch(request), upstream }: AlertPorts = {}
): Promise<boolean> {
	const body = JSON.stringify({ event: 'relay-failing', lastMinutes: counts });
	const headers = { 'content-type': 'application/json' };
	const signal = AbortSignal.timeout(10_000);
	try {
		if (upstream !== undefined) {
			const { pathname, search } = new URL(webhook);
			const address = `${upstream}${pathname}${search}`;
			const init = { method: 'POST', headers, body, signal, redirect: 'manual' } as const;
			const answer = await send(new Request(address, init));
			await answer.body?.cancel();
			return true;
		}
		const { response } = await guardedFetch(
			{ url: webhook, method: 'POST', headers, body, signal },
			{
				policy: { ownHosts: [] },
				fetch: send,
				resolve: (host, stop) => resolveByDoh('https://cloudflare-dns.com/dns-query', host, stop, send)
			}
		);
		await response.body?.cancel();
		return true;
	} catch (thrown) {
		writeLog(JSON.stringify({ event: 'alert', error: toAppError(thrown).id }));
		return false;
	}
}
