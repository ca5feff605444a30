/** Past sessions for built-in plugins. Its own chunk: loaded when a skill first asks for them. */

import type { Entry } from '../../wire/entries';
import type { HostServices } from '../../plugins/plugin';
import { plainText } from '../sessions/fold';
import type { Repository } from '../sessions/repository';
import type { SearchService } from '../sessions/search/search-service';

const excerptLength = 2_000;

/** What was untrusted when it was read stays so when it is read again. */
function addSources(sources: Set<string>, entries: readonly Entry[]): void {
	for (const { id, labels } of entries) {
		if (labels.integrity !== 'untrusted') continue;
		for (const source of labels.sources.length > 0 ? labels.sources : [`entry:${id}`]) sources.add(source);
	}
}

export function hostSessions(
	repository: Repository,
	search: SearchService
): NonNullable<HostServices['sessions']> {
	return {
		async list({ limit, text }) {
			const { rows } = await repository.list({ limit, ...(text === undefined ? {} : { text }) });
			return rows.map(({ id, title, touchedAt, entryCount, preview }) => ({
				sessionId: id,
				title,
				touchedAt,
				entryCount,
				preview
			}));
		},
		async search({ text, limit }) {
			const hits = await search.search(text, { limit });
			const sources = new Set<string>();
			for (const { sessionId, entryId } of hits) {
				const entry = await repository.load(sessionId).then(
					(loaded) => loaded.entry(entryId),
					() => undefined
				);
				if (entry !== undefined) addSources(sources, [entry]);
			}
			return {
				hits: hits.map(({ sessionId, entryId, title, at, snippet }) => ({
					sessionId,
					entryId,
					title,
					at,
					snippet
				})),
				sources: [...sources]
			};
		},
		async read({ sessionId, limit }) {
			const loaded = await repository.load(sessionId);
			const spoken = loaded.branch().filter((entry) => entry.kind === 'user' || entry.kind === 'assistant');
			const sources = new Set<string>();
			addSources(sources, spoken.slice(-limit));
			return {
				sessionId,
				sources: [...sources],
				title: loaded.facts.title,
				messages: spoken.slice(-limit).flatMap((entry) => {
					const text = plainText(entry.parts).slice(0, excerptLength);
					return text === ''
						? []
						: [{ entryId: entry.id, by: entry.kind === 'user' ? 'user' : 'agent', at: entry.at, text }];
				})
			};
		}
	};
}
