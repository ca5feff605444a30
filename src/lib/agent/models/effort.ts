/** The nearest effort that a model knows. */

import type { Effort, ProtocolTarget } from './protocol';

const order: readonly Effort[] = ['none', 'minimal', 'low', 'medium', 'high'];

/**
 * What to ask of this model: the wanted effort, or the nearest that it knows (the weaker of two
 * equally near). Undefined where nothing is wanted or the model cannot be told.
 */
export function nearestEffort(wanted: Effort | undefined, target: ProtocolTarget): Effort | undefined {
	if (wanted === undefined || !target.abilities.reasoning) return undefined;
	const known = target.efforts;
	if (known === undefined || known.length === 0) return undefined;
	let best: Effort | undefined;
	for (const effort of known) {
		if (best === undefined || distance(effort, wanted) < distance(best, wanted)) best = effort;
	}
	return best;
}

function distance(a: Effort, b: Effort): number {
	return Math.abs(order.indexOf(a) - order.indexOf(b));
}
