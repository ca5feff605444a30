/** The inverse of a settled call, worked out and not committed. Its own chunk: few calls are undone. */

import { AppError } from '../../wire/errors';
import { isJsonObject, type Json } from '../../wire/json';
import { joinLabels, ownLabels } from '../../wire/labels';
import type { StoreDelete, StoreWrite } from '../storage/store';
import type { Listed } from './load';
import { openWorld, toSkillError, within, type RunnerOptions } from './run';

/** Throws `skill/unknown` where nothing can be undone, `skill/failed` where undoing fails. */
export async function undoAction(
	listed: Listed | undefined,
	captured: Json,
	output: Json,
	options: RunnerOptions
): Promise<{ readonly writes: readonly StoreWrite[]; readonly deletes: readonly StoreDelete[] }> {
	const undo = listed?.action.undo;
	if (listed === undefined || undo === undefined) throw new AppError('skill/unknown');
	const envelope = isJsonObject(captured) ? captured : {};
	const labels = isJsonObject(envelope['labels']) ? envelope['labels'] : {};
	const stop = new AbortController();
	const run = {
		effectKey: `undo.${options.ids.next()}`,
		now: options.clock.now(),
		onProgress: () => undefined
	};
	const world = openWorld(listed.plugin, run, stop.signal, options, labels);
	try {
		await within(stop.signal, listed.facts.timeoutMs, options.clock, () =>
			undo.apply(envelope['captured'] ?? null, output, world.context)
		);
		return world.storage.changes(joinLabels([ownLabels, ...world.storage.readLabels()]));
	} catch (thrown) {
		throw new AppError('skill/failed', { message: toSkillError(thrown, stop.signal).message, cause: thrown });
	} finally {
		world.close();
		stop.abort();
	}
}
