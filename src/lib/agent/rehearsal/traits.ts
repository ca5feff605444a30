/** What rehearsal can do, said without loading it. */

import type { ModelTraits } from '../models/protocol';

export const rehearsalTraits: ModelTraits = {
	abilities: { tools: true, images: false, pdf: false, reasoning: false, webSearch: false },
	contextWindow: 1_000_000,
	maxOutput: 1_000_000,
	isRehearsal: true
};
