import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readFiber, readFiberStep } from '../journal/fiber-records';
import { createMemoryStore } from '../storage/memory';
import { facts } from './facts';
import { readEntry, readSegment, readSessionRecord } from './read-record';
import { defaultFacts } from './records';
import {
	chains,
	createReadOnlyStore,
	createUpcast,
	isRecord,
	readSchema,
	schema,
	schemaState,
	schemaWrite,
	upcast
} from './upcast';

const golden: unknown = JSON.parse(
	readFileSync(new URL('../../../../tests/fixtures/records-v1.json', import.meta.url), 'utf8')
);
const records: { kind: string; row: unknown }[] = [];
for (const one of Array.isArray(golden) ? golden : []) {
	if (isRecord(one) && typeof one.kind === 'string') records.push({ kind: one.kind, row: one.row });
}

describe('records of version 1', () => {
	it('has a golden record of every kind', () => {
		expect(new Set(records.map(({ kind }) => kind))).toEqual(new Set(Object.keys(chains)));
	});

	it.each(records)('opens a $kind', ({ kind, row }) => {
		const read = upcast(kind, row);
		expect(read.ok).toBe(true);
		if (!read.ok || !isRecord(row)) return;
		const steps: unknown = Reflect.get(chains, kind);
		// A kind that has changed since shows a record of today, not of then.
		if (Array.isArray(steps) && steps.length === 0) expect(read.record).toEqual(row);
		if (kind === 'entry') expect(readEntry(row)).toEqual({ state: 'ok', entry: read.record });
		if (kind === 'segment') expect(readSegment(row)?.elements).toHaveLength(5);
		if (kind === 'fiber') expect('name' in row ? readFiberStep(row) : readFiber(row)).toEqual(read.record);
		if (kind === 'session') {
			const record = readSessionRecord(row);
			expect(record).toEqual(read.record);
			expect(record === null ? [] : Object.keys(record.registers)).toEqual(Object.keys(defaultFacts));
			expect(record === null ? null : facts(record).title).toBe('Tea');
		}
	});
});

describe('upcast', () => {
	const known = createUpcast({
		thing: [(row) => ({ ...row, name: row.title }), (row) => ({ ...row, tags: [] })],
		broken: [
			() => {
				throw new Error('no');
			}
		]
	});

	it('runs the chain from the version that was stored', () => {
		const first = { v: 1, title: 'a' };
		expect(known('thing', first)).toEqual({ ok: true, record: { v: 3, title: 'a', name: 'a', tags: [] } });
		expect(known('thing', { v: 2, name: 'b' })).toEqual({ ok: true, record: { v: 3, name: 'b', tags: [] } });
		expect(known('thing', { v: 3, name: 'c' })).toEqual({ ok: true, record: { v: 3, name: 'c' } });
		expect(first).toEqual({ v: 1, title: 'a' });
	});

	it('keeps what it does not know as it came', () => {
		const newer = { v: 9, what: 'ever' };
		const unknown = upcast('hologram', newer);
		expect(unknown).toEqual({ ok: false, opaque: newer, why: 'unknown-kind' });
		expect(known('thing', newer)).toEqual({ ok: false, opaque: newer, why: 'newer' });
		expect(!unknown.ok && unknown.opaque).toBe(newer);
		expect(upcast('toString', newer).ok).toBe(false);
	});

	it.each([null, undefined, 1, 'x', [], {}, { v: '1' }, { v: 0 }, { v: 1.5 }, { v: NaN }])(
		'takes %j without throwing',
		(row) => {
			expect(known('thing', row)).toMatchObject({ ok: false, why: 'unreadable' });
			expect(readEntry(row)).toEqual({ state: 'bad' });
			expect(readSegment(row)).toBeNull();
			expect(readSessionRecord(row)).toBeNull();
		}
	);

	it('keeps a record whose upcaster fails', () => {
		expect(known('broken', { v: 1 })).toEqual({ ok: false, opaque: { v: 1 }, why: 'unreadable' });
	});
});

describe('schema', () => {
	it('says who may write', () => {
		expect(schemaState(undefined)).toBe('ok');
		expect(schemaState({ v: 1, ...schema })).toBe('ok');
		expect(schemaState({ v: 1, write: schema.write + 1, readMin: schema.write })).toBe('read-only');
		expect(schemaState({ v: 1, write: schema.write + 2, readMin: schema.write + 1 })).toBe('unreadable');
	});

	it('refuses writes of an older build and lets it read', async () => {
		const store = createMemoryStore();
		await store.commit({ epoch: 0, put: [schemaWrite(), { table: 'settings', key: 'a', row: { v: 1 } }] });
		expect(await readSchema(store)).toBe('ok');
		const old = createReadOnlyStore(store);
		await expect(old.commit({ epoch: 0, put: [schemaWrite()] })).rejects.toMatchObject({
			id: 'storage/newer-schema'
		});
		expect(await old.get('settings', 'a')).toEqual({ v: 1 });
	});
});
