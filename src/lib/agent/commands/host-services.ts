/** What built-in plugins may ask of the agent: past sessions, health, the relay. Narrow on purpose. */

import type { AppStatus } from '../../wire/commands';
import type { HostServices } from '../../plugins/plugin';
import type { Repository } from '../sessions/repository';
import type { SearchService } from '../sessions/search/search-service';

export function hostServices(parts: {
	readonly repository: Repository;
	readonly search: SearchService;
	readonly storageStatus: () => Promise<Pick<AppStatus, 'persisted' | 'usageBytes' | 'quotaBytes' | 'relay'>>;
	readonly relay: HostServices['relay'];
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
					storage: {
						persisted: storage.persisted,
						usedBytes: storage.usageBytes,
						quotaBytes: storage.quotaBytes
					},
					relay: storage.relay ?? 'not reachable',
					unreadableSessions: badRows
				};
			}
		},
		...(parts.relay === undefined ? {} : { relay: parts.relay })
	};
}
