/** Tells the operator's webhook that requests fail: numbers only. By the guard, as any address from outside. */

import { toAppError } from '../../wire/errors';
import { writeLog } from '../audit';
import { resolveByDoh } from '../doh';
import { guardedFetch, type GuardPorts } from '../guarded-fetch';
import type { Counts } from './counters';

export async function sayThatItFails(
	webhook: string,
	counts: Counts,
	send: GuardPorts['fetch'] = (request) => fetch(request)
): Promise<boolean> {
	try {
		const { response } = await guardedFetch(
			{
				url: webhook,
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify({ event: 'relay-failing', lastMinutes: counts }),
				signal: AbortSignal.timeout(10_000)
			},
			{
				policy: { ownHosts: [] },
				fetch: send,
				resolve: (host, signal) => resolveByDoh('https://cloudflare-dns.com/dns-query', host, signal, send)
			}
		);
		await response.body?.cancel();
		return true;
	} catch (thrown) {
		writeLog(JSON.stringify({ event: 'alert', error: toAppError(thrown).id }));
		return false;
	}
}
