/**
 * One life of a tab: everything that it reads from the store, put together under one epoch. The next life, in the lead
 * or behind another tab, reads everything anew.
 */

import type { PluginDefinition, HostServices } from '../../plugins/plugin';
import type { AppStatus } from '../../wire/commands';
import { AppError } from '../../wire/errors';
import type { RelayAccess } from '../home/relay-access';
import type { BuiltinPort } from '../models/builtin';
import { traitsOf } from '../models/catalog';
import { modelOnDemand } from '../models/on-demand';
import type { ModelPort } from '../models/protocol';
import type { AgentPorts, Device, SyncNetwork } from '../ports';
import { rehearsalOnDemand } from '../rehearsal/on-demand';
import { openLamClock } from '../sessions/lam';
import { createRepository } from '../sessions/repository';
import { searchOnDemand } from '../sessions/search/on-demand';
import { createSessionWriter } from '../sessions/writer';
import { createCatalog } from '../skills/catalog';
import type { OutgoingStore } from '../storage/outgoing';
import type { Store } from '../storage/store';
import type { TemporaryStore } from '../storage/temporary';
import { openKeyring } from '../vault/keyring';
import type { Bus } from '../view/bus';
import type { TurnStatus } from '../view/turn-status';
import { createDispatcher } from './dispatch';
import type { Dispatcher } from './dispatch';
import { homeOnDemand } from './home-commands';
import type { HomeOnDemand } from './home-commands';
import type { Host } from './host';
import { createWriters } from './host';
import { hostServices } from './host-services';
import { createLibraryCommands } from './library-commands';
import { createProviders } from './providers';
import { relayWrites } from './relay-commands';
import type { RelayCommandParts } from './relay-commands';
import { createSessionCommands } from './session-commands';
import { openPolicy, openSettings } from './settings';
import { systemPrompt } from './system-prompt';
import type { Channel, Lease } from './tabs';
import type { Turns } from './turns';
import { createTurns } from './turns';

export interface AgentOptions {
	readonly store: Store;
	readonly ports: AgentPorts;
	readonly device: Device;
	readonly plugins: readonly PluginDefinition[];
	readonly relayOrigin: string | undefined;
	readonly lease: Lease;
	readonly channel: Channel;
	readonly timeZone: () => string;
	readonly locale: () => string;
	/** The browser's own model, once a page has lent it. */
	readonly builtin?: () => BuiltinPort | undefined;
	/** Fetches a page by the relay for `web`; absent where there is none. */
	readonly relay?: HostServices['relay'];
	/** This device's standing at its relay; absent where there is none. */
	readonly relayAccess?: () => Promise<RelayAccess>;
	/** The way to this person's other devices; absent where there is none. */
	readonly syncNetwork?: () => Promise<SyncNetwork>;
	/** Ids of providers that this relay has keys for, for us. */
	readonly relayKeys: () => Promise<readonly string[]>;
	readonly storageStatus: () => Promise<Omit<AppStatus, 'role' | 'schemaOk'>>;
}

/** What a tab keeps from one life to the next. */
export interface TabParts {
	readonly options: AgentOptions;
	/** Its id becomes the key's in a home. */
	readonly device: { id: string };
	/** Below `outgoing`: what is written here is told to no other device. */
	readonly base: Store;
	readonly outgoing: OutgoingStore;
	/** Over both: rows of temporary sessions stay in memory. */
	readonly store: TemporaryStore;
	/** Ids of sessions that leave no trace. */
	readonly temporary: Set<string>;
	readonly bus: Bus;
	readonly status: TurnStatus;
	readonly relayParts: RelayCommandParts;
	readonly relayKeys: () => readonly string[];
}

export interface Life {
	readonly host: Host;
	readonly turns: Turns;
	readonly home: HomeOnDemand;
	readonly writes: Dispatcher;
	/** Another tab goes on: from now on nothing that is under way here is written. */
	end(): void;
}

/** @param epoch a follower's is refused by every commit. */
export async function openLife(
	{ options, device, base, outgoing, store, temporary, bus, status, relayParts, relayKeys }: TabParts,
	epoch: number
): Promise<Life> {
	let isOver = false;
	const at = { store, epoch: () => (isOver ? followerEpoch : epoch) };
	const settings = await openSettings(store, at.epoch);
	const vault = await openKeyring({ ...options.ports, ...at, crypto, relayOrigin: options.relayOrigin });
	const policy = await openPolicy(store);
	const lamport = await openLamClock(store);
	const search = searchOnDemand(at);
	const repository = createRepository({
		...options.ports,
		store,
		device,
		turnOf: (id) => status.display(id)
	});
	const services = hostServices({
		repository,
		search,
		storageStatus: options.storageStatus,
		relay: options.relay,
		providers: () => providers.cards()
	});
	const catalog = await createCatalog({
		...options.ports,
		...at,
		plugins: options.plugins,
		host: services,
		hasSecret: (name) => vault.has(name),
		sign: (secretId, request, header) =>
			vault.sign({
				secretId,
				request,
				place: (headers, key) => {
					headers.set(header, header.toLowerCase() === 'authorization' ? `Bearer ${key}` : key);
				}
			}),
		timeZone: options.timeZone,
		locale: options.locale
	});
	const providers = createProviders({
		ports: options.ports,
		settings,
		vault,
		relayOrigin: options.relayOrigin,
		relayKeys,
		rehearsal: rehearsalOnDemand(catalog),
		builtin: lazyBuiltin(() => options.builtin?.()),
		hasBuiltin: () => options.builtin?.() !== undefined,
		builtinAvailability: () => options.builtin?.()?.availability() ?? Promise.resolve('unavailable')
	});
	const parts = {
		...at,
		ports: options.ports,
		device,
		repository,
		lamport,
		catalog,
		providers,
		vault,
		policy,
		settings,
		search,
		status,
		bus,
		systemPrompt,
		elsewhere: { current: undefined, isInStep: () => Promise.resolve(false) },
		relayOrigin: options.relayOrigin
	};
	const host: Host = {
		...parts,
		keepOffDisk(sessionId) {
			// Before anything of it is written: what is not there yet would let it through to the disk.
			if (!store.isPrepared()) throw new AppError('internal/unexpected');
			temporary.add(sessionId);
		},
		writer: createWriters(parts, createSessionWriter)
	};
	const turns = createTurns(host);
	const became = (kid: string): void => {
		device.id = kid;
	};
	const home = homeOnDemand({ host, turns, base, outgoing, became }, options.syncNetwork);
	outgoing.tell(undefined);
	if (epoch !== followerEpoch) await home.start();
	const writes = createDispatcher(
		{ remembers: true },
		createSessionCommands(host, turns),
		createLibraryCommands(host),
		home.handlers,
		relayWrites(relayParts)
	);
	return {
		host,
		turns,
		home,
		writes,
		end() {
			isOver = true;
			home.end();
			turns.abandon();
		}
	};
}

/** The page may lend it at any time, so that each request looks anew. */
function lazyBuiltin(port: () => BuiltinPort | undefined): ModelPort {
	return modelOnDemand(traitsOf, async () => {
		const { createBuiltinModel } = await import('../models/builtin');
		return {
			describe: traitsOf,
			ask: (request, options) => createBuiltinModel(port()).ask(request, options)
		};
	});
}

/** No epoch is below it: whatever a follower would write is refused. */
export const followerEpoch = -1;
