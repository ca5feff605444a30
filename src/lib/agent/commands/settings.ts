/** Settings and policy rules, read once and kept in memory; writes go to the store first. */

import type { Json } from '../../wire/json';
import type { Rule } from '../policy/gate';
import type { Store } from '../storage/store';
import type { Policy, Settings } from './host';

interface SettingRow {
	readonly v: number;
	readonly value: Json;
}

export async function openSettings(store: Store, epoch: () => number): Promise<Settings> {
	let values = new Map<string, Json>();
	const reload = async (): Promise<void> => {
		const rows = await store.range('settings', {});
		values = new Map(rows.flatMap(({ key, row }) => (isSetting(row) ? [[key, row.value]] : [])));
	};
	await reload();
	return {
		get: (name) => values.get(name),
		async set(name, value) {
			const row: SettingRow = { v: 1, value };
			await store.commit({ epoch: epoch(), put: [{ table: 'settings', key: name, row }] });
			values.set(name, value);
		},
		reload
	};
}

export async function openPolicy(store: Store): Promise<Policy> {
	let rules: Rule[] = [];
	const reload = async (): Promise<void> => {
		const rows = await store.range('rules', {});
		rules = rows.flatMap(({ row }) => (isRule(row) ? [row] : []));
	};
	await reload();
	return {
		// First run: reads and undoable local writes run by themselves.
		stance: () => 'edit',
		rules: () => rules,
		add(rule) {
			rules.push(rule);
		},
		reload
	};
}

function isSetting(row: unknown): row is SettingRow {
	return typeof row === 'object' && row !== null && 'value' in row;
}

function isRule(row: unknown): row is Rule {
	return (
		typeof row === 'object' &&
		row !== null &&
		'action' in row &&
		typeof row.action === 'string' &&
		'verdict' in row &&
		(row.verdict === 'allow' || row.verdict === 'hold' || row.verdict === 'deny')
	);
}
