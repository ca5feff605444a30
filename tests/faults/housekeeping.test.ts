/** What nobody waits for may die at any commit: whatever was needed is still there, and the next pass ends the work. */

import { describe, expect, it } from 'vitest';
import { pruneJournal } from '../../src/lib/agent/journal/prune';
import { createRepository } from '../../src/lib/agent/sessions/repository';
import { emptyTrash } from '../../src/lib/agent/sessions/trash';
import { keepBlobs, orphanKey } from '../../src/lib/agent/storage/keep-blobs';
import { createMemoryStore } from '../../src/lib/agent/storage/memory';
import type { Store, StoreWrite, Table } from '../../src/lib/agent/storage/store';
import { sweepBlobs } from '../../src/lib/agent/storage/sweep-blobs';
import { call, createScriptedModel, text } from '../fakes/scripted-model';
import { createFakeSkills, createWorld } from '../fakes/skills';
import { openTurnWorld, type TurnWorld } from '../fakes/turn-world';
import { crashPoints, createCrashingStore } from './crashing-store';

const day = 24 * 60 * 60_000;
const pause = (): Promise<void> => Promise.resolve();
const epoch = (): number => 0;

async function keysOf(store: Store, ...tables: readonly Table[]): Promise<readonly string[]> {
	const all = await Promise.all(tables.map((table) => store.range(table, {})));
	return all.flat().map(({ key }) => key);
}

/** Every boundary of a work's own commits, each on a store of its own; after the crash a second pass. */
async function atEveryBoundary(
	prepare: () => Promise<Store>,
	work: (store: Store) => Promise<unknown>,
	check: (store: Store, isDone: boolean) => Promise<void>
): Promise<number> {
	const whole = createCrashingStore(await prepare());
	await work(whole);
	const points = crashPoints(whole.log);
	for (const crash of points) {
		const inner = await prepare();
		await expect(work(createCrashingStore(inner, { crash }))).rejects.toThrow('simulated crash');
		await check(inner, false);
		await work(inner);
		await check(inner, true);
	}
	return points.length;
}

describe('old journals', () => {
	async function twoTurns(): Promise<{ store: Store; world: TurnWorld }> {
		const store = createMemoryStore();
		const world = await openTurnWorld({
			store,
			skills: createFakeSkills(createWorld()),
			mode: 'selective',
			model: createScriptedModel((responses) =>
				responses === 0
					? { parts: [call('1', 'look'), call('2', 'note'), call('3', 'pay')] }
					: { parts: [text('Done.')] }
			)
		});
		for (const _ of [1, 2]) {
			const parked = world.parked();
			const turn = world.send('go');
			await parked;
			const asked = (await world.approvals()).find(({ state }) => state === 'asked');
			await world.decide(asked?.approvalId ?? '', 'once');
			await turn;
			world.clock.advance(20 * day);
		}
		return { store, world };
	}

	it('go when their turn ended long ago; what is said, how it ended and its undo stay', async () => {
		const { store, world } = await twoTurns();
		const [kept, journal] = [
			['entries', 'turns', 'undo', 'plugins', 'sessions'],
			['steps', 'effects', 'approvals']
		] as const;
		const before = await keysOf(store, ...kept);
		const half = (await keysOf(store, ...journal)).length / 2;
		const ports = { store, epoch, pause };
		expect(await pruneJournal(ports, world.clock.now() - 30 * day)).toBe(1);
		expect(await keysOf(store, ...journal)).toHaveLength(half);
		expect(await pruneJournal(ports, world.clock.now() - 30 * day)).toBe(0);
		expect(await pruneJournal(ports, Infinity)).toBe(1);
		expect(await keysOf(store, ...journal)).toEqual([]);
		expect(await keysOf(store, ...kept)).toEqual(before);
		expect(await world.recover()).toEqual([]);
	});

	it('stay whole while their turn waits, or the outcome of an effect is not known', async () => {
		const { store, world } = await twoTurns();
		const parked = world.parked();
		void world.send('go');
		await parked;
		const open = await keysOf(store, 'steps');
		await pruneJournal({ store, epoch, pause }, Infinity);
		const [waiting] = await world.approvals();
		expect(waiting?.state).toBe('asked');
		expect((await keysOf(store, 'steps')).every((key) => open.includes(key))).toBe(true);
		expect(await keysOf(store, 'steps')).not.toEqual([]);

		const other = await twoTurns();
		const [first] = await other.store.range('effects', { limit: 1 });
		await other.store.commit({
			epoch: 0,
			put: [{ table: 'effects', key: first?.key ?? '', row: { ...Object(first?.row), state: 'unknown' } }]
		});
		expect(await pruneJournal({ store: other.store, epoch, pause }, Infinity)).toBe(1);
		expect(await keysOf(other.store, 'effects')).toContain(first?.key);
	});

	it('are whole or gone wherever the pruning dies', async () => {
		const points = await atEveryBoundary(
			async () => (await twoTurns()).store,
			(store) => pruneJournal({ store, epoch, pause }, Infinity),
			async (store, isDone) => {
				const turns = new Set((await keysOf(store, 'steps')).map((key) => key.split('/')[0]));
				const effects = await keysOf(store, 'effects');
				expect(effects).toHaveLength(turns.size * 3);
				if (isDone) expect(effects).toEqual([]);
			}
		);
		expect(points).toBe(4);
	});
});

describe('files that nothing speaks of', () => {
	const sha = (digit: string): string => digit.repeat(64);
	const blob = (digit: string): StoreWrite => ({
		table: 'blobs',
		key: sha(digit),
		row: { v: 1, bytes: new Uint8Array(3), mediaType: 'text/plain', size: 3 }
	});
	const file = (digit: string): object => ({ type: 'file', blob: sha(digit), name: 'n', size: 3 });

	async function withBlobs(): Promise<Store> {
		const store = createMemoryStore();
		await store.commit({
			epoch: 0,
			put: [
				...['1', '2', '3', '4', '5', '6', 'a', 'b'].map(blob),
				{ table: 'entries', key: 's/e', row: { parts: [file('1')] } },
				{
					table: 'segments',
					key: 's/0',
					row: { entries: [{}, { kind: 'not known yet', x: [[file('2')]] }] }
				},
				{ table: 'drafts', key: 's', row: { v: 1, text: '', files: [file('3')] } },
				{ table: 'queue', key: 's/q', row: { draft: { parts: [file('4')] } } },
				{ table: 'undo', key: 'u', row: { captured: `{"was":"${sha('5')}"}` } },
				{ table: 'plugins', key: `files/${sha('6')}`, row: { v: 1 } }
			]
		});
		return store;
	}
	const sweep = (store: Store, now: number): Promise<number> =>
		sweepBlobs({ store, epoch, now, pause }, 7 * day);

	it('are noted first and go days later; whatever is spoken of anywhere stays', async () => {
		const store = await withBlobs();
		expect(await sweep(store, day)).toBe(0);
		expect(await sweep(store, 7 * day)).toBe(0);
		expect(await keysOf(store, 'blobs')).toHaveLength(8);
		expect(await sweep(store, 8 * day)).toBe(2);
		expect(await keysOf(store, 'blobs')).toEqual(['1', '2', '3', '4', '5', '6'].map(sha));
		expect(await store.range('meta', { prefix: 'orphan/' })).toEqual([]);
	});

	it('stay when they are spoken of again, or stored again in the very moment of their deletion', async () => {
		const inner = await withBlobs();
		await sweep(inner, 0);
		await inner.commit({ epoch: 0, put: [{ table: 'entries', key: 's/f', row: { parts: [file('a')] } }] });
		const store: Store = {
			...inner,
			async commit(commit) {
				if (commit.delete?.some(({ table }) => table === 'blobs') === true)
					await inner.commit({ epoch: 0, put: [blob('b')], delete: keepBlobs([sha('b')]) });
				await inner.commit(commit);
			}
		};
		expect(await sweep(store, 30 * day)).toBe(0);
		expect(await keysOf(inner, 'blobs')).toHaveLength(8);
		expect(await inner.get('meta', orphanKey(sha('a')))).toBeUndefined();
	});

	it('lose nothing that is needed wherever the sweep dies', async () => {
		const points = await atEveryBoundary(
			async () => {
				const store = await withBlobs();
				await sweep(store, 0);
				return store;
			},
			(store) => sweep(store, 30 * day),
			async (store, isDone) => {
				const blobs = await keysOf(store, 'blobs');
				expect(blobs).toEqual(expect.arrayContaining(['1', '2', '3', '4', '5', '6'].map(sha)));
				if (isDone) expect(blobs).toHaveLength(6);
			}
		);
		expect(points).toBe(4);
	});
});

describe('deleted sessions', () => {
	async function deleted(): Promise<{ store: Store; id: string; show: (hidden: boolean) => Promise<void> }> {
		const store = createMemoryStore();
		let ids = 0;
		const repository = createRepository({
			store,
			device: { id: 'd' },
			clock: { now: () => 0, sleep: pause },
			ids: { next: () => `id-${++ids}` }
		});
		const record = repository.newSession({ facts: { title: 'Tea' } });
		const show = async (hidden: boolean): Promise<void> => {
			const { lam } = await repository.nextLam();
			const row = repository.setFacts(record, { hidden }, lam);
			await store.commit({ epoch: 0, put: [{ table: 'sessions', key: record.id, row }] });
			ids++;
		};
		await show(true);
		await store.commit({
			epoch: 0,
			put: [
				{ table: 'entries', key: `${record.id}/e`, row: { id: 'e' } },
				{ table: 'turns', key: 't', row: { turnId: 't', sessionId: record.id } },
				{ table: 'steps', key: 't/000000', row: { turnId: 't' } }
			]
		});
		return { store, id: record.id, show };
	}
	const empty = (store: Store, now: number, removed: string[] = []): Promise<readonly string[]> =>
		emptyTrash(
			{
				store,
				epoch,
				now,
				pause,
				purged: () => undefined,
				removeEntries: (ids) => {
					removed.push(...ids);
					return Promise.resolve();
				}
			},
			30 * day
		);
	const content = ['sessions', 'entries', 'turns', 'steps'] as const;

	it('go thirty days after they were seen deleted, their words out of the index first', async () => {
		const { store, id } = await deleted();
		const removed: string[] = [];
		expect(await empty(store, 5 * day, removed)).toEqual([]);
		expect(await empty(store, 34 * day, removed)).toEqual([]);
		expect(removed).toEqual([]);
		expect(await empty(store, 35 * day, removed)).toEqual([id]);
		expect(removed).toEqual(['e']);
		expect(await keysOf(store, ...content)).toEqual([]);
		expect(await store.range('meta', { prefix: 'trash/' })).toEqual([]);
	});

	it('that were taken back begin their thirty days anew', async () => {
		const { store, show } = await deleted();
		await empty(store, 0);
		await show(false);
		expect(await empty(store, 40 * day)).toEqual([]);
		await show(true);
		expect(await empty(store, 41 * day)).toEqual([]);
		expect(await keysOf(store, 'entries')).toHaveLength(1);
	});

	it('are whole or gone wherever the purge dies', async () => {
		await atEveryBoundary(
			async () => {
				const { store } = await deleted();
				await empty(store, 0);
				return store;
			},
			(store) => empty(store, 60 * day),
			async (store, isDone) => {
				const keys = await keysOf(store, ...content);
				expect([0, 4]).toContain(keys.length);
				if (isDone) expect(keys).toEqual([]);
			}
		);
	});
});
