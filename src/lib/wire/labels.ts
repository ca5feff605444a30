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

/** Among the sources of whatever came from a participant of a shared session; never crowded out by others. */
export const participantSource = 'participants';

const strictness: Record<Integrity, number> = { user: 0, own: 1, untrusted: 2 };
const maximumSources = 20;
const loosest: Labels = { integrity: 'user', private: false, sources: [] };

/** The labels of something made from all of these: the strictest integrity, private if any is. */
export function joinLabels(all: Iterable<Labels>): Labels {
	let joined = loosest;
	for (const labels of all) joined = join(joined, labels);
	return joined;
}

/** Most joins change nothing, several times a step: then the same object stands for both. */
function join(a: Labels, b: Labels): Labels {
	if (covers(a, b)) return a;
	if (a.sources.length === 0 && b.sources.length <= maximumSources && covers(b, a)) return b;
	const integrity = strictness[b.integrity] > strictness[a.integrity] ? b.integrity : a.integrity;
	const first = b.sources.filter((source) => source === participantSource);
	const sources = new Set([...first, ...a.sources, ...b.sources]);
	return { integrity, private: a.private || b.private, sources: [...sources].slice(0, maximumSources) };
}

function covers(a: Labels, b: Labels): boolean {
	return (
		strictness[a.integrity] >= strictness[b.integrity] &&
		(a.private || !b.private) &&
		(b.sources.length === 0 || b.sources.every((source) => a.sources.includes(source)))
	);
}
