/**
 * Where content comes from, on every entry, memory row and file version from the first day.
 * Labels only ever join (get stricter); only the gate's own rules clear them.
 */

export type Integrity = 'user' | 'own' | 'untrusted';

export interface Labels {
	/** user: a person of this home wrote it · own: made here from user or own content · untrusted: anything else. */
	readonly integrity: Integrity;
	/** Holds something that must not leave without consent. */
	readonly private: boolean;
	/** Where untrusted content came from, e.g. `https://example.org`, `mail`, `import:chatgpt`. At most 20. */
	readonly sources: readonly string[];
}

export const userLabels: Labels = { integrity: 'user', private: true, sources: [] };
export const ownLabels: Labels = { integrity: 'own', private: false, sources: [] };

const strictness: Record<Integrity, number> = { user: 0, own: 1, untrusted: 2 };
const maximumSources = 20;

/** The labels of something made from all of these: the strictest integrity, private if any is. */
export function joinLabels(all: Iterable<Labels>): Labels {
	let integrity: Integrity = 'user';
	let isPrivate = false;
	const sources = new Set<string>();
	for (const labels of all) {
		if (strictness[labels.integrity] > strictness[integrity]) integrity = labels.integrity;
		isPrivate ||= labels.private;
		for (const source of labels.sources) if (sources.size < maximumSources) sources.add(source);
	}
	return { integrity, private: isPrivate, sources: [...sources] };
}
