/**
 * One page's view of one session: the newest window of its feed, what is being written, and
 * the state around it; kept current from the bus and sent through the page's port.
 */

import type { Entry, ResultPart } from '../../wire/entries';
import type { WireError } from '../../wire/errors';
import type { LoopEvent } from '../../wire/events';
import type { FeedItem, Patch, SessionState, TraceLine, TurnEndView, Window } from '../../wire/view';
import type { LoadedSession } from '../sessions/loaded';
import { countItems } from '../sessions/tree';
import type { Bus, BusMessage } from './bus';
import { itemsOf } from './feed';
import type { FeedContext, SettledCall } from './feed';
import { createLiveAnswer } from './live';
import type { LiveAnswer } from './live';
import { createPagePort } from './page-port';
import type { Port } from './page-port';
import type { TurnStatus } from './turn-status';

/** Items sent with a snapshot. */
const windowSize = 60;
const traceLimit = 500;

export interface PageViewPorts {
	readonly bus: Bus;
	readonly status: TurnStatus;
	/** The part of the context that does not depend on the session. */
	readonly about: Pick<FeedContext, 'action' | 'gist' | 'byline'>;
	readonly stateOf: (loaded: LoadedSession) => Promise<SessionState>;
	/** Ends of turns and undo states, as stored; asked once for what is shown. */
	readonly readTurnEnds: (turnIds: readonly string[]) => Promise<ReadonlyMap<string, TurnEndView>>;
	readonly readUndo: (keys: readonly string[]) => Promise<ReadonlyMap<string, 'open' | 'undone'>>;
}

export interface PageView {
	readonly sessionId: () => string | null;
	/** @param head the entry whose branch to show; default the session's head. */
	open(loaded: LoadedSession, head?: string): Promise<void>;
	/** Where an entry stands in the feed that is open. */
	ordOf(entryId: string): number | undefined;
	range(from: number, to: number): Promise<Window>;
	trace(turnId: string): readonly TraceLine[];
	refreshState(): void;
	push(patch: Patch): void;
}

export function createPageView(port: Port, ports: PageViewPorts): PageView {
	let loaded: LoadedSession | null = null;
	/** Set while another branch than the session's is looked at. */
	let pinnedHead: string | undefined;
	let branch: readonly Entry[] = [];
	/** ords[i]: ord of the first item of branch[i]; the last element is the total. */
	let ords: number[] = [0];
	let results = new Map<string, SettledCall>();
	let live: LiveAnswer | null = null;
	/** It belongs to a turn that ended without storing it, and goes when the session goes on. */
	let isLeftOver = false;
	let liveCount = 0;
	let state: SessionState | null = null;
	let trace: TraceLine[] = [];
	const turnEnds = new Map<string, TurnEndView>();
	const undoStates = new Map<string, 'open' | 'undone'>();

	const page = createPagePort(port, {
		drain: () => live?.drain() ?? [],
		snapshot: () => ({
			sessionId: loaded?.record.id ?? null,
			state,
			window: windowFrom(total() - windowSize),
			trace
		})
	});

	const context: FeedContext = {
		...ports.about,
		result: (answerId, callId) => results.get(`${answerId}:${callId}`),
		held: (answerId, callId) => ports.status.held(loaded?.record.id ?? '', answerId, callId),
		isRunning: (answerId, callId) => ports.status.isCallRunning(loaded?.record.id ?? '', answerId, callId),
		undoState: (key) => undoStates.get(key),
		branch(entryId) {
			const ids = loaded?.tree.siblings(entryId) ?? [];
			return ids.length > 1 ? { index: ids.indexOf(entryId), ids } : undefined;
		},
		turnEnd: (turnId) => turnEnds.get(turnId),
		isTurnTail(entry) {
			if (entry.turnId === undefined || tails.get(entry.turnId) !== entry.id) return false;
			// A message that another turn answers on this branch does not carry the end of its first one.
			const isAnswered =
				entry.kind === 'user' &&
				(branch.at(-1)?.id !== entry.id || ports.status.turnId(entry.sessionId) !== undefined);
			return !isAnswered;
		}
	};
	/** Per turn, the last entry on the branch that makes an item. */
	let tails = new Map<string, string>();

	function total(): number {
		return (ords.at(-1) ?? 0) + liveCount;
	}

	/** Reads the branch anew: O(its length), only when it did not just grow. */
	function rebuild(): void {
		if (loaded === null) return;
		branch = loaded.branch(pinnedHead ?? loaded.facts.head);
		ords = [0];
		results = new Map();
		tails = new Map();
		let answerId = '';
		for (const entry of branch) answerId = index(entry, answerId);
	}

	function index(entry: Entry, answerId: string): string {
		ords.push((ords.at(-1) ?? 0) + countItems(entry));
		if (entry.turnId !== undefined && entry.kind !== 'result') tails.set(entry.turnId, entry.id);
		if (entry.kind === 'assistant') return entry.id;
		if (entry.kind === 'result') for (const part of entry.parts) noteResult(answerId, entry, part);
		return answerId;
	}

	function noteResult(answerId: string, entry: Entry, part: Entry['parts'][number]): void {
		if (part.type !== 'result') return;
		const key = `${answerId}:${part.callId}`;
		if (!results.has(key)) results.set(key, { entry, part: part satisfies ResultPart });
	}

	function windowFrom(from: number, to = Infinity): Window {
		const items: FeedItem[] = [];
		for (const [position, entry] of branch.entries()) {
			const ord = ords[position] ?? 0;
			const next = ords[position + 1] ?? ord;
			if (next <= from || ord >= to || next === ord) continue;
			items.push(...itemsOf(entry, ord, context));
		}
		if (live !== null && to > (ords.at(-1) ?? 0)) items.push(...live.items(ords.at(-1) ?? 0, context));
		liveCount = live === null ? 0 : live.items(ords.at(-1) ?? 0, context).length;
		return { total: total(), items: items.filter((item) => item.ord >= from && item.ord < to) };
	}

	function sendFrom(ord: number): void {
		const window = windowFrom(ord);
		page.push({ op: 'items', from: ord, total: window.total, items: window.items });
	}

	/** The item of a call or an answer, sent again where it stands. */
	function sendEntry(entryId: string): void {
		const position = branch.findLastIndex((entry) => entry.id === entryId);
		const entry = branch[position];
		if (entry === undefined) return;
		for (const item of itemsOf(entry, ords[position] ?? 0, context)) page.push({ op: 'item', item });
	}

	function answerBefore(position: number): string {
		for (let index = position; index >= 0; index--) {
			const entry = branch[index];
			if (entry?.kind === 'assistant') return entry.id;
		}
		return '';
	}

	function onApplied(entries: readonly Entry[]): void {
		if (loaded === null) return;
		if (isLeftOver && entries.length > 0) endLive();
		const oldHead = branch.at(-1)?.id ?? null;
		const head = pinnedHead ?? loaded.facts.head;
		if (pinnedHead !== undefined && entries.some((entry) => entry.parentId === pinnedHead)) {
			pinnedHead = loaded.facts.head ?? undefined;
		}
		if (entries.length === 0 && head === oldHead) {
			refreshState();
			return;
		}
		const grows =
			entries.length > 0 && entries[0]?.parentId === oldHead && loaded.facts.head === entries.at(-1)?.id;
		if (!grows) {
			const before = branch;
			rebuild();
			let same = 0;
			while (same < branch.length && branch[same]?.id === before[same]?.id) same++;
			if (live !== null && entries.some((entry) => entry.id === live?.entryId)) endLive();
			// A new sibling changes the branch switcher of the entry it stands beside.
			sendFrom(ords[Math.max(0, same)] ?? 0);
			for (const entry of entries)
				for (const id of loaded.tree.siblings(entry.id)) if (id !== entry.id) sendEntry(id);
			refreshState();
			return;
		}
		const first = ords.at(-1) ?? 0;
		const added: Entry[] = [];
		let answerId = answerBefore(branch.length - 1);
		const grown = [...branch];
		for (const entry of entries) {
			answerId = index(entry, answerId);
			grown.push(entry);
			added.push(entry);
		}
		branch = grown;
		if (live !== null && added.some((entry) => entry.id === live?.entryId)) endLive();
		for (const entry of added) {
			if (entry.kind !== 'result') continue;
			for (const part of entry.parts)
				if (part.type === 'result' && part.undo !== undefined && part.effectKey !== undefined)
					undoStates.set(part.effectKey, 'open');
			sendEntry(answerBefore(grown.indexOf(entry)));
		}
		if (added.some((entry) => entry.kind !== 'result')) sendFrom(first);
		refreshState();
	}

	function endLive(): void {
		live = null;
		isLeftOver = false;
		liveCount = 0;
	}

	function onLoop(event: LoopEvent, at: number): void {
		switch (event.type) {
			case 'step-start':
				live = createLiveAnswer({ entryId: event.entryId, turnId: event.turnId, model: event.model, at });
				liveCount = 0;
				isLeftOver = false;
				break;
			case 'text-delta':
			case 'reasoning-delta':
			case 'call-start':
			case 'call-delta':
				if (live?.note(event) === true) sendFrom(ords.at(-1) ?? 0);
				else page.poke();
				return;
			case 'call-held':
			case 'call-run':
				sendCall(event.type === 'call-held' ? event.held.callId : event.callId);
				break;
			case 'call-end':
				sendCall(event.callId);
				break;
			case 'call-progress':
				sendProgress(event);
				return;
			case 'turn-park':
			case 'turn-resume':
			case 'turn-start':
				refreshState();
				break;
			case 'turn-end':
				if (live !== null) {
					// What could not be stored (a full disk) is at least not taken away.
					isLeftOver = event.outcome === 'failed' && live.turnId === event.turnId;
					if (isLeftOver) live.end();
					else endLive();
					sendFrom(ords.at(-1) ?? 0);
				}
				void showTurnEnd(event.turnId, event.error);
				break;
			default:
		}
		trace = [...trace.slice(-traceLimit), { at, event }];
		page.push({ op: 'event', at, event });
	}

	function sendCall(callId: string): void {
		const answerId = answerBefore(branch.length - 1);
		if (
			branch.some(
				(entry) =>
					entry.id === answerId && entry.parts.some((part) => part.type === 'call' && part.callId === callId)
			)
		) {
			sendEntry(answerId);
		}
	}

	function sendProgress(event: Extract<LoopEvent, { type: 'call-progress' }>): void {
		const position = branch.findLastIndex((entry) => entry.kind === 'assistant');
		const entry = branch[position];
		if (entry === undefined) return;
		for (const item of itemsOf(entry, ords[position] ?? 0, context)) {
			if (item.type !== 'call' || item.call.callId !== event.callId) continue;
			const progress = {
				text: event.text,
				...(event.fraction === undefined ? {} : { fraction: event.fraction })
			};
			page.push({ op: 'item', item: { ...item, call: { ...item.call, progress } } });
		}
	}

	async function showTurnEnd(turnId: string, error?: WireError): Promise<void> {
		for (const [id, end] of await ports.readTurnEnds([turnId])) turnEnds.set(id, end);
		// Its end is not even in the journal: no article carries the error.
		if (error !== undefined && !turnEnds.has(turnId)) page.push({ op: 'error', error });
		const tail = tails.get(turnId);
		if (tail !== undefined) sendEntry(tail);
		refreshState();
	}

	function refreshState(): void {
		const current = loaded;
		if (current === null) return;
		void ports.stateOf(current).then((next) => {
			if (loaded !== current) return;
			state = next;
			page.push({ op: 'state', state: next });
		});
	}

	/** What is stored beside the entries, for a stretch of the branch. */
	async function readBeside(entries: readonly Entry[]): Promise<void> {
		const turnIds = [
			...new Set(
				entries.flatMap((entry) =>
					entry.turnId === undefined || turnEnds.has(entry.turnId) ? [] : [entry.turnId]
				)
			)
		];
		const keys = entries.flatMap((entry) =>
			entry.parts.flatMap((part) =>
				part.type === 'result' && part.undo !== undefined && part.effectKey !== undefined
					? [part.effectKey]
					: []
			)
		);
		const [ends, undo] = await Promise.all([ports.readTurnEnds(turnIds), ports.readUndo(keys)]);
		for (const [id, end] of ends) turnEnds.set(id, end);
		for (const [key, undoState] of undo) undoStates.set(key, undoState);
	}

	function stretch(from: number, to: number): readonly Entry[] {
		return branch.filter((_, position) => (ords[position + 1] ?? 0) >= from && (ords[position] ?? 0) < to);
	}

	function onMessage(message: BusMessage): void {
		const open = loaded?.record.id;
		switch (message.kind) {
			case 'loop':
				if (message.sessionId === open) onLoop(message.event, message.at);
				else if (message.event.type === 'turn-end' || message.event.type === 'turn-start')
					page.push({ op: 'sessions' });
				break;
			case 'applied':
				if (message.record.id === open) onApplied(message.entries);
				page.push({ op: 'sessions' });
				break;
			case 'queue':
				if (message.sessionId === open) refreshState();
				break;
			case 'undone':
				if (message.sessionId === open) void onUndone(message.resultEntryId);
				break;
			case 'sessions':
				page.push({ op: 'sessions' });
				break;
			case 'changed':
				page.push({ op: 'changed', what: message.what });
				refreshState();
				break;
		}
	}

	async function onUndone(resultEntryId: string): Promise<void> {
		const position = branch.findLastIndex((entry) => entry.id === resultEntryId);
		const entry = branch[position];
		if (entry === undefined) return;
		if (entry.turnId !== undefined) turnEnds.delete(entry.turnId);
		await readBeside([entry]);
		sendEntry(answerBefore(position));
		if (entry.turnId !== undefined) await showTurnEnd(entry.turnId);
	}

	ports.bus.subscribe(onMessage);

	return {
		sessionId: () => loaded?.record.id ?? null,
		async open(next, head) {
			loaded = next;
			pinnedHead = head;
			endLive();
			trace = [];
			rebuild();
			await readBeside(stretch(total() - windowSize, Infinity));
			const nextState = await ports.stateOf(next);
			if (loaded !== next) return;
			state = nextState;
			page.snapshot();
		},
		ordOf: (entryId) => ords[branch.findIndex((entry) => entry.id === entryId)],
		async range(from, to) {
			await readBeside(stretch(from, to));
			return windowFrom(from, to);
		},
		trace: (turnId) => trace.filter((line) => line.event.turnId === turnId),
		refreshState,
		push: (patch) => {
			page.push(patch);
		}
	};
}
