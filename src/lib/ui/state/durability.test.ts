import { expect, it } from 'vitest';
import { judgeDurability, type DurabilityFacts } from './durability';

const hour = 60 * 60_000;
const now = 1000 * hour;
const backup: DurabilityFacts['backup'] = {
	kind: null,
	at: 0,
	changedSince: 3,
	sync: 'no-home',
	folder: null,
	relay: null,
	fuller: null
};
const judge = (isPersisted: boolean, change: Partial<typeof backup> = {}) =>
	judgeDurability({ isPersisted, backup: { ...backup, ...change }, now });

it('without a backup says that it is only here, and whether the browser may clear it', () => {
	expect(judge(true)).toEqual({ state: 'only-here', isBackedUp: false, next: 'set-up' });
	expect(judge(false)).toEqual({ state: 'evictable', isBackedUp: false, next: 'set-up' });
});

it('with a backup asks for another when something has changed or a month has gone, and else for nothing', () => {
	const made = { kind: 'code' as const, at: now - hour };
	expect(judge(false, { ...made, changedSince: 0 })).toMatchObject({ state: 'backed-up', next: null });
	expect(judge(false, made)).toMatchObject({ state: 'backed-up', next: 'back-up' });
	expect(judge(false, { ...made, changedSince: 0, at: now - 800 * hour })).toMatchObject({ next: 'back-up' });
});

it('a folder that waits for permission or a place that failed comes first; sync needs no backup', () => {
	const folder = { at: 0, problem: '', needsPermission: true };
	expect(judge(true, { kind: 'code', folder })).toMatchObject({ next: 'permit' });
	const relay = { at: 0, problem: 'The relay could not be asked.' };
	expect(judge(true, { kind: 'code', relay })).toMatchObject({ next: 'retry' });
	expect(judge(true, { sync: 'current' })).toEqual({ state: 'synced', isBackedUp: false, next: null });
	expect(judge(true, { sync: 'behind' })).toMatchObject({ state: 'only-here', next: 'set-up' });
});

it('a backup with far fewer sessions than one before it is to be looked at before anything else', () => {
	const fuller = { at: now - 30 * hour, sessions: 40 };
	const relay = { at: 0, problem: 'The relay could not be asked.' };
	expect(judge(true, { kind: 'code', at: now, relay, fuller })).toMatchObject({ next: 'compare' });
	expect(judge(true, { kind: 'code', at: now, sync: 'current', fuller })).toMatchObject({ next: 'compare' });
});
