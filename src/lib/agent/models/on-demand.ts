/** A model port whose code is a chunk of its own, loaded when it is first asked. */

import { noUsage } from '../../wire/entries';
import type { ModelRef } from '../../wire/entries';
import { AppError } from '../../wire/errors';
import type { ModelPort, ModelTraits } from './protocol';

export function modelOnDemand(
	describe: (model: ModelRef) => ModelTraits,
	load: () => Promise<ModelPort>
): ModelPort {
	let loading: Promise<ModelPort> | undefined;
	return {
		describe,
		async ask(request, options) {
			loading ??= load();
			try {
				return await (await loading).ask(request, options);
			} catch (thrown) {
				// A chunk that did not arrive may arrive the next time.
				loading = undefined;
				const error = new AppError('model/unavailable', { cause: thrown }).toWire();
				return { model: request.model, parts: [], stop: 'error', error, usage: noUsage };
			}
		}
	};
}
