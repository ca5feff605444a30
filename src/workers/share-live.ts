/** What a live link's page loads besides, put together: the socket, the reader behind it and what shows them. */

import { followLive } from '../lib/agent/sharing/live-reader';
import LiveComposer from '../lib/ui/share/LiveComposer.svelte';
import LiveStatus from '../lib/ui/share/LiveStatus.svelte';
import type { LiveParts, LiveView } from '../lib/ui/share/live-parts';
import type { ShareLink } from '../lib/wire/share-link';
import { openSocket } from './browser-socket';

export async function followShare(
	link: ShareLink,
	passphrase: string,
	show: (view: LiveView) => void
): Promise<LiveParts> {
	const { say } = await followLive(link, passphrase, {
		fetch: (to, init) => fetch(to, init),
		openSocket,
		random: (length) => crypto.getRandomValues(new Uint8Array(length)),
		after(ms, run) {
			const timer = setTimeout(run, ms);
			return () => clearTimeout(timer);
		},
		show
	});
	return { LiveComposer, LiveStatus, ...(say === undefined ? {} : { say }) };
}
