/** What built-in plugins may ask of the agent: past sessions, health, the relay. Narrow on purpose. */

import type { AppStatus, ProviderCard } from '../../wire/commands';
import type { HostServices } from '../../plugins/plugin';
import type { Repository } from '../sessions/repository';
import type { SearchService } from '../sessions/search/search-service';

const mega = (bytes: number): string => (bytes / 1e6).toFixed(1);

export function hostServices(parts: {
	readonly repository: Repository;
	readonly search: SearchService;
	readonly storageStatus: () => Promise<Omit<AppStatus, 'role' | 'schemaOk'>>;
	readonly relay: HostServices['relay'];
	readonly providers: () => Promise<readonly ProviderCard[]>;
}): HostServices {
	const { repository } = parts;
	async function sessions(): Promise<NonNullable<HostServices['sessions']>> {
		const { hostSessions } = await import('./host-sessions');
		return hostSessions(repository, parts.search);
	}
	return {
		sessions: {
			list: async (query) => (await sessions()).list(query),
			search: async (query) => (await sessions()).search(query),
			read: async (query) => (await sessions()).read(query)
		},
		health: {
			async check() {
				const storage = await parts.storageStatus();
				const { badRows } = await repository.list({ limit: 1 });
				return {
					storage: `${mega(storage.usageBytes)} of ${mega(storage.quotaBytes)} MB used, ${
						storage.persisted ? 'kept until you clear it' : 'the browser may clear it when space is short'
					}`,
					relay: storage.relay ?? 'not reachable',
					providers: (await parts.providers())
						.filter(({ state }) => state === 'ready')
						.map(({ title, stateText }) => `${title}: ${stateText}`),
					unreadableSessions: badRows
				};
			}
		},
		...(parts.relay === undefined ? {} : { relay: parts.relay })
	};
}
