/**
 * A plugin's rows, as one call sees them: writes are held back for the commit of the call's
 * result, reads see them at once. Each row carries labels, so that what was learnt from an
 * untrusted page stays untrusted when it is read again, in any session.
 */

import { AppError } from '../../wire/errors';
import { isJsonObject, type Json, type JsonObject } from '../../wire/json';
import { ownLabels, type Labels } from '../../wire/labels';
import type { PluginStorage } from '../../plugins/plugin';
import type { Store, StoreDelete, StoreWrite } from '../storage/store';

const rowVersion = 1;
const defaultLimit = 10_000;
const maximumValueLength = 1_000_000;

export interface BufferedStorage extends PluginStorage {
	/** What the call wrote; `labels` go on each row that has none of its own by `restored`. */
	changes(labels: Labels): {
		readonly writes: readonly StoreWrite[];
		readonly deletes: readonly StoreDelete[];
	};
	/** Labels of every row that was read, but for those only scanned. */
	readLabels(): readonly Labels[];
	/** Labels that the rows had before this call wrote over or deleted them; undo puts them back. */
	replacedLabels(): { readonly [key: string]: Json };
	/** From now on writes throw: the call has timed out or ended. */
	close(): void;
}

export function createPluginStorage(
	plugin: string,
	store: Store,
	restored: JsonObject = {}
): BufferedStorage {
	const pending = new Map<string, Json | undefined>();
	const read: Labels[] = [];
	const seen = new Map<string, Labels>();
	let isOpen = true;

	function own(key: string): string {
		if (!/^[\x21-\x7e]{1,300}$/.test(key))
			throw new AppError('input/invalid', { data: { key: 'must be printable ASCII' } });
		return `${plugin}/${key}`;
	}

	function write(key: string, value: Json | undefined): void {
		own(key);
		if (!isOpen) throw new AppError('skill/stopped');
		if (value !== undefined && JSON.stringify(value).length > maximumValueLength) {
			throw new AppError('input/invalid', { data: { value: 'is too large to keep' } });
		}
		pending.set(key, value);
	}

	function open(key: string, row: unknown, isUsed: boolean): Json | undefined {
		if (!isJsonObject(row) || row['value'] === undefined) return undefined;
		const labels = labelsOf(row['labels']);
		seen.set(key, labels);
		if (isUsed) read.push(labels);
		return row['value'];
	}

	async function list(
		prefix: string,
		limit: number,
		isUsed: boolean
	): Promise<{ key: string; value: Json }[]> {
		const rows = new Map<string, Json>();
		const stored = await store.range('plugins', {
			prefix: `${plugin}/${prefix}`,
			limit: limit + pending.size
		});
		for (const { key: fullKey, row } of stored) {
			const key = fullKey.slice(plugin.length + 1);
			const value = open(key, row, isUsed);
			if (value !== undefined) rows.set(key, value);
		}
		for (const [key, value] of pending) {
			if (!key.startsWith(prefix)) continue;
			if (value === undefined) rows.delete(key);
			else rows.set(key, value);
		}
		return [...rows]
			.map(([key, value]) => ({ key, value }))
			.sort((a, b) => (a.key < b.key ? -1 : 1))
			.slice(0, limit);
	}

	return {
		async get(key) {
			if (pending.has(key)) return pending.get(key);
			return open(key, await store.get('plugins', own(key)), true);
		},
		list: (prefix = '', limit = defaultLimit) => list(prefix, limit, true),
		scan: (prefix = '', limit = defaultLimit) => list(prefix, limit, false),
		put: (key, value) => write(key, structuredClone(value)),
		delete: (key) => write(key, undefined),
		changes(labels) {
			const writes: StoreWrite[] = [];
			const deletes: StoreDelete[] = [];
			for (const [key, value] of pending) {
				if (value === undefined) deletes.push({ table: 'plugins', key: own(key) });
				else {
					const old = Object.hasOwn(restored, key) ? labelsOf(restored[key]) : labels;
					writes.push({ table: 'plugins', key: own(key), row: { v: rowVersion, value, labels: old } });
				}
			}
			return { writes, deletes };
		},
		readLabels: () => read,
		replacedLabels() {
			const replaced = [...pending.keys()].flatMap((key) => {
				const labels = seen.get(key);
				return labels === undefined ? [] : [[key, { ...labels }] as const];
			});
			return Object.fromEntries(replaced);
		},
		close() {
			isOpen = false;
		}
	};
}

/** A row whose labels cannot be read counts as untrusted; one without any was made here. */
function labelsOf(value: unknown): Labels {
	if (value === undefined) return ownLabels;
	if (!isJsonObject(value)) return { integrity: 'untrusted', private: true, sources: [] };
	const { integrity, sources } = value;
	return {
		integrity: integrity === 'user' || integrity === 'own' ? integrity : 'untrusted',
		private: value['private'] !== false,
		sources: Array.isArray(sources) ? sources.filter((one) => typeof one === 'string') : []
	};
}
