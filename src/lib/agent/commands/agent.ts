/**
 * The agent of one tab, put together from its ports: the same in a worker, in Node and in
 * tests. A tab lives through "lives": as a follower it reads; when it becomes the leader
 * everything is read anew under a new epoch and open turns go on.
 */

import type { AppStatus, CommandInput, CommandName, CommandOutput, Result } from '../../wire/commands';
import { AppError, toAppError } from '../../wire/errors';
import { createReadOnlyStore, readSchema } from '../sessions/upcast';
import { createOutgoingStore } from '../storage/outgoing';
import { createTemporaryStore } from '../storage/temporary';
import { createBus } from '../view/bus';
import type { BusMessage } from '../view/bus';
import { createLiveSteps, isLiveStep } from '../view/live-steps';
import type { LiveStep } from '../view/live-steps';
import { createPageView } from '../view/page-view';
import type { PageView } from '../view/page-view';
import type { Port } from '../view/page-port';
import { createTurnStatus } from '../view/turn-status';
import { createDispatcher } from './dispatch';
import type { Dispatcher } from './dispatch';
import type { Host } from './host';
import { createLibraryReads } from './library-commands';
import { relayReads } from './relay-commands';
import { createReadCommands } from './session-commands';
import { sessionState, turnEnds, undoStates } from './session-state';
import { createTabs, isStale } from './tabs';
import { followerEpoch, openLife } from './life';
import type { AgentOptions, Life, TabParts } from './life';

export interface Agent {
	/** Resolves when recovery is done. */
	attach(port: Port): Promise<void>;
	call<K extends CommandName>(
		name: K,
		commandId: string,
		input: CommandInput<K>
	): Promise<Result<CommandOutput<K>>>;
	/** The tab is put to sleep: another may lead. */
	freeze(): void;
}

export async function createAgent(options: AgentOptions): Promise<Agent> {
	const bus = createBus();
	const status = createTurnStatus();
	const liveSteps = createLiveSteps();
	bus.subscribe((message) => {
		if (message.kind === 'loop') liveSteps.note(message.sessionId, message.at, message.event);
		// Whoever shares nothing live never loads what does it; a chunk that cannot be read now is asked for again.
		if (message.kind !== 'changed' || !life?.host.settings.get('shares/live') || tabs.role() !== 'leader')
			return;
		const { host, turns } = life;
		void import('./live-shares').then((live) => live.keepSharesLive(host, turns)).catch(() => undefined);
	});
	const temporary = new Set<string>();
	/** A newer build wrote here: everything can be read, nothing is written. */
	const isOutdated = (await readSchema(options.store)) !== 'ok';
	const base = isOutdated ? createReadOnlyStore(options.store) : options.store;
	const outgoing = createOutgoingStore(base);
	const store = createTemporaryStore(outgoing, (id) => temporary.has(id));
	/** In a home, this device is known by its key. */
	const device = { id: options.device.id };
	let relayKeys: readonly string[] = [];
	let life: Life | undefined;
	let reads: Dispatcher | undefined;
	let view: PageView | undefined;

	async function readRelayKeys(): Promise<void> {
		relayKeys = await options.relayKeys();
	}
	const relayParts = {
		ports: options.ports,
		origin: options.relayOrigin,
		access: options.relayAccess,
		async changed() {
			await readRelayKeys();
			bus.publish({ kind: 'changed', what: 'providers' });
			bus.publish({ kind: 'changed', what: 'settings' });
		}
	};
	const tab: TabParts = {
		options,
		device,
		base,
		outgoing,
		store,
		temporary,
		bus,
		status,
		relayParts,
		relayKeys: () => relayKeys
	};

	/** Lives follow each other; a command waits until the one that is being opened has recovered. */
	let opening: Promise<void> = Promise.resolve();
	let showing: Promise<unknown> = Promise.resolve();
	function begin(epoch: number): Promise<void> {
		opening = opening.then(
			() => open(epoch),
			() => open(epoch)
		);
		return opening;
	}

	async function open(epoch: number): Promise<void> {
		const shown = view?.sessionId() ?? null;
		const unsaved = shown === null || life === undefined ? null : await life.host.repository.record(shown);
		life?.end();
		liveSteps.clear();
		life = await openLife(tab, epoch);
		reads = undefined;
		const { home, turns } = life;
		if (epoch === followerEpoch) await turns.look();
		else {
			await home.beforeRecovery().catch(() => undefined);
			await turns.recover();
			void home.look().catch(() => undefined);
		}
		// Roles have changed: what the page says of this tab is asked anew.
		bus.publish({ kind: 'changed', what: 'settings' });
		if (shown === null) return;
		const isStored = (await life.host.repository.record(shown)) !== null;
		if (!isStored && unsaved !== null) life.host.repository.begin(unsaved);
		await openReads().call('session.open', `reopen-${options.ports.ids.next()}`, { sessionId: shown });
	}

	function openReads(): Dispatcher {
		if (life === undefined || view === undefined) throw new AppError('worker/crashed');
		reads ??= createDispatcher(
			{ remembers: false },
			createReadCommands(life.host, view),
			createLibraryReads(life.host),
			relayReads(relayParts),
			{
				'app.status': appStatus,
				'app.takeOver': async () => {
					await tabs.takeOver();
					return null;
				}
			}
		);
		return reads;
	}

	async function appStatus(): Promise<AppStatus> {
		return {
			role: tabs.role(),
			schemaOk: !isOutdated,
			...(await options.storageStatus()),
			...life?.host.elsewhere.trouble?.()
		};
	}

	/** Long after the start, when nobody waits for anything any more. */
	async function keepHouseLater(epoch: number): Promise<void> {
		await options.ports.clock.sleep(housekeepingAfterMs);
		const { host } = life ?? {};
		if (host?.epoch() !== epoch) return;
		const { keepHouse } = await import('./housekeeping');
		await keepHouse(host);
	}

	const current = (): Host => {
		if (life === undefined) throw new AppError('worker/crashed');
		return life.host;
	};

	const tabs = createTabs({
		...options.ports,
		lease: options.lease,
		channel: options.channel,
		store,
		async onLead(epoch) {
			await begin(epoch);
			void keepHouseLater(epoch).catch(() => undefined);
		},
		onLose() {
			life?.end();
			void begin(followerEpoch);
		},
		onCommand: (name, id, input) =>
			name === askLive
				? Promise.resolve({ ok: true, data: liveSteps.of(String(input)) })
				: callWrite(name, id, input),
		onBus: receive
	});

	async function callWrite(name: string, id: string, input: unknown): Promise<Result<unknown>> {
		await opening;
		const writes = life?.writes;
		if (writes?.has(name) !== true) {
			return {
				ok: false,
				error: new AppError('input/invalid', { message: `There is no command ${name}.` }).toWire()
			};
		}
		return writes.callAny(name, id, input);
	}

	/** By whoever leads. What the fence refused because the lead has just changed hands is asked of the new leader. */
	async function write(name: string, id: string, input: unknown): Promise<Result<unknown>> {
		for (let attempt = 0; ; attempt++) {
			const result =
				tabs.role() === 'leader' ? await callWrite(name, id, input) : await tabs.forward(name, id, input);
			if (!isStale(result) || attempt === maximumHandovers) return result;
			await options.ports.clock.sleep(handoverMs);
		}
	}

	/** What the leader has of the answer that is being written there. */
	async function askLiveStep(sessionId: string): Promise<LiveStep | null> {
		if (tabs.role() !== 'follower' || isOutdated) return null;
		liveSteps.expect(sessionId);
		const result = await tabs.forward(askLive, options.ports.ids.next(), sessionId);
		return liveSteps.adopt(sessionId, result.ok && isLiveStep(result.data) ? result.data : null);
	}

	/** News from the leader, in a tab that follows. */
	function receive(message: BusMessage): void {
		if (message.kind === 'applied') life?.host.repository.apply(message.entries, message.record);
		if (message.kind === 'loop') status.note(message.sessionId, message.event);
		if (message.kind === 'changed') {
			const read = message.what === 'providers' ? readRelayKeys() : undefined;
			void Promise.all([life?.host.providers.reload(), read]).then(() => {
				bus.publish(message);
			});
			return;
		}
		bus.publish(message);
	}
	// A temporary session is nobody else's business.
	bus.subscribe((message) => {
		const sessionId =
			'sessionId' in message ? message.sessionId : 'record' in message ? message.record.id : '';
		if (!temporary.has(sessionId)) tabs.tell(message);
	});

	if (!isOutdated) await tabs.start();
	if (life === undefined) await begin(followerEpoch);
	void readRelayKeys().then(() => {
		if (relayKeys.length > 0) bus.publish({ kind: 'changed', what: 'providers' });
	});

	return {
		async attach(port) {
			view = createPageView(port, {
				bus,
				status,
				about: {
					action(id) {
						const facts = current().catalog.facts(id);
						return { title: facts?.title ?? id, effects: facts?.effects ?? [] };
					},
					gist: (action, args) => current().catalog.gist(action, args),
					byline: (model) =>
						model.provider === 'rehearsal' ? 'Rehearsal · no model' : current().providers.label(model)
				},
				async stateOf(loaded) {
					const state = await sessionState(current(), loaded);
					// Not waited for, and no error here: a chunk that cannot be read now is asked for again when it is needed.
					void current()
						.providers.warm(state.model)
						.catch(() => undefined);
					return isOutdated ? { ...state, readOnly: new AppError('storage/newer-schema').toWire() } : state;
				},
				liveStep: (sessionId) => liveSteps.of(sessionId),
				askLiveStep,
				readTurnEnds: (turnIds) => turnEnds(current(), turnIds),
				readUndo: (keys) => undoStates(current(), keys)
			});
			reads = undefined;
			await Promise.resolve();
		},
		async call<K extends CommandName>(name: K, commandId: string, input: CommandInput<K>) {
			try {
				await tabs.ready();
				await opening;
				const local = openReads();
				if (isTemporaryOpen(name, input)) {
					if (tabs.role() !== 'leader') {
						const message = 'A temporary session lives in the tab that runs the agent. Take over here first.';
						throw new AppError('worker/no-leader', { message });
					}
					await store.prepare();
				}
				if (local.has(name)) {
					const answer = local.call(name, commandId, input);
					if (name === 'session.open') showing = answer;
					return await answer;
				}
				// What the page has just opened is there before anything is done with it.
				await showing;
				if (isOutdated) throw new AppError('storage/newer-schema');
				return answerFor<K>(await write(name, commandId, input));
			} catch (thrown) {
				return { ok: false, error: toAppError(thrown).toWire() };
			}
		},
		freeze: () => {
			tabs.release();
		}
	};
}

/** Its rows are in one worker's memory: another tab would have to write them down to pass them on. */
function isTemporaryOpen(name: CommandName, input: unknown): boolean {
	return (
		name === 'session.open' &&
		typeof input === 'object' &&
		input !== null &&
		'temporary' in input &&
		input.temporary === true
	);
}

/** An answer by name is what its name says: the leader runs the same build, or refuses. */
function answerFor<K extends CommandName>(result: Result<unknown>): Result<CommandOutput<K>> {
	// eslint-disable-next-line @typescript-eslint/consistent-type-assertions
	return result as Result<CommandOutput<K>>;
}

/** Between tabs only: no page sends it. */
const askLive = 'session.live';

const housekeepingAfterMs = 60_000;

/** How often, and after how long, a command is tried again while the lead changes hands. */
const maximumHandovers = 20;
const handoverMs = 100;
