/**
 * A member device at work: what is committed here goes out, what comes in is stored and shown, for as long as
 * this tab leads. Everything that matters is on disk before the next step; when something could not be
 * written, all of it begins again from there.
 */

import { syncPrefix } from '../../wire/sync';
import type { Json } from '../../wire/json';
import { readOperation, type AnyOperation } from '../../wire/operations';
import type { Host } from '../commands/host';
import type { Turns } from '../commands/turns';
import type { SyncNetwork } from '../ports';
import { untoldRow, type OutgoingStore, type Prepare } from '../storage/outgoing';
import type { Store, StoreWrite } from '../storage/store';
import { applyState, type Applied } from '../sync/apply';
import { beginBirth, tellOneMore } from '../sync/birth';
import { createTelling, tellCommit, type OperationPorts, type Telling } from '../sync/commit-operations';
import { createConnection, type SyncConnection, type SyncStatus } from '../sync/connection';
import { readKeptState } from '../sync/kept';
import { openLink, type Link } from '../sync/link';
import { addNode, takeState, type SyncState } from '../sync/merge';
import { createKeeper, placeWrite, readOutbox } from '../sync/outbox';
import { packSnapshot } from '../sync/pack-snapshot';
import { registerOf } from '../sync/registers';
import type { Reading } from '../sync/read-envelopes';
import { createReplica, type Replica } from '../sync/replica';
import { genesisOf } from '../sync/signature';
import { contentFrom, wholeState } from '../sync/whole-state';
import { openAgreementKey, unwrapEpoch, type AgreementKey } from './agreement-key';
import { openDeviceKey, type DeviceKey } from './device-key';
import { deviceSeenKey } from './devices';
import type { Home } from './home';
import { saveHome } from './home-record';
import { createMissingFiles } from './missing-files';
import { createTurnsElsewhere, type TurnsElsewhere } from './turns-elsewhere';

export const signRow = 'home/sign';

export interface HomeSyncParts {
	readonly host: Host;
	readonly turns: Turns;
	readonly base: Store;
	readonly outgoing: OutgoingStore;
	readonly network: SyncNetwork;
	readonly home: Home;
	/** Nobody was there before: this device adds itself first. */
	readonly isFounder: boolean;
	/** Something that a person may want to see is otherwise. */
	readonly changed: () => void;
}

export interface HomeSync {
	readonly kid: string;
	readonly signer: DeviceKey;
	readonly agreement: AgreementKey;
	readonly prepare: Prepare;
	readonly elsewhere: TurnsElsewhere;
	replica(): Replica;
	/** What was here before this device belonged to the home is queued too. */
	hasToldAll(): boolean;
	status(): SyncStatus;
	/** The room takes nothing more of what is written here. */
	isFull(): boolean;
	/** Resolves when what the others did has been read, or cannot be had now. */
	current(): Promise<void>;
	/** Sends what was queued by others than a commit. */
	send(): void;
	/** A register of the home itself. */
	set(key: string, value: Json): Promise<void>;
	/** Opens the line; call once. */
	start(): void;
	end(): void;
}

const seenEveryMs = 60 * 60_000;
const againMs = 5_000;
const longestMs = 5 * 60_000;
/** A page waits for it with a turn that it has left open: a relay that is not there must not keep it. */
const currentMs = 4_000;
const pollMs = 30;

export async function createHomeSync(parts: HomeSyncParts): Promise<HomeSync> {
	const { host, base, outgoing, network, home, changed } = parts;
	const { clock, ids } = host.ports;
	const signer = await openDeviceKey(base, signRow);
	const agreement = await openAgreementKey(base);
	const { kid } = signer.publicKey;
	const member = { device: signer.publicKey, agree: agreement.raw };
	const told: OperationPorts = { dev: kid, clock, ids, lamport: host.lamport };
	let kept = await readKeptState(base);
	let replica = await createOwnReplica();
	let connection: SyncConnection | undefined;
	let link: Link | undefined;
	let isOver = false;
	let keysSaved = home.keys.secrets();

	async function createOwnReplica(): Promise<Replica> {
		const { acknowledged, place, ...outbox } = await readOutbox(base, contentFrom(base));
		const made = createReplica({
			room: home.room,
			dev: kid,
			genesis: genesisOf(home.room),
			...outbox,
			...(acknowledged === undefined ? {} : { acknowledged }),
			...(place === undefined ? {} : { place })
		});
		const isNew = Object.keys(made.place().members).length === 0 && outbox.sealed.length === 0;
		if (parts.isFounder && isNew) made.queuePurpose({ kind: 'add', member });
		// After an update of the app, what could not be read may be read.
		for (const [id, row] of kept.nodes) addNode(made.state, id, row);
		return made;
	}

	let canTellAll = true;
	function enqueue(operations: readonly AnyOperation[]): void {
		for (const op of operations) {
			const operation = readOperation(op);
			if (operation !== undefined) replica.enqueue(operation);
			// Its row stays, and this device is not in step.
			else canTellAll = false;
		}
		if (operations.length > 0) void connection?.send();
	}

	const files = createMissingFiles({
		base,
		clock,
		told,
		reading,
		askRoom() {
			if (connection?.isCurrent() !== true) return false;
			connection.askKept();
			return true;
		},
		take: apply,
		queue
	});

	async function apply(state: SyncState): Promise<void> {
		const applied = await outgoing.alone((store) =>
			applyState(store, state, {
				dev: kid,
				epoch: host.epoch,
				lamport: host.lamport,
				kept,
				place: () => placeWrite(replica)
			})
		);
		await show(host, elsewhere, applied);
		await files.applied(applied);
	}

	async function advanced(): Promise<void> {
		if (home.keys.secrets() !== keysSaved) {
			await saveHome(base, home);
			keysSaved = home.keys.secrets();
		}
		await apply(takeState(replica.state));
		if (!replica.isSnapshotDue()) return;
		const whole = replica.snapshot(await wholeState(base, kept, kid));
		replica.queueSnapshot(await packSnapshot(whole));
	}

	async function queue(telling: Telling, also: readonly StoreWrite[] = []): Promise<void> {
		const { put: rows, operations } = telling.told();
		const put = [...also, ...rows];
		if (put.length === 0) return;
		await outgoing.alone(async (store) => {
			await store.commit({ epoch: host.epoch(), put: [...put, host.lamport.write()] });
			enqueue(operations);
		});
	}

	function connect(): void {
		const keeper = { ...createKeeper(base, host.epoch, () => replica), advanced };
		connection = createConnection({
			reading: reading(),
			signer,
			clock,
			keeper,
			kept: files.page,
			changed: onChanged,
			failed: () => void restart()
		});
		link = openLink({
			connection,
			network,
			address: `${(host.relayOrigin ?? '').replace(/^http/, 'ws')}${syncPrefix}${home.room}`,
			clock,
			random: host.ports.random,
			changed: onChanged
		});
	}

	const unwrapOwn = async (key: Parameters<typeof unwrapEpoch>[1], epoch: number) =>
		key.kid === kid ? unwrapEpoch(agreement, key, home.room, epoch) : undefined;

	function reading(): Reading {
		return { room: home.room, replica, keys: home.keys, unwrap: unwrapOwn };
	}

	let shown = '';
	let isSeen = false;
	function onChanged(): void {
		void elsewhere.obey().catch(() => undefined);
		const status = connection?.status().kind ?? 'apart';
		if (status === 'joined' && !isSeen && replica.isMember()) {
			isSeen = true;
			void noteSeen().catch(() => undefined);
		}
		if (status !== 'joined') files.cut();
		else if (connection?.isCurrent() === true) void files.look().catch(() => undefined);
		const now = `${status} ${String(connection?.isFull())} ${String(replica.isSettled())} ${JSON.stringify(replica.place().members)}`;
		if (now !== shown) changed();
		shown = now;
	}

	async function noteSeen(): Promise<void> {
		const before = (await registerOf(base, deviceSeenKey(kid)))?.value;
		if (typeof before === 'number' && before > clock.now() - seenEveryMs) return;
		await set(deviceSeenKey(kid), clock.now());
	}

	async function set(key: string, value: Json): Promise<void> {
		const telling = createTelling(told);
		telling.register(key, value, host.lamport.next());
		await queue(telling);
	}

	const elsewhere = createTurnsElsewhere({
		host,
		turns: parts.turns,
		base,
		kid,
		set,
		isConnected: () => connection?.status().kind === 'joined',
		isCurrent: () => connection?.isCurrent() === true,
		isMember: (dev) => replica.place().members[dev]?.isRemoved === false
	});

	/** From what is on disk; what is committed meanwhile waits. */
	async function restart(): Promise<void> {
		link?.end();
		await clock.sleep(againMs);
		await untilDone(() =>
			outgoing.alone(async () => {
				kept = await readKeptState(base);
				replica = await createOwnReplica();
			})
		);
		if (!isOver) connect();
	}

	/** What the disk refuses now it may take later: until then nothing is said to be in step. */
	async function untilDone(job: () => Promise<void>): Promise<void> {
		for (let delay = againMs; !isOver; delay = Math.min(longestMs, delay * 2)) {
			try {
				return await job();
			} catch {
				await clock.sleep(delay);
			}
		}
	}

	let hasToldAll = false;
	async function tellWhatWasHere(): Promise<void> {
		while (!isOver) {
			const more = await outgoing.alone((store) =>
				tellOneMore(store, host.epoch(), told, new Set(Object.keys(replica.place().members)))
			);
			if (more === undefined) break;
			if (more.rewritten !== undefined) host.repository.applyCommit({ put: [more.rewritten] });
			enqueue(more.operations);
		}
		hasToldAll = true;
		changed();
	}

	if ((await base.get('meta', untoldRow)) !== undefined) {
		const untold = { table: 'meta', key: untoldRow } as const;
		await base.commit({ epoch: host.epoch(), delete: [untold], put: [beginBirth] });
	}

	return {
		kid,
		signer,
		agreement,
		async prepare(commit) {
			const made = await tellCommit(commit, base, told);
			return {
				commit: made.commit,
				committed: () => {
					enqueue(made.operations);
				}
			};
		},
		elsewhere,
		replica: () => replica,
		hasToldAll: () => hasToldAll && canTellAll,
		status: () => connection?.status() ?? { kind: 'apart' },
		isFull: () => connection?.isFull() === true,
		async current() {
			const until = clock.now() + currentMs;
			while (network.isOnline() && !isOver && connection?.isCurrent() !== true && clock.now() < until)
				await clock.sleep(pollMs);
		},
		send: () => void connection?.send(),
		set,
		start() {
			connect();
			void untilDone(tellWhatWasHere);
		},
		end() {
			isOver = true;
			elsewhere.end();
			link?.end();
		}
	};
}

/** In memory, in the index and on the pages, as if it had been written here. */
async function show(
	host: Host,
	elsewhere: TurnsElsewhere,
	{ sessions, purged, tables, turns, ended, hasOther }: Applied
): Promise<void> {
	for (const { deletes } of purged) host.repository.applyCommit({ delete: deletes });
	for (const { record, entries, writes } of sessions) {
		elsewhere.beforeShown(
			new Set(entries.flatMap(({ kind, turnId = '' }) => (kind === 'assistant' ? [turnId] : [])))
		);
		host.repository.applyCommit({ put: writes.filter(({ table }) => table === 'entries') });
		host.repository.apply([], record);
		void host.search.indexEntries(entries);
		const current = (await host.repository.record(record.id)) ?? record;
		host.bus.publish({ kind: 'applied', record: current, entries });
	}
	// Once what they speak of is there.
	await elsewhere.read(turns);
	for (const { sessionId, turnId } of ended) host.bus.publish({ kind: 'ended', sessionId, turnId });
	if (sessions.length + purged.length > 0) host.bus.publish({ kind: 'sessions' });
	if (tables.size > 0) {
		await Promise.all([host.settings.reload(), host.policy.reload()]);
		await host.providers.reload();
	}
	if (tables.size > 0 || hasOther) host.bus.publish({ kind: 'changed', what: 'settings' });
}
