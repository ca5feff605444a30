/**
 * Rows of a backup that would let something happen without the person being asked: rules that always allow, and
 * addresses that requests of models go to. A file and its code may come from somebody else: these are shown in
 * words of ours and come back only where the person says so.
 */

import * as z from 'zod/mini';
import type { BackedUpPermission } from '../../wire/backup';
import { canonicalJson, type Json } from '../../wire/json';
import { isRecord } from '../sessions/upcast';
import type { BackedUpTable } from './backup-rows';

type Row = Readonly<Record<string, unknown>>;

/** Of this version alone: what a newer one narrows, this build would allow. */
const rule = z.object({
	id: z.string(),
	v: z.literal(1),
	verdict: z.enum(['allow', 'hold', 'deny']),
	action: z.string(),
	destination: z.exactOptional(z.string()),
	args: z.exactOptional(z.record(z.string(), z.custom<Json>())),
	text: z.string(),
	createdAt: z.number()
});
const setting = z.object({ v: z.number(), value: z.custom<Json>((value) => value !== undefined) });
const provider = 'providers/';
const share = 'share/';

/** The row as it may be put back; undefined where it is none of its table. */
export function readPlainRow(table: BackedUpTable, key: string, row: Row): Row | undefined {
	if (table === 'rules') return readRule(key, row) && row;
	if (table !== 'settings' && table !== 'plugins') return row;
	if (!setting.safeParse(row).success) return undefined;
	const { value } = row;
	if (table !== 'settings' || !key.startsWith(share) || !isRecord(value) || !isRecord(value.live)) return row;
	// Published by the device that it names: here by none, until the person shares again. It can still be ended.
	return { ...row, value: { ...value, live: { ...value.live, device: '' } } };
}

/** What it permits; undefined for most rows. */
export function permissionIn(table: BackedUpTable, key: string, row: Row): BackedUpPermission | undefined {
	if (table === 'rules') {
		const found = readRule(key, row);
		if (found?.verdict !== 'allow') return undefined;
		const { action, destination, args } = found;
		return {
			action,
			...(destination === undefined ? {} : { destination }),
			...(args === undefined ? {} : { args: canonicalJson(args) })
		};
	}
	if (table !== 'settings' || !key.startsWith(provider) || !isRecord(row.value)) return undefined;
	const { baseUrl } = row.value;
	if (typeof baseUrl !== 'string' || baseUrl === '') return undefined;
	return { provider: key.slice(provider.length), address: baseUrl };
}

function readRule(key: string, row: Row): z.infer<typeof rule> | undefined {
	const { data } = rule.safeParse(row);
	return data?.id === key ? data : undefined;
}
