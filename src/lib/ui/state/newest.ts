/** A browser that was killed may have lost what this tab remembered; the sessions themselves are there. */

import { app } from './app.svelte';

/** Opens the session that was touched last; false where there is none. */
export async function openNewest(): Promise<boolean> {
	const listed = await app.call('sessions.list', { limit: 50 });
	if (!listed.ok) return false;
	const [newest] = [...listed.data.rows].sort((a, b) => b.touchedAt - a.touchedAt);
	return newest !== undefined && (await app.call('session.open', { sessionId: newest.id })).ok;
}
