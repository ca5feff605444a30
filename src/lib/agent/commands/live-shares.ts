/**
 * The live shares of the tab that runs the agent: one publisher for each, as long as this tab leads. Loaded only where
 * there is one, so that nobody else pays for it.
 */

import type { Host } from './host';
import { createPublisher, type Publisher } from './live-publisher';
import { readRows } from './share-rows';
import type { Turns } from './turns';

/** Set while there are live shares: the start of the agent looks at nothing else. */
export const liveSetting = 'shares/live';

const publishers = new WeakMap<Host, Map<string, Publisher>>();
const looking = new WeakMap<Host, Promise<void>>();

/** Begins what is new and ends what is revoked; asked as often as anything changes. */
export function keepSharesLive(host: Host, turns: Turns): Promise<void> {
	const next = (looking.get(host) ?? Promise.resolve()).then(() => look(host, turns));
	looking.set(
		host,
		next.catch(() => undefined)
	);
	return next;
}

async function look(host: Host, turns: Turns): Promise<void> {
	const { sockets } = host.ports;
	if (sockets === undefined) return;
	const now = host.ports.clock.now();
	const rows = (await readRows(host)).filter(
		({ row }) => row.live?.device === host.device.id && row.expiresAt > now
	);
	const running = publishers.get(host) ?? new Map<string, Publisher>();
	publishers.set(host, running);
	for (const [shareId, publisher] of running) {
		if (rows.some((row) => row.shareId === shareId)) continue;
		publisher.stop();
		running.delete(shareId);
	}
	if (rows.length === 0) return host.settings.set(liveSetting, null);
	const { openSocket } = await sockets();
	for (const { shareId, row } of rows) {
		if (running.has(shareId) || row.live === undefined) continue;
		const publisher = await createPublisher({ host, turns, shareId, row, live: row.live, openSocket });
		if (publisher !== undefined) running.set(shareId, publisher);
	}
}
