/** The catalog as the page shows it, asked for again when it changes. */

import type { SkillCard } from '../../wire/commands';
import { app } from './app.svelte';

class Skills {
	cards = $state.raw<readonly SkillCard[]>([]);
	isLoaded = $state(false);

	async refresh(): Promise<void> {
		const result = await app.call('skills.list', null);
		if (!result.ok) return;
		this.cards = result.data;
		this.isLoaded = true;
	}
}

export const skills = new Skills();
