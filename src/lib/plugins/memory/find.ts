/** Which remembered facts a query means. A chunk of its own: only a call needs it. */

import { keywords, rank, words } from '../../agent/memory/rank';
import type { Fact } from './facts';

export function findFacts(facts: readonly Fact[], query: string): readonly Fact[] {
	return rank(query, facts, textOf).map(({ item }) => item);
}

/** Facts that have every keyword of the query: what may be forgotten by a query. */
export function matchingFacts(facts: readonly Fact[], query: string): readonly Fact[] {
	const wanted = keywords(query);
	return facts.filter((fact) => {
		const bag = new Set(words(textOf(fact)));
		return wanted.length > 0 && wanted.every((word) => bag.has(word));
	});
}

function textOf(fact: Fact): string {
	return `${fact.text} ${fact.tags.join(' ')}`;
}
