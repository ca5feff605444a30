/** Gathers what `readiness.ts` judges: from the browser, the worker and the relay. A part that fails counts as absent. */

import type { CommandOutput } from '../../wire/commands';
import { app } from './app.svelte';
import type { ReadinessFacts } from './readiness';

/** The setting that remembers when everything was last exported. */
export const exportedAtSetting = 'backup.exported-at';

export async function gatherFacts(): Promise<ReadinessFacts> {
	const [relay, providers, sessions, exported, backup, status] = await Promise.all([
		askRelay(),
		app.call('providers.list', null),
		app.call('sessions.list', { limit: 1 }),
		app.call('settings.get', { name: exportedAtSetting }),
		app.call('backup.ask', { what: 'view' }),
		app.call('app.status', null)
	]);
	const { hostname, protocol } = location;
	return {
		hasModel: providers.ok && providers.data.some(isUsable),
		relay,
		isLoopback: hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname),
		// A loopback address is as safe as https: browsers say so too.
		isSecure: protocol === 'https:' || isSecureContext,
		isPersisted: status.ok && status.data.persisted,
		usageBytes: status.ok ? status.data.usageBytes : 0,
		quotaBytes: status.ok ? status.data.quotaBytes : 0,
		hasLocks: 'locks' in navigator,
		hasDatabase: 'indexedDB' in window,
		hasCrypto: 'crypto' in window && 'subtle' in crypto,
		isInstalled: matchMedia('(display-mode: standalone)').matches,
		exportedAt: exported.ok && typeof exported.data === 'number' ? exported.data : null,
		backedUpAt: backup.ok ? (backup.data.view?.at ?? 0) : 0,
		isSynced: backup.ok && backup.data.view?.sync === 'current',
		hasSessions: sessions.ok && sessions.data.rows.length > 0,
		now: Date.now()
	};
}

function isUsable(card: CommandOutput<'providers.list'>[number]): boolean {
	return card.id !== 'rehearsal' && card.state === 'ready';
}

async function askRelay(): Promise<ReadinessFacts['relay']> {
	try {
		const answer = await fetch('/api/health', { signal: AbortSignal.timeout(10_000) });
		const body: unknown = await answer.json();
		const data = field(body, 'data');
		if (!answer.ok || field(data, 'status') !== 'ok') return null;
		return { claimed: field(data, 'claimed') === true, features: readFeatures(field(data, 'features')) };
	} catch {
		return null;
	}
}

function readFeatures(found: unknown) {
	const named = typeof found === 'object' && found !== null ? Object.entries(found) : [];
	return Object.fromEntries(
		named.map(([name, one]) => {
			const reason = field(one, 'reason');
			const said = typeof reason === 'string' ? { reason } : {};
			return [name, { available: field(one, 'available') === true, ...said }];
		})
	);
}

function field(value: unknown, name: string): unknown {
	return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
