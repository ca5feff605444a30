/** The models that can be chosen, asked for again when providers change. */

import type { ModelOption } from '../../wire/commands';
import type { ModelRef } from '../../wire/entries';
import { app } from './app.svelte';

class Models {
	options = $state.raw<readonly ModelOption[]>([]);

	async refresh(): Promise<void> {
		const result = await app.call('models.list', null);
		if (result.ok) this.options = result.data;
	}

	find(ref: ModelRef): ModelOption | undefined {
		return this.options.find((option) => keyOf(option.ref) === keyOf(ref));
	}
}

export const keyOf = (ref: ModelRef): string => `${ref.provider}/${ref.model}`;

export const models = new Models();
