/**
 * What a call that has not been allowed would change. Nothing may come of looking: the action
 * gets its own rows to read and nothing else, no network, no secret, no host service, and
 * whatever it tries to write throws.
 */

import type { JsonObject } from '../../wire/json';
import type { ChangePreview } from '../../plugins/plugin';
import type { Listed } from './load';
import { createPluginStorage } from './plugin-storage';
import { within, type RunnerOptions } from './run';

const limitMs = 5_000;
const maximumText = 100_000;

/** `undefined` where the action cannot say, or fails to. */
export async function previewAction(
	{ plugin, action }: Listed,
	args: JsonObject,
	options: Pick<RunnerOptions, 'store' | 'clock' | 'timeZone' | 'locale'>
): Promise<ChangePreview | undefined> {
	const { preview } = action;
	if (preview === undefined) return undefined;
	const { get, list, scan, close } = createPluginStorage(plugin.id, options.store);
	close();
	const stop = new AbortController();
	try {
		const told = await within(stop.signal, limitMs, options.clock, () =>
			preview(structuredClone(args), {
				signal: stop.signal,
				now: options.clock.now(),
				timeZone: options.timeZone(),
				locale: options.locale(),
				storage: { get, list, scan }
			})
		);
		return {
			before: String(told.before).slice(0, maximumText),
			after: String(told.after).slice(0, maximumText)
		};
	} catch {
		// A card without a preview can still be decided on: its exact arguments are there.
		return undefined;
	} finally {
		stop.abort();
	}
}
