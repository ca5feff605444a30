/** What follows a turn, beside it and never in its way: packing, a title, the search index. */

import type { TurnResult } from '../loop/ports';
import { readOpenTurns } from '../journal/read-records';
import type { ModelRef } from '../../wire/entries';
import { plainText } from '../sessions/fold';
import { shortTitle } from '../sessions/titles';
import type { Host } from './host';

export async function afterTurn(
	host: Host,
	turn: { readonly sessionId: string; readonly turnId: string; readonly result: TurnResult }
): Promise<void> {
	// Each of these can wait for the next turn; none may stop the other.
	await nameSession(host, turn.sessionId).catch(() => undefined);
	await packSession(host, turn.sessionId).catch(() => undefined);
	await host.search.save().catch(() => undefined);
}

async function packSession(host: Host, sessionId: string): Promise<void> {
	const open = new Set((await readOpenTurns(host.store)).map((turn) => turn.turnId));
	const packed = await host.repository.packSegments(sessionId, open);
	if (packed.put.length === 0) return;
	await host.store.commit({ epoch: host.epoch(), put: packed.put, delete: packed.delete });
	host.repository.applyCommit(packed);
}

/** A short first message names its session before the turn is over. */
export async function nameAtOnce(host: Host, sessionId: string): Promise<void> {
	await setTitle(host, sessionId, (message) => Promise.resolve(shortTitle(message) ?? ''));
}

async function nameSession(host: Host, sessionId: string): Promise<void> {
	await setTitle(host, sessionId, async (message, model) => {
		const { automaticTitle } = await import('./title');
		return automaticTitle(message, { models: host.providers.models, model, requestId: `title.${sessionId}` });
	});
}

async function setTitle(
	host: Host,
	sessionId: string,
	make: (message: string, model: ModelRef) => Promise<string>
): Promise<void> {
	const loaded = await host.repository.load(sessionId);
	if (loaded.facts.titleBy !== 'none') return;
	const first = loaded.branch().find((entry) => entry.kind === 'user');
	if (first === undefined) return;
	const title = await make(plainText(first.parts), loaded.facts.model ?? host.providers.defaultModel());
	if (title === '') return;
	const writer = await host.writer(sessionId);
	await writer.commit(({ facts }) => (facts.titleBy === 'none' ? { facts: { title, titleBy: 'auto' } } : {}));
}
