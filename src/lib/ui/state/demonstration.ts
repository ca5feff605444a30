/**
 * A demonstration runs in a throwaway session, which says so in its title: the open one where it
 * holds nothing yet, else a new one. It is an ordinary session, so that it survives a reload like any.
 */

import { goto } from '$app/navigation';
import { m } from '../../paraglide/messages';
import { app } from './app.svelte';

const secondVersion = 'demo branching, second version';
const answeredWithinMs = 15_000;

export async function demonstrate(text: string): Promise<void> {
	const kind = kindOf(text);
	const isHere = app.view.total === 0;
	if (!isHere) {
		app.composer.set('');
		app.composer.flush();
	}
	const sessionId = isHere
		? app.view.sessionId
		: ((await app.run('session.open', { sessionId: null }))?.sessionId ?? null);
	if (sessionId === null) return;
	// Without a model, whichever is connected: nothing of it should cost or depend on one.
	await app.run('session.configure', { sessionId, model: { provider: 'rehearsal', model: 'rehearsal' } });
	if (isHere) await app.send();
	else if (!(await sendThere(sessionId, text))) return;
	await app.run('session.update', {
		sessionId,
		title: m.demonstration({ kind }),
		tags: [m.demonstration_tag()]
	});
	if (kind === 'branching') await editIt(sessionId);
}

async function sendThere(sessionId: string, text: string): Promise<boolean> {
	const sent = await app.run('session.send', { sessionId, text, files: [] });
	if (sent === undefined) return false;
	app.toasts.show(m.demonstration_apart(), { about: 'demonstration' });
	await goto(`/s/${sessionId}`, { keepFocus: true });
	return true;
}

/** What a person would do with Edit, done once the first version is answered. */
async function editIt(sessionId: string): Promise<void> {
	const deadline = Date.now() + answeredWithinMs;
	while (Date.now() < deadline) {
		await new Promise((resolve) => setTimeout(resolve, 150));
		const { view } = app;
		// Who goes elsewhere meanwhile has seen enough.
		if (view.sessionId !== sessionId) return;
		const items = [...view.items.values()];
		const said = items.find(({ type }) => type === 'you');
		const isAnswered = items.some((item) => item.type === 'wherry' && !item.isBusy);
		if (said === undefined || !isAnswered || view.state?.turn !== 'idle') continue;
		await app.run('session.edit', { sessionId, entryId: said.entryId, text: secondVersion });
		return;
	}
}

function kindOf(text: string): 'approval' | 'undo' | 'branching' | 'resuming' {
	if (/approv/i.test(text)) return 'approval';
	if (/undo/i.test(text)) return 'undo';
	return /branch/i.test(text) ? 'branching' : 'resuming';
}
