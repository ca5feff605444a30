/**
 * An operation that fits into no envelope travels in parts, each an operation of its own; whoever has all of
 * them puts it together. A build that does not know parts keeps them, as it keeps everything it does not know.
 */

import * as z from 'zod/mini';
import { parseJson } from '../../wire/json';
import { anyOperation, readOperation, type AnyOperation, type Operation } from '../../wire/operations';
import { ordKey, type Store, type StoreDelete, type StoreWrite } from '../storage/store';

const partType = 'op.part';
/** Characters a part: an envelope holds it even were each to take six bytes. */
const partLength = 40_000;
/** Of one operation: no more than an imported message may have. */
const maximumParts = 2_000;

const body = z.object({
	of: z.string(),
	part: z.number().check(z.int(), z.nonnegative()),
	count: z.number().check(z.int(), z.positive(), z.lte(maximumParts)),
	text: z.string(),
	/** Type of the whole. */
	what: z.optional(z.string())
});

export function partsOf({ op }: Operation): Operation[] {
	const text = JSON.stringify(op);
	const count = Math.ceil(text.length / partLength);
	return Array.from({ length: count }, (_, part) => ({
		kind: 'opaque' as const,
		op: {
			...op,
			v: 1,
			opId: `${op.opId}.${String(part)}`,
			type: partType,
			body: {
				of: op.opId,
				part,
				count,
				what: op.type,
				text: text.slice(part * partLength, (part + 1) * partLength)
			}
		}
	}));
}

/** The id of the operation that is told whole with this one: itself, or what it is the last part of. */
export function toldBy({ opId, type, body: content }: AnyOperation): string | undefined {
	if (type !== partType) return opId;
	const read = body.safeParse(content);
	return read.success && read.data.part === read.data.count - 1 ? read.data.of : undefined;
}

/** Of the operation itself, or of what it is a part of. */
export function wholeType({ type, body: content }: AnyOperation): string {
	return (type === partType ? body.safeParse(content).data?.what : undefined) ?? type;
}

const rowPrefix = 'p/';
const partKey = (dev: string, { of, part }: z.infer<typeof body>): string =>
	`${rowPrefix}${dev}/${of}/${ordKey(part)}`;

export interface Gathered {
	readonly put: readonly StoreWrite[];
	readonly delete: readonly StoreDelete[];
	/** What is complete now. */
	readonly whole: readonly Operation[];
}

/** Takes the parts out of `opaque`: they wait in rows of their own until all of them are here. */
export async function gatherParts(store: Store, opaque: Map<string, AnyOperation>): Promise<Gathered> {
	const fresh = new Map<string, Map<string, AnyOperation>>();
	const counts = new Map<string, number>();
	for (const op of [...opaque.values()]) {
		if (op.type !== partType) continue;
		opaque.delete(op.opId);
		const read = body.safeParse(op.body);
		if (!read.success) continue;
		const key = partKey(op.dev, read.data);
		const group = key.slice(0, key.lastIndexOf('/') + 1);
		const ops = fresh.get(group) ?? new Map<string, AnyOperation>();
		ops.set(key, op);
		fresh.set(group, ops);
		counts.set(group, read.data.count);
	}
	const put: StoreWrite[] = [];
	const gone: StoreDelete[] = [];
	const whole: Operation[] = [];
	for (const [group, ops] of fresh) {
		const all = new Map(ops);
		for (const { key, row } of await store.range('ops', { prefix: group })) {
			const op = readPart(row);
			if (op !== undefined) all.set(key, op);
		}
		if (all.size < (counts.get(group) ?? Infinity)) {
			for (const [key, op] of ops) put.push({ table: 'ops', key, row: { v: 1, op } });
			continue;
		}
		const keys = [...all.keys()].sort();
		const text = keys.map((key) => body.safeParse(all.get(key)?.body).data?.text ?? '').join('');
		const made = readOperation(parseJson(text));
		for (const key of keys) gone.push({ table: 'ops', key });
		// Nobody speaks for another device.
		if (made !== undefined && all.get(keys[0] ?? '')?.dev === made.op.dev) whole.push(made);
	}
	return { put, delete: gone, whole };
}

/** Those that wait, for a snapshot. */
export async function waitingParts(store: Store): Promise<readonly AnyOperation[]> {
	const rows = await store.range('ops', { prefix: rowPrefix });
	return rows.flatMap(({ row }) => readPart(row) ?? []);
}

function readPart(row: unknown): AnyOperation | undefined {
	const read = z.object({ op: anyOperation }).safeParse(row);
	return read.success ? read.data.op : undefined;
}
