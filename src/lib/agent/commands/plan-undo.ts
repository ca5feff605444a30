/**
 * What undoing a call, or doing it again, would write, and whether that still fits what is there.
 * Nothing is committed here: the preview and the deed are the same plan.
 */

import { isJsonObject, type Json } from '../../wire/json';
import type { UndoRecord, UndoneRow } from '../journal/records';
import { markRow, rowText } from '../skills/row-mark';
import type { Store, StoreDelete, StoreWrite } from '../storage/store';
import type { Host } from './host';

export interface RowChange {
	/** In the `plugins` table. */
	readonly key: string;
	/** `undefined`: no such row. */
	readonly now: unknown;
	readonly then: object | undefined;
	/** Set where something else has changed the row since: how it read before that. */
	readonly since?: string;
}

export interface UndoPlan {
	readonly changes: readonly RowChange[];
	readonly hasChangedSince: boolean;
}

type Parts = Pick<Host, 'store' | 'catalog'>;

/** @param store what is there; other undos may be laid over it. */
export async function planUndo(
	{ catalog, store: real }: Parts,
	undo: UndoRecord,
	store: Store = real
): Promise<UndoPlan> {
	const { writes, deletes } = await catalog.undo(undo.action, undo.captured, undo.output, store);
	const then = new Map<string, object | undefined>([
		...deletes.map(({ key }) => [key, undefined] as const),
		...writes.map(({ key, row }) => [key, row] as const)
	]);
	const left = isJsonObject(undo.captured) ? undo.captured['left'] : undefined;
	return planOf({ catalog, store }, undo.action, then, (key) => markAt(left, key));
}

export async function planRedo(
	{ catalog, store }: Parts,
	undo: UndoRecord,
	redo: readonly UndoneRow[]
): Promise<UndoPlan> {
	const then = new Map(redo.map(({ key, row }) => [key, row ?? undefined] as const));
	const left = new Map(redo.map((row) => [row.key, row.left]));
	return planOf({ catalog, store }, undo.action, then, (key) => left.get(key));
}

async function planOf(
	{ catalog, store }: Parts,
	action: string,
	then: ReadonlyMap<string, object | undefined>,
	leftAt: (key: string) => { readonly hash: string; readonly text: string } | undefined
): Promise<UndoPlan> {
	const plugin = catalog.plugin(action);
	const keys = [...then.keys()];
	const rows = await store.getMany('plugins', keys);
	const changes = keys.map((key, index): RowChange => {
		const change = { key, now: rows[index], then: then.get(key) };
		const left = leftAt(key);
		const { hash } = markRow(plugin, key, change.now);
		// What is already as it is to become stands in nobody's way; rows of older builds have no mark.
		const isAsLeft =
			left === undefined || hash === left.hash || hash === markRow(plugin, key, change.then).hash;
		return isAsLeft ? change : { ...change, since: left.text };
	});
	return { changes, hasChangedSince: changes.some(({ since }) => since !== undefined) };
}

/** The writes of a plan, for one commit. */
export function writesOf({ changes }: UndoPlan): {
	readonly put: readonly StoreWrite[];
	readonly delete: readonly StoreDelete[];
} {
	return {
		put: changes.flatMap(({ key, then }) =>
			then === undefined ? [] : [{ table: 'plugins' as const, key, row: then }]
		),
		delete: changes.flatMap(({ key, then }) =>
			then === undefined ? [{ table: 'plugins' as const, key }] : []
		)
	};
}

/** What an undo leaves, and what was there before it. */
export function undoneRows({ catalog }: Parts, action: string, { changes }: UndoPlan): readonly UndoneRow[] {
	const plugin = catalog.plugin(action);
	return changes.map(({ key, now, then }) => ({
		key,
		row: typeof now === 'object' ? now : null,
		left: markRow(plugin, key, then)
	}));
}

/** Before and after as a person reads them; of a plan that no longer fits, what has changed since. */
export function textsOf(
	{ catalog }: Parts,
	action: string,
	plan: UndoPlan
): { readonly before: string; readonly after: string } {
	const plugin = catalog.plugin(action);
	const text = (key: string, row: unknown): string => {
		const value = isJsonObject(row) ? row['value'] : undefined;
		return value === undefined ? '' : rowText(plugin, key, value);
	};
	const join = (texts: readonly string[]): string => texts.filter((one) => one !== '').join('\n');
	const shown = plan.hasChangedSince ? plan.changes.filter(({ since }) => since !== undefined) : plan.changes;
	const now = join(shown.map(({ key, now: row }) => text(key, row)));
	return plan.hasChangedSince
		? { before: join(shown.map(({ since }) => since ?? '')), after: now }
		: { before: now, after: join(shown.map(({ key, then }) => text(key, then))) };
}

function markAt(left: Json | undefined, key: string): { hash: string; text: string } | undefined {
	const mark = isJsonObject(left) ? left[key] : undefined;
	if (!isJsonObject(mark) || typeof mark['hash'] !== 'string') return undefined;
	return { hash: mark['hash'], text: typeof mark['text'] === 'string' ? mark['text'] : '' };
}
