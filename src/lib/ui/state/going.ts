/** Going between places and sessions, and remembering where one was. */

import { goto, preloadCode } from '$app/navigation';
import { app } from './app.svelte';

const lastName = 'wherry:last';
const freshName = 'wherry:fresh';
const arrivedName = 'wherry:arrived';

export const remembered = {
	/** The session that `/` opens again. */
	get last(): string | null {
		return localStorage.getItem(lastName);
	},
	set last(id: string | null) {
		if (id === null) localStorage.removeItem(lastName);
		else localStorage.setItem(lastName, id);
	},
	/** The new session of this tab that holds no message yet, perhaps a draft. */
	get fresh(): string | null {
		return sessionStorage.getItem(freshName);
	},
	set fresh(id: string | null) {
		if (id === null) sessionStorage.removeItem(freshName);
		else sessionStorage.setItem(freshName, id);
	},
	/** What was the new session of this tab until it had an address: a reload may still ask for the new one. */
	get arrived(): string | null {
		return isReload() ? sessionStorage.getItem(arrivedName) : null;
	},
	set arrived(id: string | null) {
		if (id === null) sessionStorage.removeItem(arrivedName);
		else sessionStorage.setItem(arrivedName, id);
	}
};

function isReload(): boolean {
	const [entry] = performance.getEntriesByType('navigation');
	return entry instanceof PerformanceNavigationTiming && entry.type === 'reload';
}

let arriving: string | null = null;

/** The session that `newSession` has opened, whose address is only now reached: a quick person may have sent something in it. */
export function takeArriving(): string | null {
	const id = arriving;
	arriving = null;
	return id;
}

let opening: Promise<void> | undefined;

/** Pressed twice it is one: the second would take the person away from the first. */
export function newSession(options: { temporary?: boolean } = {}): Promise<void> {
	opening ??= openNew(options).finally(() => (opening = undefined));
	return opening;
}

async function openNew(options: { temporary?: boolean }): Promise<void> {
	app.failure = null;
	remembered.fresh = null;
	remembered.arrived = null;
	const opened = await app.moveOn(async () => {
		// Read beforehand: the new session and its address should come in one moment.
		await preloadCode('/').catch(() => undefined);
		return app.run('session.open', { sessionId: null, ...options });
	});
	// The address of a new session would make a plain one where a temporary one was refused.
	if (opened === undefined) return;
	arriving = opened.sessionId;
	if (options.temporary !== true) remembered.fresh = opened.sessionId;
	await goto('/?new', { keepFocus: true });
	document.querySelector<HTMLElement>('[data-composer]')?.focus();
}

/** The address of the conversation that is open or was last. */
export function sessionsHref(): string {
	const id = app.view.sessionId;
	if (id !== null && app.view.total > 0) return `/s/${id}`;
	return '/';
}
