/** What the page's own slash commands do. */

import { goto } from '$app/navigation';
import { m } from '../../paraglide/messages';
import { app, lastItem } from './app.svelte';
import { newSession } from './going';
import { models } from './models.svelte';
import { panels } from './panels.svelte';
import type { PageCommand } from './slash';

export function commandTitle(command: PageCommand): string {
	switch (command) {
		case 'new':
			return m.command_new();
		case 'fork':
			return m.command_fork();
		case 'resume':
			return m.command_resume();
		case 'model':
			return m.command_model();
		case 'compact':
			return m.command_compact();
	}
}

export async function runPageCommand(command: PageCommand, rest: string): Promise<void> {
	const { sessionId } = app.view;
	switch (command) {
		case 'new':
			return newSession();
		case 'resume':
			panels.palette = 'sessions';
			return;
		case 'model': {
			const wanted = rest.trim().toLowerCase();
			const found =
				wanted === '' ? undefined : models.options.find((one) => one.label.toLowerCase().includes(wanted));
			if (found === undefined || sessionId === null) panels.palette = 'models';
			else await app.run('session.configure', { sessionId, model: found.ref });
			return;
		}
		case 'compact':
			if (sessionId !== null && app.view.total > 0) await app.run('session.compact', { sessionId });
			return;
		case 'fork': {
			const entryId = lastItem(app.view)?.entryId;
			if (sessionId === null || entryId === undefined) return;
			const forked = await app.run('session.fork', { sessionId, entryId });
			if (forked !== undefined) await goto(`/s/${forked.sessionId}`);
		}
	}
}
