/**
 * The live shares of the tab that runs the agent: one publisher for each, as long as this tab leads. Loaded only where
 * there is one, so that nobody else pays for it.
 */

import type { Host } from './host';
import { createPublisher, type Publisher } from './live-publisher';
import { readRows, revokeShare } from './share-rows';
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
	const mine = (await readRows(host)).filter(
		({ row }) => row.live?.device === host.device.id && row.expiresAt > now
	);
	const deleted = await deletedOf(host, mine);
	const rows = mine.filter(({ shareId }) => !deleted.includes(shareId));
	const running = publishers.get(host) ?? new Map<string, Publisher>();
	publishers.set(host, running);
	for (const [shareId, publisher] of running) {
		if (rows.some((row) => row.shareId === shareId)) continue;
		publisher.stop();
		running.delete(shareId);
	}
	// Whoever deletes a conversation means what others see of it too; without a connection it is tried again.
	for (const shareId of deleted) await revokeShare(host, shareId).catch(() => undefined);
	if (mine.length === 0) return host.settings.set(liveSetting, null);
	if (rows.length === 0) return;
	const { openSocket } = await sockets();
	for (const { shareId, row } of rows) {
		if (running.has(shareId) || row.live === undefined) continue;
		const deleted = () => void keepSharesLive(host, turns).catch(() => undefined);
		const parts = { host, turns, shareId, row, live: row.live, openSocket, deleted };
		const publisher = await createPublisher(parts);
		if (publisher !== undefined) running.set(shareId, publisher);
	}
}

/** Those whose session is deleted, also where it can still be taken back. */
async function deletedOf(
	{ repository }: Host,
	rows: Awaited<ReturnType<typeof readRows>>
): Promise<readonly string[]> {
	const deleted: string[] = [];
	for (const { shareId, row } of rows) {
		const record = row.live && (await repository.record(row.live.sessionId));
		if (!record || repository.facts(record).hidden) deleted.push(shareId);
	}
	return deleted;
}
