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
import { readSegment } from '../sessions/read-record';
import { isRecord } from '../sessions/upcast';
import { untoldRow, type OutgoingStore, type Prepare } from '../storage/outgoing';
import type { Store } from '../storage/store';
import { applyState, type Applied } from '../sync/apply';
import { asJson } from '../sync/as-json';
import { beginBirth, tellOneMore } from '../sync/birth';
import { createTelling, tellCommit, type OperationPorts, type Telling } from '../sync/commit-operations';
import { createConnection, type SyncConnection, type SyncStatus } from '../sync/connection';
import { fileContent } from '../sync/files';
import { readKeptState } from '../sync/kept';
import { openLink, type Link } from '../sync/link';
import { addNode, takeState } from '../sync/merge';
import { createKeeper, placeWrite, readOutbox } from '../sync/outbox';
import { registerOf } from '../sync/registers';
import { createReplica, type Replica } from '../sync/replica';
import { genesisOf } from '../sync/signature';
import { wholeState } from '../sync/whole-state';
import { openAgreementKey, unwrapEpoch, type AgreementKey } from './agreement-key';
import { openDeviceKey, type DeviceKey } from './device-key';
import { deviceSeenKey } from './devices';
import type { Home } from './home';
import { saveHome } from './home-record';
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
	status(): SyncStatus;
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

	function enqueue(operations: readonly AnyOperation[]): void {
		for (const op of operations) {
			const operation = readOperation(op);
			if (operation !== undefined) replica.enqueue(operation);
		}
		if (operations.length > 0) void connection?.send();
	}

	async function advanced(): Promise<void> {
		if (home.keys.secrets() !== keysSaved) {
			await saveHome(base, home);
			keysSaved = home.keys.secrets();
		}
		const taken = takeState(replica.state);
		const applied = await outgoing.alone((store) =>
			applyState(store, taken, {
				dev: kid,
				epoch: host.epoch,
				lamport: host.lamport,
				kept,
				place: () => placeWrite(replica)
			})
		);
		await show(host, elsewhere, applied);
		await exchangeFiles(applied);
		if (replica.isSnapshotDue()) replica.queueSnapshot(await wholeState(base, kept, kid));
	}

	/** Told once a life at most: several devices may ask for the same, and several may have it. */
	const answered = new Set<string>();
	const asked = new Set<string>();
	async function exchangeFiles({ missing, wanted }: Applied): Promise<void> {
		const telling = createTelling(told);
		for (const blob of missing) {
			if (!asked.has(blob)) telling.want(blob);
			asked.add(blob);
		}
		for (const blob of wanted) {
			const content = answered.has(blob) ? undefined : await fileContent(base, blob);
			if (content !== undefined) telling.file(blob, content);
			answered.add(blob);
		}
		await queue(telling);
	}

	async function queue(telling: Telling): Promise<void> {
		const { put, operations } = telling.told();
		if (put.length === 0) return;
		await outgoing.alone(async (store) => {
			await store.commit({ epoch: host.epoch(), put: [...put, host.lamport.write()] });
			enqueue(operations);
		});
	}

	function connect(): void {
		const keeper = { ...createKeeper(base, host.epoch, () => replica), advanced };
		connection = createConnection({
			reading: { room: home.room, replica, keys: home.keys, unwrap: unwrapOwn },
			signer,
			keeper,
			changed: onChanged,
			failed: () => void restart().catch(() => undefined)
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

	let shown = '';
	let isSeen = false;
	function onChanged(): void {
		const status = connection?.status().kind ?? 'apart';
		if (status === 'joined' && !isSeen && replica.isMember()) {
			isSeen = true;
			void noteSeen().catch(() => undefined);
		}
		const now = `${status} ${String(replica.isSettled())} ${JSON.stringify(replica.place().members)}`;
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
		isConnected: () => connection?.status().kind === 'joined'
	});

	/** From what is on disk; what is committed meanwhile waits. */
	async function restart(): Promise<void> {
		link?.end();
		await clock.sleep(againMs);
		if (isOver) return;
		await outgoing.alone(async () => {
			kept = await readKeptState(base);
			replica = await createOwnReplica();
		});
		if (!isOver) connect();
	}

	async function tellWhatWasHere(): Promise<void> {
		while (!isOver) {
			const more = await outgoing.alone((store) =>
				tellOneMore(store, host.epoch(), told, new Set(Object.keys(replica.place().members)))
			);
			if (more === undefined) return;
			if (more.rewritten !== undefined) host.repository.applyCommit({ put: [more.rewritten] });
			enqueue(more.operations);
		}
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
		status: () => connection?.status() ?? { kind: 'apart' },
		async current() {
			const until = clock.now() + currentMs;
			while (network.isOnline() && !isOver && connection?.isCurrent() !== true && clock.now() < until)
				await clock.sleep(pollMs);
		},
		send: () => void connection?.send(),
		set,
		start() {
			connect();
			void tellWhatWasHere().catch(() => undefined);
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
	{ sessions, purged, tables, turns, hasOther }: Applied
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
	if (sessions.length + purged.length > 0) host.bus.publish({ kind: 'sessions' });
	if (tables.size > 0) {
		await Promise.all([host.settings.reload(), host.policy.reload()]);
		await host.providers.reload();
	}
	if (tables.size > 0 || hasOther) host.bus.publish({ kind: 'changed', what: 'settings' });
}

/** An entry as it is stored, alone or packed. Packed ones of a session are read together, once. */
function contentFrom(store: Store): (sessionId: string, entryId: string) => Promise<Json | undefined> {
	let packed: { readonly sessionId: string; readonly rows: ReadonlyMap<string, unknown> } | undefined;
	return async (sessionId, entryId) => {
		const row = await store.get('entries', `${sessionId}/${entryId}`);
		if (row !== undefined) return asJson(row);
		if (packed?.sessionId !== sessionId) {
			const segments = await store.range('segments', { prefix: `${sessionId}/` });
			const rows = new Map<string, unknown>();
			for (const { row: segment } of segments)
				for (const element of readSegment(segment)?.elements ?? [])
					if (isRecord(element) && typeof element.id === 'string') rows.set(element.id, element);
			packed = { sessionId, rows };
		}
		const found = packed.rows.get(entryId);
		return found === undefined ? undefined : asJson(found);
	};
}
