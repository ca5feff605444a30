/** The agent worker: hands the browser's parts to the agent and exposes it to the page. No logic. */

import { expose } from 'comlink';
import type { AgentWorker, AppStatus } from '../lib/wire/commands';
import type { FromPage } from '../lib/wire/view';
import { AppError, isAbort } from '../lib/wire/errors';
import { isJsonObject } from '../lib/wire/json';
import { uuidv7 } from '../lib/wire/uuid';
import { createAgent } from '../lib/agent/commands/agent';
import type { Agent } from '../lib/agent/commands/agent';
import type { Channel, Lease } from '../lib/agent/commands/tabs';
import type { BuiltinPort } from '../lib/agent/models/builtin';
import type { AgentPorts } from '../lib/agent/ports';
import { openDexieStore } from '../lib/agent/storage/dexie';
import type { Store } from '../lib/agent/storage/store';
import { readDevice } from '../lib/agent/storage/device';
import { admittedRow, isForRelay } from '../lib/agent/home/admitted';
import { relayStanding } from '../lib/agent/home/relay-standing';
import type { RelayAccess } from '../lib/agent/home/relay-access';
import { builtInPlugins } from '../lib/plugins';

const ports: AgentPorts = {
	clock: {
		now: () => Date.now(),
		sleep: (ms, signal) =>
			new Promise((resolve, reject) => {
				const timer = setTimeout(resolve, ms);
				signal?.addEventListener('abort', () => {
					clearTimeout(timer);
					reject(new DOMException('Aborted', 'AbortError'));
				});
			})
	},
	ids: { next: () => uuidv7() },
	random: { float: () => Math.random(), bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
	async fetch(to, init) {
		const address = typeof to === 'string' ? to : to.url;
		const access =
			isForRelay(address, self.location.origin) && (await isAdmitted()) ? relayAccess : undefined;
		return access === undefined ? fetch(to, init) : (await access()).fetch(to, init);
	},
	sockets: () => import('./browser-socket')
};

let store: Store | undefined;
let isMember = false;
/** Looked up until it is so: another tab may have claimed the relay. */
async function isAdmitted(): Promise<boolean> {
	isMember ||= (await store?.get('vault', admittedRow)) !== undefined;
	return isMember;
}

let access: Promise<RelayAccess> | undefined;
function relayAccess(): Promise<RelayAccess> {
	access ??= import('../lib/agent/home/relay-access').then(({ createRelayAccess }) => {
		if (store === undefined) throw new AppError('storage/gone');
		const network = { ...ports, fetch: (to: Request | string, init?: RequestInit) => fetch(to, init) };
		return createRelayAccess({ store, ports: network, origin: self.location.origin });
	});
	return access;
}

const databaseName = 'wherry';
const lockName = 'wherry:agent';
const lease: Lease = {
	request(run, { steal }) {
		const lost = new AbortController();
		navigator.locks
			.request(lockName, { mode: 'exclusive', ...(steal ? { steal: true } : {}) }, () => run(lost.signal))
			// Stolen: the promise rejects while the holder still believes.
			.catch((thrown: unknown) => {
				lost.abort();
				if (!isAbort(thrown)) throw thrown;
			});
	},
	async isHeld() {
		const { held = [] } = await navigator.locks.query();
		return held.some((lock) => lock.name === lockName);
	}
};

const broadcast = new BroadcastChannel('wherry');
const channel: Channel = {
	post: (message) => {
		broadcast.postMessage(message);
	},
	onMessage(listener) {
		broadcast.onmessage = ({ data }: MessageEvent<unknown>) => {
			listener(data);
		};
	}
};

async function storageStatus(): Promise<Omit<AppStatus, 'role' | 'schemaOk'>> {
	const [persisted, estimate, copy] = await Promise.all([
		navigator.storage.persisted(),
		navigator.storage.estimate(),
		copyStatus()
	]);
	return {
		persisted,
		usageBytes: estimate.usage ?? 0,
		quotaBytes: estimate.quota ?? 0,
		relay: await relayState(),
		...(copy === undefined ? {} : { copy })
	};
}

/** Hardly anybody has a copy: what reads it is a chunk of its own. */
async function copyStatus(): Promise<AppStatus['copy']> {
	const names = (await indexedDB.databases()).flatMap(({ name = '' }) =>
		name.startsWith(`${databaseName}-before-`) ? [name] : []
	);
	if (names.length === 0) return undefined;
	const { newestCopy } = await import('../lib/agent/storage/backup');
	return newestCopy(databaseName, { now: Date.now(), names });
}

async function relayState(): Promise<AppStatus['relay']> {
	const data = await ask('/api/health');
	return isJsonObject(data) ? relayStanding(data) : null;
}

async function relayKeys(): Promise<readonly string[]> {
	const data = await ask('/api/relay/providers');
	if (!Array.isArray(data)) return [];
	return data.flatMap((one: unknown) =>
		typeof one === 'object' &&
		one !== null &&
		'id' in one &&
		typeof one.id === 'string' &&
		'hasRelayKey' in one &&
		one.hasRelayKey === true
			? [one.id]
			: []
	);
}

/** `data` of one of our own endpoints; undefined where it cannot be had. */
async function ask(path: string): Promise<unknown> {
	try {
		const response = await ports.fetch(self.location.origin + path);
		const body: unknown = await response.json();
		return typeof body === 'object' && body !== null && 'ok' in body && body.ok === true && 'data' in body
			? body.data
			: undefined;
	} catch {
		return undefined;
	}
}

async function open(): Promise<Agent> {
	const opened = await openDexieStore({
		name: databaseName,
		onVersionChange: () => {
			self.close();
		},
		onClosed: () => {
			self.close();
		}
	});
	store = opened;
	return createAgent({
		store: opened,
		ports,
		device: await readDevice(opened, ports.ids),
		plugins: builtInPlugins,
		relayOrigin: self.location.origin,
		lease,
		channel,
		timeZone: () => Intl.DateTimeFormat().resolvedOptions().timeZone,
		locale: () => navigator.language,
		relay: {
			async fetchPage(url, signal) {
				const { fetchThroughRelay } = await import('../lib/agent/skills/page-relay');
				return fetchThroughRelay(ports.fetch, self.location.origin, url, signal);
			}
		},
		relayKeys,
		relayAccess,
		syncNetwork: async () => (await import('./sync-network')).syncNetwork,
		storageStatus,
		builtin: () => builtin
	});
}

const agent = open();
// A lock under this worker's own name: the page notices its death by getting it.
void navigator.locks.request(self.name, () => new Promise(() => undefined));

let builtin: BuiltinPort | undefined;

const endpoint: AgentWorker = {
	async freeze() {
		(await agent).freeze();
	},
	async lendModel(port) {
		const { receiveBuiltinModel } = await import('./builtin-worker');
		builtin = receiveBuiltinModel(port);
	},
	async attach(port) {
		const opened = await agent;
		await opened.attach({
			post: (message) => {
				port.postMessage(message);
			},
			onMessage(listener) {
				port.onmessage = ({ data }: MessageEvent<FromPage>) => {
					listener(data);
				};
			}
		});
	},
	async call(name, commandId, input) {
		return (await agent).call(name, commandId, input);
	}
};
expose(endpoint);
