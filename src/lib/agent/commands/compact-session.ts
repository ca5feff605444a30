/** A branch summarised because the person asked for it. A chunk of its own: it is rare, and waits for a model anyway. */

import { AppError } from '../../wire/errors';
import { summariseBranch } from '../loop/compact';
import type { LoadedSession } from '../sessions/loaded';
import type { Host } from './host';

/** @param id of the summary: a command that comes twice finds it made. */
export async function compactSession(
	host: Host,
	loaded: LoadedSession,
	id: string,
	upTo: string | undefined
): Promise<string> {
	if (loaded.entry(id) !== undefined) return id;
	const sessionId = loaded.record.id;
	const model = loaded.facts.model ?? host.providers.defaultModel();
	const draft = await summariseBranch(
		loaded.branch(),
		{ sessionId, model, signal: new AbortController().signal, ...(upTo === undefined ? {} : { upTo }) },
		{ ...host.ports, models: host.providers.models, device: host.device }
	);
	if (draft === undefined)
		throw new AppError('input/invalid', { message: 'There is nothing to compact yet.' });
	const writer = await host.writer(sessionId);
	await writer.commit(({ facts, lam }) => ({
		entries: [{ ...draft, id, parentId: facts.head, lam }],
		facts: { head: id }
	}));
	return id;
}
