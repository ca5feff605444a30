/** Rehearsal as a chunk of its own, as every protocol is: who has connected a model never loads it. */

import { modelOnDemand } from '../models/on-demand';
import type { ModelPort } from '../models/protocol';
import type { RehearsalSkills } from './plan';
import { rehearsalTraits } from './traits';

export function rehearsalOnDemand(skills: RehearsalSkills): ModelPort {
	return modelOnDemand(
		() => rehearsalTraits,
		async () => {
			const [{ createRehearsal }, { documentation }] = await Promise.all([
				import('./rehearsal'),
				import('./docs')
			]);
			return createRehearsal({ skills, docs: documentation });
		}
	);
}
