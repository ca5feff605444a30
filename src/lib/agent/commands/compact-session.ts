/** A person asks for their branch to be summarised. Its own chunk, with what writes summaries. */

import { AppError } from '../../wire/errors';
import { summariseBranch } from '../loop/compact';
import type { LoadedSession } from '../sessions/loaded';
import type { Host } from './host';

/** @param how.id names the summary: asked for twice, it is made once. */
export async function compactSession(
	host: Host,
	loaded: LoadedSession,
	{ id, upTo }: { readonly id: string; readonly upTo: string | undefined }
): Promise<{ entryId: string }> {
	if (loaded.entry(id) !== undefined) return { entryId: id };
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
	return { entryId: id };
}
