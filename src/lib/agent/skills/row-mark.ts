/** What a plugin's row held at one moment, short enough to keep: whether it has changed since, and how it read. Pure. */

import { canonicalJson, isJsonObject, type Json } from '../../wire/json';
import type { PluginDefinition } from '../../plugins/plugin';
import { sha256Hex } from '../policy/hashes';

/** `hash` of the value without its labels, empty where there was no row. */
export interface RowMark {
	readonly hash: string;
	readonly text: string;
}

const maximumText = 300;

/** @param row as it is stored, `undefined` where there is none. */
export function markRow(plugin: PluginDefinition | undefined, key: string, row: unknown): RowMark {
	const value = isJsonObject(row) ? row['value'] : undefined;
	if (value === undefined) return { hash: '', text: '' };
	return {
		hash: sha256Hex(canonicalJson(value)).slice(0, 32),
		text: rowText(plugin, key, value).slice(0, maximumText)
	};
}

export function rowText(plugin: PluginDefinition | undefined, key: string, value: Json): string {
	const ownKey = key.slice(key.indexOf('/') + 1);
	try {
		const told = plugin?.describeRow?.(ownKey, value);
		if (told !== undefined) return told;
	} catch {
		// A plugin that cannot tell its own row is told by what is in it.
	}
	return `${ownKey}: ${typeof value === 'string' ? value : JSON.stringify(value, null, 2)}`;
}
