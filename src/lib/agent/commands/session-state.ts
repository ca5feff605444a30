/** What is true of a session besides its feed: the composer's settings, gauge, cost, queue, draft. */

import { addUsage, noUsage } from '../../wire/entries';
import type { FilePart, Usage } from '../../wire/entries';
import type { FileView, SessionState, TurnEndView } from '../../wire/view';
import { readTurn, readUndo } from '../journal/read-records';
import { estimateTokens } from '../sessions/estimate';
import { rowOf } from '../sessions/facts';
import type { LoadedSession } from '../sessions/loaded';
import type { UndoState } from '../view/feed';
import type { Host } from './host';
import { createQueue } from './queue';

export async function sessionState(host: Host, loaded: LoadedSession): Promise<SessionState> {
	const { facts, record } = loaded;
	const model = facts.model ?? host.providers.defaultModel();
	const turn = host.status.display(record.id);
	const turnId = host.status.turnId(record.id);
	const elsewhere = host.elsewhere.current?.deviceOf(record.id);
	const draft = readDraft(await host.store.get('drafts', record.id));
	const { usage, cost } = sums(host, loaded);
	return {
		row: rowOf(record, turn),
		mode: facts.mode,
		model,
		effort: facts.effort,
		webSearch: facts.webSearch,
		turn,
		...(turnId === undefined ? {} : { turnId }),
		...(elsewhere === undefined ? {} : { elsewhere }),
		queued: await createQueue(host).list(record.id),
		draft: draft.text,
		draftFiles: draft.files,
		gauge: {
			used: Math.round(estimateTokens(loaded.branch())),
			size: host.providers.models.describe(model).contextWindow
		},
		usage,
		...(cost === undefined ? {} : { cost })
	};
}

/** Summed once and then kept up by the entries that came since. */
const summed = new WeakMap<LoadedSession, { count: number; usage: Usage; cost: number; isPriced: boolean }>();

function sums(host: Host, loaded: LoadedSession): { usage: Usage; cost: number | undefined } {
	const known = summed.get(loaded) ?? { count: 0, usage: noUsage, cost: 0, isPriced: false };
	let index = 0;
	if (known.count < loaded.entries.size) {
		for (const entry of loaded.entries.values()) {
			if (index++ < known.count || entry.response === undefined) continue;
			known.usage = addUsage(known.usage, entry.response.usage);
			const cost = host.providers.cost(entry.response.model, entry.response.usage);
			known.isPriced ||= cost !== undefined;
			known.cost += cost ?? 0;
		}
		known.count = loaded.entries.size;
		summed.set(loaded, known);
	}
	return { usage: known.usage, cost: known.isPriced ? known.cost : undefined };
}

function readDraft(row: unknown): { text: string; files: readonly FileView[] } {
	if (typeof row !== 'object' || row === null || !('text' in row) || typeof row.text !== 'string')
		return { text: '', files: [] };
	const files: readonly unknown[] = 'files' in row && Array.isArray(row.files) ? row.files : [];
	return { text: row.text, files: files.filter(isFilePart) };
}

function isFilePart(value: unknown): value is FilePart {
	return (
		typeof value === 'object' &&
		value !== null &&
		'blob' in value &&
		'name' in value &&
		'mediaType' in value &&
		'size' in value
	);
}

export async function turnEnds(
	host: Host,
	turnIds: readonly string[]
): Promise<ReadonlyMap<string, TurnEndView>> {
	const ends = new Map<string, TurnEndView>();
	for (const turnId of turnIds) {
		const turn = await readTurn(host.store, turnId);
		if (turn?.outcome === undefined || turn.state !== 'ended') continue;
		const cost = host.providers.cost(turn.model, turn.usage);
		ends.set(turnId, {
			turnId,
			outcome: turn.outcome,
			usage: turn.usage,
			durationMs: (turn.endedAt ?? turn.startedAt) - turn.startedAt,
			steps: turn.responses,
			undoable: await undoable(host, turn.sessionId, turnId),
			...(turn.error === undefined ? {} : { error: turn.error }),
			...(cost === undefined ? {} : { cost })
		});
	}
	return ends;
}

async function undoable(host: Host, sessionId: string, turnId: string): Promise<number> {
	const loaded = await host.repository.load(sessionId);
	const keys: string[] = [];
	for (const entry of loaded.branch()) {
		if (entry.turnId !== turnId) continue;
		for (const part of entry.parts) {
			if (part.type === 'result' && part.undo !== undefined && part.effectKey !== undefined)
				keys.push(part.effectKey);
		}
	}
	const states = await undoStates(host, keys);
	return [...states.values()].filter((state) => state === 'open').length;
}

export async function undoStates(
	host: Host,
	keys: readonly string[]
): Promise<ReadonlyMap<string, UndoState>> {
	const states = new Map<string, UndoState>();
	for (const key of keys) {
		const undo = await readUndo(host.store, key);
		if (undo !== undefined) states.set(key, undo.redo === undefined ? undo.state : 'redoable');
	}
	return states;
}
