/** What every command handler works with: the agent's parts, put together once per worker. */

import type { ModelRef } from '../../wire/entries';
import type { ProviderCard, ProbeResult, ModelOption } from '../../wire/commands';
import type { Entry } from '../../wire/entries';
import type { Json } from '../../wire/json';
import type { ModelEvent, ModelPort } from '../models/protocol';
import type { Rule, Stance } from '../policy/gate';
import type { AgentPorts, Device } from '../ports';
import type { WatchedAnswer } from '../models/watch-answer';
import type { ElsewherePort } from './elsewhere';
import type { Catalog } from '../skills/catalog';
import type { LamClock } from '../sessions/lam';
import type { Repository } from '../sessions/repository';
import type { SessionRecord } from '../sessions/records';
import type { SearchService } from '../sessions/search/search-service';
import type { SessionWriter } from '../sessions/writer';
import type { Store } from '../storage/store';
import type { Keyring } from '../vault/keyring';
import type { Bus } from '../view/bus';
import type { TurnStatus } from '../view/turn-status';

export interface Settings {
	get(name: string): Json | undefined;
	/** Throws what the store throws. */
	set(name: string, value: Json): Promise<void>;
	reload(): Promise<void>;
}

/** Who may speak to which model, and with which key; made of the provider table, the vault and the settings. */
export interface Providers {
	readonly models: ModelPort;
	/** Reads the code that a request to this model needs. */
	warm(model: ModelRef): Promise<void>;
	/** First ready model: the one that a new session starts with. */
	defaultModel(): ModelRef;
	options(): Promise<readonly ModelOption[]>;
	cards(): Promise<readonly ProviderCard[]>;
	saveKey(provider: string, key: string, baseUrl?: string): Promise<ProbeResult>;
	removeKey(provider: string): Promise<void>;
	probe(provider: string, model?: string): Promise<ProbeResult>;
	configure(
		provider: string,
		change: { via?: 'relay' | 'direct'; baseUrl?: string; model?: string }
	): Promise<void>;
	chain(): { models: readonly ModelRef[]; perModelTimeoutMs: number };
	setChain(chain: { models: readonly ModelRef[]; perModelTimeoutMs: number }): Promise<void>;
	label(model: ModelRef): string;
	cost(model: ModelRef, usage: NonNullable<Entry['response']>['usage']): number | undefined;
	/** Reads along what another device has asked a model; see `watchAnswer`. */
	watch(answer: WatchedAnswer, onEvent: (event: ModelEvent) => void): Promise<void>;
	reload(): Promise<void>;
}

export interface Policy {
	readonly stance: () => Stance;
	readonly rules: () => readonly Rule[];
	/** Part of the commit of a decision. */
	add(rule: Rule): void;
	reload(): Promise<void>;
}

export interface Host {
	readonly ports: AgentPorts;
	readonly device: Device;
	readonly store: Store;
	readonly epoch: () => number;
	readonly repository: Repository;
	readonly lamport: LamClock;
	readonly catalog: Catalog;
	readonly providers: Providers;
	readonly vault: Keyring;
	readonly policy: Policy;
	readonly settings: Settings;
	readonly search: SearchService;
	readonly status: TurnStatus;
	readonly bus: Bus;
	readonly systemPrompt: string;
	/** Of the relay that served this page; absent where there is none. */
	readonly relayOrigin: string | undefined;
	/** Turns that other devices of this home run. */
	readonly elsewhere: ElsewherePort;
	/** Makes the rows of a session that leaves no trace live in memory only. */
	readonly keepOffDisk: (sessionId: string, turnId?: string) => void;
	readonly writer: (sessionId: string) => Promise<SessionWriter>;
}

/** The one writer of each session. */
export function createWriters(
	host: Pick<Host, 'store' | 'epoch' | 'repository' | 'lamport' | 'bus' | 'search'>,
	createWriter: typeof import('../sessions/writer').createSessionWriter
): (sessionId: string) => Promise<SessionWriter> {
	const writers = new Map<string, SessionWriter>();
	return async (sessionId) => {
		const known = writers.get(sessionId);
		if (known !== undefined) return known;
		const loaded = await host.repository.load(sessionId);
		const writer = createWriter(sessionId, {
			store: host.store,
			epoch: host.epoch,
			lamport: host.lamport,
			record: () => loaded.record,
			facts: host.repository.facts,
			withFacts: host.repository.setFacts,
			branch: (head) => (head === null ? [] : loaded.branch(head)),
			applied(record: SessionRecord, entries) {
				host.repository.apply(entries, record);
				if (!record.temporary) void host.search.indexEntries(entries);
				host.bus.publish({ kind: 'applied', record: loaded.record, entries });
			}
		});
		writers.set(sessionId, writers.get(sessionId) ?? writer);
		return writers.get(sessionId) ?? writer;
	};
}
