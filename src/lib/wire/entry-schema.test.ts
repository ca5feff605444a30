import { expect, it } from 'vitest';
import { entrySchema, isBoundedJson, sessionRecordSchema } from './entry-schema';

const entry = {
	id: 'e1',
	sessionId: 's1',
	parentId: null,
	v: 1,
	kind: 'assistant',
	author: { device: 'd', principal: 'agent' },
	parts: [
		{
			type: 'call',
			callId: 'c',
			action: 'clock',
			args: {},
			via: 'native',
			extras: { anthropic: { id: 'x' } }
		}
	],
	labels: { integrity: 'own', private: false, sources: [] },
	lam: 1,
	at: 5
};

it('takes an entry as it is stored, and drops what it does not know', () => {
	expect(entrySchema.parse({ ...entry, surplus: 1 })).toEqual(entry);
});

it('refuses what is no entry', () => {
	for (const change of [
		{ id: '' },
		{ kind: 'system' },
		{ parts: [{ type: 'text' }] },
		{ parts: [{ type: 'unknown' }] },
		{ labels: { integrity: 'trusted', private: false, sources: [] } },
		{ at: 'now' },
		{ turnId: undefined, v: 0 }
	]) {
		expect(entrySchema.safeParse({ ...entry, ...change }).success, JSON.stringify(change)).toBe(false);
	}
});

it('keeps an error of a newer build as an unexpected one', () => {
	const part = {
		type: 'result',
		callId: 'c',
		action: 'a',
		status: 'error',
		output: null,
		startedAt: 1,
		durationMs: 1
	};
	const error = { id: 'future/error', message: 'm', retryable: false };
	const parsed = entrySchema.parse({ ...entry, parts: [{ ...part, error }] });
	expect(parsed.parts[0]).toMatchObject({ error: { id: 'internal/unexpected', message: 'm' } });
});

it('refuses values too deep to be written again, and survives them', () => {
	let deep: unknown = 1;
	for (let i = 0; i < 200_000; i++) deep = [deep];
	expect(isBoundedJson(deep)).toBe(false);
	expect(isBoundedJson({ a: [1, 'x', null, { b: true }] })).toBe(true);
	expect(isBoundedJson({ a: undefined })).toBe(false);
});

it('takes a session record with any of its registers', () => {
	const record = {
		id: 's',
		v: 1,
		createdAt: 1,
		temporary: false,
		registers: { head: { value: null, lam: 1, dev: 'd' } }
	};
	expect(sessionRecordSchema.parse(record)).toEqual(record);
	expect(
		sessionRecordSchema.safeParse({ ...record, registers: { pinned: { value: 'yes', lam: 1, dev: 'd' } } })
			.success
	).toBe(false);
});
