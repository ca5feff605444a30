/** What the palette offers, and which of it fits what is typed. */

import { goto } from '$app/navigation';
import { m } from '../../paraglide/messages';
import type { ModelOption, SkillCard } from '../../wire/commands';
import type { SessionRow } from '../../wire/view';
import { app } from './app.svelte';
import { newSession } from './going';
import { keyOf } from './models.svelte';
import { commandTitle, runPageCommand } from './page-command';
import { panels } from './panels.svelte';
import { pageCommands } from './slash';
import { theme } from './theme.svelte';

export interface PaletteEntry {
	readonly id: string;
	readonly title: string;
	readonly hint: string;
	readonly act: () => unknown;
}

interface Sources {
	readonly scope: 'all' | 'sessions' | 'models';
	readonly places: readonly {
		readonly id: string;
		readonly href: string;
		readonly keys: string;
		readonly title: () => string;
	}[];
	readonly rows: readonly SessionRow[];
	readonly skills: readonly SkillCard[];
	readonly models: readonly ModelOption[];
}

export function entriesOf({ scope, places, rows, skills, models }: Sources): readonly PaletteEntry[] {
	const sessions = rows.map((row) => ({
		id: `session:${row.id}`,
		title: row.title === '' ? m.untitled() : row.title,
		hint: m.palette_session(),
		act: () => goto(`/s/${row.id}`)
	}));
	if (scope === 'sessions') return sessions;
	const choices = models
		.filter((model) => model.isReady)
		.map((model) => ({
			id: `model:${keyOf(model.ref)}`,
			title: model.label,
			hint: m.model(),
			act: async () => {
				const { sessionId } = app.view;
				if (sessionId !== null) await app.run('session.configure', { sessionId, model: model.ref });
			}
		}));
	if (scope === 'models') {
		const connect = {
			id: 'connect',
			title: m.connect_a_model(),
			hint: '',
			act: () => (app.connecting = { userEntryId: null })
		};
		return [...choices, connect];
	}
	return [
		...places.map((place) => ({
			id: `place:${place.id}`,
			title: place.title(),
			hint: place.keys,
			act: () => goto(place.href)
		})),
		...pageCommands.map((command) => ({
			id: `command:${command}`,
			title: commandTitle(command),
			hint: `/${command}`,
			act: () => runPageCommand(command, '')
		})),
		{ id: 'temporary', title: m.new_temporary(), hint: '', act: () => newSession({ temporary: true }) },
		{
			id: 'connect',
			title: m.connect_a_model(),
			hint: '',
			act: () => (app.connecting = { userEntryId: null })
		},
		{ id: 'keys', title: m.keys_title(), hint: '?', act: () => (panels.keys = true) },
		{ id: 'theme', title: m.palette_theme(), hint: '', act: () => theme.set(isDark() ? 'light' : 'dark') },
		...sessions,
		...skills
			.filter((skill) => skill.isOn && skill.unavailable === undefined)
			.map((skill) => ({
				id: `skill:${skill.action}`,
				title: skill.title,
				hint: `/${skill.action}`,
				act: async () => {
					await goto(app.view.sessionId !== null && app.view.total > 0 ? `/s/${app.view.sessionId}` : '/');
					app.composer.set(`/${skill.action} `);
					document.querySelector<HTMLElement>('[data-composer]')?.focus();
				}
			})),
		...choices
	];
}

function isDark(): boolean {
	return theme.value === 'system'
		? matchMedia('(prefers-color-scheme: dark)').matches
		: theme.value === 'dark';
}

/** Every word must occur; what starts with the text comes first. */
export function matching(entries: readonly PaletteEntry[], text: string): readonly PaletteEntry[] {
	const wanted = text.trim().toLowerCase();
	if (wanted === '') return entries;
	const words = wanted.split(/\s+/);
	const fits = entries.filter((entry) => {
		const hay = `${entry.title} ${entry.hint}`.toLowerCase();
		return words.every((word) => hay.includes(word));
	});
	const rank = (entry: PaletteEntry) => (entry.title.toLowerCase().startsWith(wanted) ? 0 : 1);
	return fits.toSorted((a, b) => rank(a) - rank(b));
}
