/** Before and after: what a held call, an undo or a redo would change, as things stand now. Reads only. */

import { AppError } from '../../wire/errors';
import { isJsonObject } from '../../wire/json';
import type { CallPart, Entry, ResultPart } from '../../wire/entries';
import type { DiffLine, UndoPreview } from '../../wire/view';
import { readApproval, readUndo } from '../journal/read-records';
import type { UndoRecord } from '../journal/records';
import type { Store } from '../storage/store';
import { diffLines } from '../view/diff';
import type { Host } from './host';
import { planRedo, planUndo, textsOf, type UndoPlan } from './plan-undo';

export async function callPreview(
	host: Host,
	sessionId: string,
	approvalId: string
): Promise<readonly DiffLine[] | null> {
	const approval = await readApproval(host.store, approvalId);
	if (approval?.sessionId !== sessionId) throw new AppError('entry/not-found');
	const { action, args } = approval.held;
	const told = isJsonObject(args) ? await host.catalog.preview(action, args) : undefined;
	return told === undefined ? null : diffLines(told.before, told.after);
}

/** In the order of undoing, newest first, each as it would be once those before it are undone. */
export async function undoPreviews(
	host: Host,
	branch: readonly Entry[],
	{ turnId, effectKey }: { readonly turnId: string; readonly effectKey?: string }
): Promise<readonly UndoPreview[]> {
	const previews: UndoPreview[] = [];
	const laid = new Map<string, object | undefined>();
	const store = withRows(host.store, laid);
	for (const { call, result } of settledCalls(branch, turnId).reverse()) {
		const key = result.effectKey ?? call.callId;
		if (effectKey !== undefined && key !== effectKey) continue;
		const base = { key, action: call.action, gist: host.catalog.gist(call.action, call.args) };
		const undo = result.undo === undefined ? undefined : await readUndo(host.store, key);
		if (undo === undefined) {
			if (leavesSomething(host, result)) previews.push({ ...base, can: 'never', lines: [] });
			continue;
		}
		// What is undone already is no part of undoing the turn.
		if (undo.state === 'undone' && effectKey === undefined) continue;
		const planned = await plan(host, undo, store);
		if (planned === undefined) continue;
		const texts = textsOf(host, undo.action, planned);
		const can = planned.hasChangedSince ? 'changed' : undo.state === 'open' ? 'undo' : 'redo';
		previews.push({ ...base, can, lines: diffLines(texts.before, texts.after) });
		if (can === 'undo') for (const change of planned.changes) laid.set(change.key, change.then);
	}
	return previews;
}

async function plan(host: Host, undo: UndoRecord, store: Store): Promise<UndoPlan | undefined> {
	if (undo.state === 'open') return planUndo(host, undo, store);
	return undo.redo === undefined ? undefined : planRedo(host, undo, undo.redo);
}

/** Calls that did something which nobody can take back; reading leaves nothing. */
function leavesSomething({ catalog }: Host, { action, status }: ResultPart): boolean {
	if (status !== 'ok' && status !== 'unknown') return false;
	const effects = catalog.facts(action)?.effects ?? [];
	return effects.some((effect) => effect !== 'readPrivate' && effect !== 'readUntrusted');
}

function settledCalls(branch: readonly Entry[], turnId: string): { call: CallPart; result: ResultPart }[] {
	const calls = new Map<string, CallPart>();
	const settled: { call: CallPart; result: ResultPart }[] = [];
	for (const entry of branch) {
		if (entry.turnId !== turnId) continue;
		for (const part of entry.parts) {
			if (part.type === 'call') calls.set(part.callId, part);
			const call = part.type === 'result' ? calls.get(part.callId) : undefined;
			if (part.type === 'result' && call !== undefined) settled.push({ call, result: part });
		}
	}
	return settled;
}

/** The store as it would be with these rows of plugins laid over it. For reading. */
function withRows(store: Store, laid: ReadonlyMap<string, object | undefined>): Store {
	return {
		...store,
		async get(table, key) {
			return table === 'plugins' && laid.has(key) ? laid.get(key) : store.get(table, key);
		},
		async getMany(table, keys) {
			const rows = await store.getMany(table, keys);
			return rows.map((row, index) => {
				const key = keys[index] ?? '';
				return table === 'plugins' && laid.has(key) ? laid.get(key) : row;
			});
		},
		async range(table, query) {
			const rows = await store.range(table, query);
			if (table !== 'plugins') return rows;
			const kept = rows.filter(({ key }) => !laid.has(key));
			for (const [key, row] of laid)
				if (row !== undefined && key.startsWith(query.prefix ?? '')) kept.push({ key, row });
			return kept.sort((a, b) => (a.key < b.key ? -1 : 1));
		},
		commit: () => Promise.reject(new AppError('storage/failed'))
	};
}
