/** A catalog with nothing real behind it: memory store, a clock that stands still, no network. */

import { createCatalog, type Catalog, type CatalogOptions } from '../../src/lib/agent/skills/catalog';
import type { Clock } from '../../src/lib/agent/ports';
import type { SkillOutcome } from '../../src/lib/agent/skills/port';
import { createMemoryStore } from '../../src/lib/agent/storage/memory';
import type { Store } from '../../src/lib/agent/storage/store';
import { issueToken } from '../../src/lib/agent/policy/token';
import type { PluginDefinition } from '../../src/lib/plugins/plugin';
import type { JsonObject } from '../../src/lib/wire/json';

export interface SkillsWorld {
	readonly catalog: Catalog;
	readonly store: Store;
	/** Runs an allowed call and commits what it wrote, as the loop does. */
	run(action: string, args?: JsonObject, more?: RunMore): Promise<SkillOutcome>;
	/** Commits the inverse of a settled call. */
	undo(action: string, outcome: SkillOutcome): Promise<void>;
	/** Every row of every plugin, for comparing. */
	rows(): Promise<string>;
}

interface RunMore {
	readonly signal?: AbortSignal;
	readonly onProgress?: (text: string, fraction?: number) => void;
	readonly untrusted?: boolean;
}

export const worldTime = Date.UTC(2025, 0, 15, 12, 30);

export async function createSkillsWorld(
	plugins: readonly PluginDefinition[],
	more: Partial<CatalogOptions> = {}
): Promise<SkillsWorld> {
	const store = more.store ?? createMemoryStore();
	let ids = 0;
	const catalog = await createCatalog({
		plugins,
		store,
		epoch: () => 0,
		clock: createHastyClock(),
		ids: { next: () => `id-${String(++ids).padStart(6, '0')}` },
		fetch: () => Promise.reject(new TypeError('Failed to fetch')),
		host: {},
		hasSecret: () => false,
		sign: (_secret, request) => Promise.resolve(request),
		timeZone: () => 'Europe/Berlin',
		locale: () => 'en-GB',
		...more
	});
	let calls = 0;
	return {
		catalog,
		store,
		async run(action, args = {}, { signal, onProgress, untrusted } = {}) {
			const callHash = `hash-${++calls}`;
			const outcome = await catalog.run({
				token: issueToken(callHash, 'gate'),
				callHash,
				action,
				args,
				effectKey: `key-${calls}`,
				now: worldTime,
				signal: signal ?? new AbortController().signal,
				onProgress: onProgress ?? (() => undefined),
				...(untrusted === true
					? { labels: { integrity: 'untrusted', private: false, sources: ['https://evil.example'] } }
					: {})
			});
			await store.commit({ epoch: 0, put: outcome.writes, delete: outcome.deletes });
			return outcome;
		},
		async undo(action, outcome) {
			const { writes, deletes } = await catalog.undo(action, outcome.undo?.captured ?? null, outcome.output);
			await store.commit({ epoch: 0, put: writes, delete: deletes });
		},
		async rows() {
			return JSON.stringify(await store.range('plugins', {}));
		}
	};
}

/**
 * Waits of actions take no time; time limits (five seconds and more) never pass, or after
 * `limitMs`, for tests of what hangs.
 */
export function createHastyClock(limitMs?: number): Clock {
	return {
		now: () => worldTime,
		sleep: (ms, signal) =>
			new Promise((resolve, reject) => {
				if (signal?.aborted === true) return reject(new Error('aborted'));
				const timer =
					ms < 5000
						? setTimeout(resolve, 0)
						: limitMs === undefined
							? undefined
							: setTimeout(resolve, limitMs);
				signal?.addEventListener('abort', () => {
					clearTimeout(timer);
					reject(new Error('aborted'));
				});
			})
	};
}
