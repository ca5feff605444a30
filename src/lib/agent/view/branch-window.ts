/**
 * The branch that a page looks at, as feed items: where each entry stands, the results that belong
 * to its calls, and what is stored beside the entries (ends of turns, undo states). Knows nothing of
 * what is being written, and sends nothing.
 */

import type { Entry } from '../../wire/entries';
import type { FeedItem, TurnEndView } from '../../wire/view';
import type { LoadedSession } from '../sessions/loaded';
import { countItems } from '../sessions/tree';
import { itemsOf } from './feed';
import type { FeedContext, SettledCall, UndoState } from './feed';
import type { TurnStatus } from './turn-status';

export interface BranchWindowPorts {
	readonly status: TurnStatus;
	/** The part of the context that does not depend on the session. */
	readonly about: Pick<FeedContext, 'action' | 'gist' | 'byline'>;
	/** Ends of turns and undo states, as stored; asked once for what is shown. */
	readonly readTurnEnds: (turnIds: readonly string[]) => Promise<ReadonlyMap<string, TurnEndView>>;
	readonly readUndo: (keys: readonly string[]) => Promise<ReadonlyMap<string, UndoState>>;
}

export interface BranchWindow {
	entries(): readonly Entry[];
	/** Number of items, and the ord of the next one. */
	end(): number;
	/** Reads the branch anew: O(its length), only when it did not just grow. */
	rebuild(loaded: LoadedSession, head: string | null): void;
	/** Entries that follow the last one. */
	grow(entries: readonly Entry[]): void;
	ordAt(position: number): number;
	ordOf(entryId: string): number | undefined;
	/** Items with `from <= ord < to`. */
	items(from: number, to: number): FeedItem[];
	/** The items of one entry; none where it is not on this branch. */
	itemsOf(entryId: string): FeedItem[];
	/** The answer at a position or before it; '' where there is none. */
	answerBefore(position: number): string;
	lastAnswer(): string;
	/** The last entry of a turn that makes an item. */
	tailOf(turnId: string): string | undefined;
	readBeside(entries: readonly Entry[]): Promise<void>;
	readBesideItems(from: number, to: number): Promise<void>;
	/** Asks the store how a turn ended; false where it has no end. */
	readTurnEnd(turnId: string): Promise<boolean>;
	forgetTurnEnd(turnId: string): void;
	readonly context: FeedContext;
}

export function createBranchWindow(ports: BranchWindowPorts): BranchWindow {
	let loaded: LoadedSession | null = null;
	let branch: readonly Entry[] = [];
	/** ords[i]: ord of the first item of branch[i]; the last element is the total. */
	let ords: number[] = [0];
	let results = new Map<string, SettledCall>();
	/** Per turn, the last entry on the branch that makes an item. */
	let tails = new Map<string, string>();
	const turnEnds = new Map<string, TurnEndView>();
	const undoStates = new Map<string, UndoState>();

	const context: FeedContext = {
		...ports.about,
		result: (answerId, callId) => results.get(`${answerId}:${callId}`),
		held: (answerId, callId) => ports.status.held(loaded?.record.id ?? '', answerId, callId),
		isRunning: (answerId, callId) => ports.status.isCallRunning(loaded?.record.id ?? '', answerId, callId),
		undoState: (key) => undoStates.get(key),
		branch(entryId) {
			// Results are no articles: where they have siblings, what follows them shows it.
			for (let id: string | undefined = entryId; id !== undefined; id = resultBefore(id)) {
				const ids = loaded?.tree.siblings(id) ?? [];
				if (ids.length > 1) return { index: ids.indexOf(id), ids };
			}
			return undefined;
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

	function resultBefore(entryId: string): string | undefined {
		const parent = loaded?.entry(loaded.entry(entryId)?.parentId ?? '');
		return parent?.kind === 'result' ? parent.id : undefined;
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
		if (!results.has(key)) results.set(key, { entry, part });
	}

	function answerBefore(position: number): string {
		for (let at = position; at >= 0; at--) {
			const entry = branch[at];
			if (entry?.kind === 'assistant') return entry.id;
		}
		return '';
	}

	async function readBeside(entries: readonly Entry[]): Promise<void> {
		const turnIds = [
			...new Set(
				entries.flatMap((entry) =>
					entry.turnId === undefined || turnEnds.has(entry.turnId) ? [] : [entry.turnId]
				)
			)
		];
		const keys = entries.flatMap(undoKeys);
		const [ends, undo] = await Promise.all([ports.readTurnEnds(turnIds), ports.readUndo(keys)]);
		for (const [id, end] of ends) turnEnds.set(id, end);
		for (const [key, undoState] of undo) undoStates.set(key, undoState);
	}

	return {
		context,
		entries: () => branch,
		end: () => ords.at(-1) ?? 0,
		rebuild(next, head) {
			loaded = next;
			branch = next.branch(head);
			ords = [0];
			results = new Map();
			tails = new Map();
			let answerId = '';
			for (const entry of branch) answerId = index(entry, answerId);
		},
		grow(entries) {
			let answerId = answerBefore(branch.length - 1);
			for (const entry of entries) answerId = index(entry, answerId);
			branch = [...branch, ...entries];
			// What was just done can be undone: nobody has to ask the store.
			for (const key of entries.flatMap(undoKeys)) undoStates.set(key, 'open');
		},
		ordAt: (position) => ords[position] ?? 0,
		ordOf: (entryId) => ords[branch.findIndex((entry) => entry.id === entryId)],
		items(from, to) {
			const items: FeedItem[] = [];
			for (const [position, entry] of branch.entries()) {
				const ord = ords[position] ?? 0;
				const next = ords[position + 1] ?? ord;
				if (next <= from || ord >= to || next === ord) continue;
				items.push(...itemsOf(entry, ord, context));
			}
			return items.filter((item) => item.ord >= from && item.ord < to);
		},
		itemsOf(entryId) {
			const position = branch.findLastIndex((entry) => entry.id === entryId);
			const entry = branch[position];
			return entry === undefined ? [] : itemsOf(entry, ords[position] ?? 0, context);
		},
		answerBefore,
		lastAnswer: () => answerBefore(branch.length - 1),
		tailOf: (turnId) => tails.get(turnId),
		readBeside,
		readBesideItems: (from, to) =>
			readBeside(
				branch.filter((_, position) => (ords[position + 1] ?? 0) >= from && (ords[position] ?? 0) < to)
			),
		async readTurnEnd(turnId) {
			for (const [id, end] of await ports.readTurnEnds([turnId])) turnEnds.set(id, end);
			return turnEnds.has(turnId);
		},
		forgetTurnEnd(turnId) {
			turnEnds.delete(turnId);
		}
	};
}

/** The effects of a result that could be undone. */
function undoKeys(entry: Entry): string[] {
	return entry.parts.flatMap((part) =>
		part.type === 'result' && part.undo !== undefined && part.effectKey !== undefined ? [part.effectKey] : []
	);
}
