/** Runs an action as the message that a person could have typed: `/{action id} {…}`. */

import { goto } from '$app/navigation';
import type { SkillCard } from '../../wire/commands';
import type { JsonObject } from '../../wire/json';
import { app } from '../state/app.svelte';

/**
 * In the open conversation, or in a new one, to which it then goes: what comes out, waits or can be
 * undone is seen there. Gives the reason where it did not start.
 */
export async function runByHand(
	{ action, title }: SkillCard,
	args: JsonObject,
	where: 'here' | 'new'
): Promise<string | undefined> {
	const isEmpty = Object.keys(args).length === 0;
	const text = isEmpty ? `/${action}` : `/${action} ${JSON.stringify(args)}`;
	const sessionId = where === 'here' ? app.view.sessionId : await openNew();
	if (sessionId === null) return app.failure?.message;
	const sent = await app.call('session.send', { sessionId, text, files: [], whenRunning: 'queue' });
	if (!sent.ok) return sent.error.message;
	if (where === 'here') return undefined;
	// The command is no name to find it by.
	await app.call('session.update', { sessionId, title });
	await goto(`/s/${sessionId}`);
	return undefined;
}

async function openNew(): Promise<string | null> {
	return (await app.run('session.open', { sessionId: null }))?.sessionId ?? null;
}
