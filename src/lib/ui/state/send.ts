/** Sends what is in the composer; `demo approval` and its like in a throwaway session. */

import { app } from './app.svelte';

const demonstration =
	/^\s*(?:please,? )?(?:demo|demonstrate|show me) (?:approval|undo|branch|resum)\w{0,3}[\s.?!…]*$/i;

export async function send(options: { whenRunning?: 'steer' | 'queue' } = {}): Promise<void> {
	const { text, files, sending } = app.composer;
	if (sending !== null || files.length > 0 || !demonstration.test(text)) return app.send(options);
	const { demonstrate } = await import('./demonstration');
	await demonstrate(text);
}
