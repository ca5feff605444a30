/**
 * Sessions as the agent works with them: loaded once, kept current by `apply` after every
 * commit, written only by the commits that the caller makes. It returns writes and never
 * commits by itself, so that a turn's commits stay few and atomic.
 */

import type { Entry } from '../../wire/entries';
import { AppError } from '../../wire/errors';
import type { TurnDisplay } from '../../wire/view';
import type { Clock, Device, Ids } from '../ports';
import type { Commit, Store, StoreDelete, StoreWrite } from '../storage/store';
import { facts, mergeRegisters, setFacts } from './facts';
import { openLamClock, type LamClock } from './lam';
import { listSessions, type ListQuery, type SessionList } from './list';
import { loadSession, readRecord } from './load';
import { createLoaded, type LoadedSession, type LoadedState } from './loaded';
import { readSegment } from './read-record';
import { sessionVersion, type SessionFacts, type SessionRecord } from './records';
import { packEntries } from './segments';

export interface RepositoryPorts {
	readonly store: Store;
	readonly device: Device;
	readonly clock: Clock;
	readonly ids: Ids;
	/** What the list shows of a running turn. Default: idle. */
	readonly turnOf?: (sessionId: string) => TurnDisplay;
}

export interface Writes {
	readonly put: readonly StoreWrite[];
	readonly delete: readonly StoreDelete[];
}

export interface Repository {
	/** Not stored: its record goes into the commit of its first message. */
	newSession(options?: {
		readonly temporary?: boolean;
		readonly facts?: Partial<SessionFacts>;
		readonly lam?: number;
	}): SessionRecord;
	/** Puts a new session into memory before it is stored. A fork is stored first and then loaded. */
	begin(record: SessionRecord): LoadedSession;
	/** The same object for as long as anybody holds it. Throws `session/not-found`, and what the store throws. */
	load(sessionId: string): Promise<LoadedSession>;
	record(sessionId: string): Promise<SessionRecord | null>;
	/** Keeps loaded sessions current. Call after the commit, in commit order. */
	apply(entries: readonly Entry[], record?: SessionRecord): void;
	/** The same from the commit itself, segments and deleted sessions included. */
	applyCommit(commit: Pick<Commit, 'put' | 'delete'>): void;
	/** Drops what is in memory: one session, or everything and the clock (another tab has written). */
	forget(sessionId?: string): void;
	facts(record: SessionRecord): SessionFacts;
	setFacts(record: SessionRecord, patch: Partial<SessionFacts>, lam: number): SessionRecord;
	mergeRegisters(a: SessionRecord['registers'], b: SessionRecord['registers']): SessionRecord['registers'];
	list(query?: ListQuery): Promise<SessionList>;
	/** Settled entries into full segments; empty until 100 have gathered. `openTurns`: turns whose entries stay single. */
	packSegments(sessionId: string, openTurns?: ReadonlySet<string>): Promise<Writes>;
	/** The record of a session that goes on from this entry; see `forkRecord`. Not stored. */
	fork(sessionId: string, entryId: string, lam: number): Promise<SessionRecord>;
	/** One clock for everybody who writes with this repository. */
	lamport(): Promise<LamClock>;
	nextLam(): Promise<{ readonly lam: number; readonly write: StoreWrite }>;
}

/** Bounds what is held without being used: sessions, and entries of all of them together. */
const maximumLoaded = 8;
const maximumEntries = 150_000;

interface Loading {
	readonly promise: Promise<LoadedState>;
	/** What is committed while the store is being read. */
	readonly late: ((loaded: LoadedState) => void)[];
}

export function createRepository({
	store,
	device,
	clock,
	ids,
	turnOf = () => 'idle'
}: RepositoryPorts): Repository {
	/** Most recently used last. */
	const recent = new Map<string, LoadedState>();
	/** Whatever anybody still holds, so that there is never a second, older copy of a session. */
	const held = new Map<string, WeakRef<LoadedState>>();
	const loading = new Map<string, Loading>();
	let clockOpening: Promise<LamClock> | null = null;
	let openClock: LamClock | null = null;
	/** The latest stamp on any record that was read. */
	let seen = 0;

	/** What this device writes next must win over everything it has seen. */
	function observe(record: SessionRecord): void {
		const before = seen;
		for (const { lam } of Object.values(record.registers)) if (lam > seen) seen = lam;
		if (seen > before) openClock?.observe(seen);
	}

	function cached(sessionId: string): LoadedState | undefined {
		return recent.get(sessionId) ?? held.get(sessionId)?.deref();
	}

	function keep(loaded: LoadedState): void {
		const { id } = loaded.record;
		recent.delete(id);
		recent.set(id, loaded);
		held.set(id, new WeakRef(loaded));
		let total = 0;
		for (const one of recent.values()) total += one.entries.size;
		for (const [oldest, one] of recent) {
			if (oldest === id || (recent.size <= maximumLoaded && total <= maximumEntries)) break;
			recent.delete(oldest);
			total -= one.entries.size;
		}
		for (const [one, reference] of held) if (reference.deref() === undefined) held.delete(one);
	}

	/** Now where the session is in memory, right after its load where it is being read, else never. */
	function whenLoaded(sessionId: string, change: (loaded: LoadedState) => void): void {
		const loaded = cached(sessionId);
		if (loaded !== undefined) change(loaded);
		else loading.get(sessionId)?.late.push(change);
	}

	function load(sessionId: string): Promise<LoadedState> {
		const loaded = cached(sessionId);
		if (loaded !== undefined) {
			keep(loaded);
			return Promise.resolve(loaded);
		}
		const running = loading.get(sessionId);
		if (running !== undefined) return running.promise;
		const late: Loading['late'] = [];
		const promise = read(sessionId, late).finally(() => {
			if (loading.get(sessionId)?.late === late) loading.delete(sessionId);
		});
		loading.set(sessionId, { promise, late });
		return promise;
	}

	async function read(sessionId: string, late: Loading['late']): Promise<LoadedState> {
		const fresh = await loadSession(store, sessionId, cached);
		// `begin` may have been first.
		const loaded = cached(sessionId) ?? fresh;
		if (loaded === null) throw new AppError('session/not-found', { data: { sessionId } });
		for (const change of late) change(loaded);
		observe(loaded.record);
		if (loading.get(sessionId)?.late === late) keep(loaded);
		return loaded;
	}

	function forget(sessionId: string): void {
		recent.delete(sessionId);
		held.delete(sessionId);
		loading.delete(sessionId);
	}

	function apply(entries: readonly Entry[], record?: SessionRecord): void {
		for (const entry of entries) whenLoaded(entry.sessionId, (loaded) => loaded.add(entry));
		if (record === undefined) return;
		observe(record);
		// What another device wrote at the same moment stays: the order in which the two are told here says nothing.
		whenLoaded(record.id, (loaded) => {
			const registers = mergeRegisters(loaded.record.registers, record.registers);
			loaded.setRecord({ ...record, registers });
		});
	}

	function lamport(): Promise<LamClock> {
		clockOpening ??= openLamClock(store).then(
			(opened) => {
				opened.observe(seen);
				openClock = opened;
				return opened;
			},
			(thrown: unknown) => {
				clockOpening = null;
				throw thrown;
			}
		);
		return clockOpening;
	}

	return {
		newSession(options = {}) {
			const record: SessionRecord = {
				id: ids.next(),
				v: sessionVersion,
				createdAt: clock.now(),
				temporary: options.temporary ?? false,
				registers: {}
			};
			return setFacts(record, options.facts ?? {}, { lam: options.lam ?? 0, dev: device.id });
		},
		begin(record) {
			if (record.origin !== undefined && cached(record.id) === undefined) {
				throw new AppError('input/invalid', { message: 'A fork is stored first and then loaded.' });
			}
			const loaded = cached(record.id) ?? createLoaded(record, []);
			keep(loaded);
			return loaded;
		},
		load,
		async record(sessionId) {
			return cached(sessionId)?.record ?? readRecord(store, sessionId);
		},
		apply,
		applyCommit(commit) {
			for (const { table, key, row } of commit.put ?? []) {
				const sessionId = key.split('/', 1)[0] ?? '';
				if (table === 'entries') whenLoaded(sessionId, (loaded) => loaded.addStored(row, 'live'));
				if (table === 'sessions') {
					whenLoaded(sessionId, (loaded) => {
						loaded.replaceRecord(row);
						observe(loaded.record);
					});
				}
				if (table === 'segments') {
					const segment = readSegment(row);
					if (segment === null) continue;
					whenLoaded(sessionId, (loaded) => {
						for (const element of segment.elements) loaded.addStored(element, 'packed');
						loaded.setPacked(segment.firstOrd + segment.elements.length);
					});
				}
			}
			for (const { table, key } of commit.delete ?? []) if (table === 'sessions') forget(key);
		},
		forget(sessionId) {
			if (sessionId !== undefined) {
				forget(sessionId);
				return;
			}
			recent.clear();
			held.clear();
			loading.clear();
			clockOpening = null;
			openClock = null;
		},
		facts,
		setFacts: (record, patch, lam) => setFacts(record, patch, { lam, dev: device.id }),
		mergeRegisters,
		list: (query = {}) => listSessions(store, query, turnOf),
		async packSegments(sessionId, openTurns) {
			const loaded = await load(sessionId);
			const settled = loaded.live().filter(({ id }) => {
				const turnId = loaded.entry(id)?.turnId;
				return turnId === undefined || openTurns?.has(turnId) !== true;
			});
			return packEntries({ sessionId, firstOrd: loaded.nextSegmentOrd, entries: settled });
		},
		async fork(sessionId, entryId, lam) {
			const from = await load(sessionId);
			const stamp = { lam, dev: device.id };
			const { forkRecord } = await import('./lineage');
			return forkRecord({ from, entryId, id: ids.next(), createdAt: clock.now(), stamp });
		},
		lamport,
		async nextLam() {
			const lam = await lamport();
			return { lam: lam.next(), write: lam.write() };
		}
	};
}
