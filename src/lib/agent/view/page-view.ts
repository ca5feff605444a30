/**
 * One page's view of one session: the newest window of its feed, what is being written, and
 * the state around it; kept current from the bus and sent through the page's port. What stands
 * where on the branch is the branch window's to know.
 */

import type { Entry } from '../../wire/entries';
import type { WireError } from '../../wire/errors';
import type { LoopEvent } from '../../wire/events';
import type { Patch, SessionState, TraceLine, Window } from '../../wire/view';
import type { LoadedSession } from '../sessions/loaded';
import { createBranchWindow } from './branch-window';
import type { BranchWindowPorts } from './branch-window';
import type { Bus, BusMessage } from './bus';
import { createLiveAnswer } from './live';
import type { LiveAnswer } from './live';
import type { LiveStep } from './live-steps';
import { createPagePort } from './page-port';
import type { Port } from './page-port';

/** Items sent with a snapshot. */
const windowSize = 60;
const traceLimit = 500;

export interface PageViewPorts extends BranchWindowPorts {
	readonly bus: Bus;
	readonly stateOf: (loaded: LoadedSession) => Promise<SessionState>;
	/** What is being written in a session, as far as this tab saw it from its beginning. */
	readonly liveStep: (sessionId: string) => LiveStep | null;
	/** The same from the tab that runs it; null where nothing is written, or nobody answers. */
	readonly askLiveStep: (sessionId: string) => Promise<LiveStep | null>;
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
	const branch = createBranchWindow(ports);
	let live: LiveAnswer | null = null;
	/** It belongs to a turn that ended without storing it, and goes when the session goes on. */
	let isLeftOver = false;
	let liveCount = 0;
	let state: SessionState | null = null;
	let trace: TraceLine[] = [];
	let statesAsked = 0;
	let stateShown = 0;

	const page = createPagePort(port, {
		drain: () => live?.drain() ?? [],
		snapshot: () => ({
			sessionId: loaded?.record.id ?? null,
			state,
			window: windowFrom(total() - windowSize),
			trace
		})
	});

	function total(): number {
		return branch.end() + liveCount;
	}

	function rebuild(): void {
		if (loaded !== null) branch.rebuild(loaded, pinnedHead ?? loaded.facts.head);
	}

	function windowFrom(from: number, to = Infinity): Window {
		const written = live?.items(branch.end(), branch.context) ?? [];
		liveCount = written.length;
		const items = [...branch.items(from, to), ...written.filter((item) => item.ord >= from && item.ord < to)];
		return { total: total(), items };
	}

	function sendFrom(ord: number): void {
		const window = windowFrom(ord);
		page.push({ op: 'items', from: ord, total: window.total, items: window.items });
	}

	/** The item of a call or an answer, sent again where it stands. */
	function sendEntry(entryId: string): void {
		for (const item of branch.itemsOf(entryId)) page.push({ op: 'item', item });
	}

	function onApplied(entries: readonly Entry[]): void {
		if (loaded === null) return;
		if (isLeftOver && entries.length > 0) endLive();
		const oldHead = branch.entries().at(-1)?.id ?? null;
		const head = pinnedHead ?? loaded.facts.head;
		if (pinnedHead !== undefined && entries.some((entry) => entry.parentId === pinnedHead)) {
			pinnedHead = loaded.facts.head ?? undefined;
		}
		showTurn(loaded.record.id);
		if (entries.length === 0 && head === oldHead) {
			refreshState();
			return;
		}
		const grows =
			entries.length > 0 && entries[0]?.parentId === oldHead && loaded.facts.head === entries.at(-1)?.id;
		if (!grows) {
			const before = branch.entries();
			rebuild();
			const now = branch.entries();
			let same = 0;
			while (same < now.length && now[same]?.id === before[same]?.id) same++;
			// A result is shown by its call, which stands before it.
			while (same > 0 && now[same]?.kind === 'result') same--;
			if (live !== null && entries.some((entry) => entry.id === live?.entryId)) endLive();
			// A new sibling changes the branch switcher of the entry it stands beside.
			sendFrom(branch.ordAt(same));
			for (const entry of entries)
				for (const id of loaded.tree.siblings(entry.id)) if (id !== entry.id) sendEntry(id);
			refreshState();
			return;
		}
		const first = branch.end();
		const count = branch.entries().length;
		branch.grow(entries);
		if (live !== null && entries.some((entry) => entry.id === live?.entryId)) endLive();
		for (const [index, entry] of entries.entries())
			if (entry.kind === 'result') sendEntry(branch.answerBefore(count + index));
		if (entries.some((entry) => entry.kind !== 'result')) sendFrom(first);
		refreshState();
	}

	function endLive(): void {
		live = null;
		isLeftOver = false;
		liveCount = 0;
	}

	/** Goes on with an answer that began before this session was opened here. */
	function adoptLive(step: LiveStep | null): boolean {
		if (step === null || live !== null || pinnedHead !== undefined) return false;
		const { entryId, turnId, model } = step.start;
		// Stored by now: then it stands on the branch.
		if (branch.ordOf(entryId) !== undefined) return false;
		live = createLiveAnswer({ entryId, turnId, model, at: step.at });
		for (const event of step.events) live.note(event);
		return true;
	}

	async function askForLive(current: LoadedSession): Promise<void> {
		const step = await ports.askLiveStep(current.record.id);
		if (loaded === current && adoptLive(step)) sendFrom(branch.end());
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
				if (live?.note(event) === true) sendFrom(branch.end());
				else page.poke();
				return;
			case 'call-held':
			case 'call-run':
				sendCall(event.type === 'call-held' ? event.held.callId : event.callId);
				break;
			case 'call-end':
				sendCall(event.callId);
				break;
			case 'step-end':
				// Read along from another device under a name of its own: what is committed takes its place.
				if (live?.turnId === event.turnId && live.entryId !== event.entryId) {
					endLive();
					sendFrom(branch.end());
				}
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
					sendFrom(branch.end());
				}
				void showTurnEnd(event.turnId, event.error);
				break;
			default:
		}
		trace = [...trace.slice(-traceLimit), { at, event }];
		page.push({ op: 'event', at, event });
	}

	function sendCall(callId: string): void {
		const answerId = branch.lastAnswer();
		if (branch.itemsOf(answerId).some((item) => item.type === 'call' && item.call.callId === callId))
			sendEntry(answerId);
	}

	function sendProgress(event: Extract<LoopEvent, { type: 'call-progress' }>): void {
		const progress = {
			text: event.text,
			...(event.fraction === undefined ? {} : { fraction: event.fraction })
		};
		for (const item of branch.itemsOf(branch.lastAnswer())) {
			if (item.type !== 'call' || item.call.callId !== event.callId) continue;
			page.push({ op: 'item', item: { ...item, call: { ...item.call, progress } } });
		}
	}

	async function showTurnEnd(turnId: string, error?: WireError): Promise<void> {
		const isStored = await branch.readTurnEnd(turnId);
		// Its end is not even in the journal: no article carries the error.
		const tail = branch.tailOf(turnId);
		if (error !== undefined && !isStored) {
			// Only a turn that began has a message here to answer again.
			const hasBegun = tail !== undefined || live?.turnId === turnId;
			const asked = hasBegun ? branch.entries().findLast((entry) => entry.kind === 'user') : undefined;
			page.push({ op: 'error', error, ...(asked === undefined ? {} : { entryId: asked.id }) });
		}
		if (tail !== undefined) sendEntry(tail);
		refreshState();
	}

	/** At once, with the message that began it: between the two nobody is told of the turn before. */
	function showTurn(sessionId: string): void {
		const turn = ports.status.display(sessionId);
		if (state === null || state.turn === turn) return;
		const turnId = ports.status.turnId(sessionId);
		state = { ...state, turn, ...(turnId !== undefined && { turnId }) };
		page.push({ op: 'state', state });
	}

	function refreshState(): void {
		const current = loaded;
		if (current === null) return;
		const asked = ++statesAsked;
		void ports.stateOf(current).then((next) => {
			// One that was asked for earlier and comes later is older.
			if (loaded !== current || asked < stateShown) return;
			stateShown = asked;
			state = next;
			page.push({ op: 'state', state: next });
		});
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
			case 'ended':
				if (message.sessionId === open) void showTurnEnd(message.turnId);
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
		const position = branch.entries().findLastIndex((entry) => entry.id === resultEntryId);
		const entry = branch.entries()[position];
		if (entry === undefined) return;
		if (entry.turnId !== undefined) branch.forgetTurnEnd(entry.turnId);
		await branch.readBeside([entry]);
		sendEntry(branch.answerBefore(position));
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
			adoptLive(ports.liveStep(next.record.id));
			await branch.readBesideItems(total() - windowSize, Infinity);
			const nextState = await ports.stateOf(next);
			if (loaded !== next) return;
			state = nextState;
			page.snapshot();
			if (live === null && nextState.turn === 'running') void askForLive(next);
		},
		ordOf: (entryId) => branch.ordOf(entryId),
		async range(from, to) {
			await branch.readBesideItems(from, to);
			return windowFrom(from, to);
		},
		trace: (turnId) => trace.filter((line) => line.event.turnId === turnId),
		refreshState,
		push: (patch) => {
			page.push(patch);
		}
	};
}
