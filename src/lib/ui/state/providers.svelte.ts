/** The providers as cards, asked for again when the worker says they changed. */

import type { ProviderCard } from '../../wire/commands';
import { app } from './app.svelte';

class Providers {
	cards = $state.raw<readonly ProviderCard[]>([]);

	async refresh(): Promise<void> {
		const result = await app.call('providers.list', null);
		if (result.ok) this.cards = result.data;
		else app.failure = result.error;
	}
}

export const providers = new Providers();
