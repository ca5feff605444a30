/** A protocol target as the app would make it, without an address. */

import type { ProtocolTarget } from '../../../src/lib/agent/models/protocol';
import { lookUpModel } from '../../../src/lib/agent/models/catalog';

export function targetOf(
	provider: string,
	model: string,
	more: Partial<ProtocolTarget> = {}
): ProtocolTarget {
	const ref = { provider, model };
	const known = lookUpModel(ref);
	return {
		ref,
		abilities: { ...known.abilities, tools: true },
		quirks: known.quirks,
		maxOutput: known.maxOutput,
		efforts: known.efforts,
		...more
	};
}
