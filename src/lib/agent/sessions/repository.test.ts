import { describe, expect, it } from 'vitest';
import { seeded } from '../../../../tests/contract/random';
import type { Entry } from '../../wire/entries';
import { userLabels } from '../../wire/labels';
import { createMemoryStore } from '../storage/memory';
import type { Commit, Store } from '../storage/store';
import { facts, mergeRegisters, setFacts } from './facts';
import { maximumForkDepth } from './load';
import { purgeable, purgeDeletes } from './purge';
import { createRepository, type Repository } from './repository';
import type { SessionRecord } from './records';
import { packEntries } from './segments';

function world(store: Store = createMemoryStore()) {
	let next = 0;
	let now = 1_000;
	const ids = { next: () => `id${String(++next).padStart(6, '0')}` };
	const clock = { now: () => ++now, sleep: async () => {} };
	const open = (): Repository => createRepository({ store, device: { id: 'dev' }, clock, ids });
	const repository = open();
	const commit = async (writes: Omit<Commit, 'epoch'>): Promise<void> => {
		await store.commit({ epoch: 0, ...writes });
		repository.applyCommit(writes);
	};
	const say = async (
		record: SessionRecord,
		entries: readonly Entry[],
		facts: object = {}
	): Promise<SessionRecord> => {
		const head = entries.at(-1)?.id ?? null;
		const { lam, write } = await repository.nextLam();
		const written = repository.setFacts(record, { head, touchedAt: clock.now(), ...facts }, lam);
		const puts = entries.map((entry) => ({
			table: 'entries' as const,
			key: `${record.id}/${entry.id}`,
			row: entry
		}));
		await commit({ put: [...puts, { table: 'sessions', key: record.id, row: written }, write] });
		return written;
	};
	return { store, ids, clock, open, repository, commit, say };
}

function entry(sessionId: string, id: string, parentId: string | null, text = id): Entry {
	return {
		id,
		sessionId,
		parentId,
		v: 1,
		kind: 'user',
		author: { device: 'dev', principal: 'user' },
		parts: [{ type: 'text', text }],
		labels: userLabels,
		lam: 1,
		at: 1
	};
}

/** `count` entries in a chain, packed as an import would. */
async function storeChain(store: Store, sessionId: string, count: number, more: object = {}): Promise<void> {
	const entries = Array.from({ length: count }, (_, n) =>
		entry(
			sessionId,
			`${sessionId}-${String(n).padStart(7, '0')}`,
			n === 0 ? null : `${sessionId}-${String(n - 1).padStart(7, '0')}`
		)
	);
	const packed = packEntries({
		sessionId,
		firstOrd: 0,
		all: true,
		entries: entries.map((row) => ({ id: row.id, row }))
	});
	await store.commit({
		epoch: 0,
		put: [
			...packed.put,
			{
				table: 'sessions',
				key: sessionId,
				row: { id: sessionId, v: 1, createdAt: 1, temporary: false, registers: {}, ...more }
			}
		]
	});
}

describe('repository', () => {
	it('loads what was committed, and keeps a loaded session current', async () => {
		const { repository, open, say } = world();
		const record = repository.newSession({ facts: { title: 'Tea' } });
		repository.begin(record);
		await say(record, [entry(record.id, 'a', null), entry(record.id, 'b', 'a')]);
		const loaded = await repository.load(record.id);
		await say(loaded.record, [entry(record.id, 'c', 'b')]);
		expect(loaded.branch().map(({ id }) => id)).toEqual(['a', 'b', 'c']);
		expect(loaded.facts).toMatchObject({ title: 'Tea', head: 'c' });
		const again = await open().load(record.id);
		expect(again.branch()).toEqual(loaded.branch());
		expect(again.record).toEqual(loaded.record);
	});

	it('says session/not-found for a session that is not here', async () => {
		await expect(world().repository.load('nope')).rejects.toMatchObject({ id: 'session/not-found' });
	});

	it('misses nothing that is committed while it reads', async () => {
		const inner = createMemoryStore();
		let whileReading = async (): Promise<void> => {};
		const { repository, commit } = world({
			...inner,
			async range(table, query) {
				const rows = await inner.range(table, query);
				if (table === 'entries') await whileReading();
				return rows;
			}
		});
		await inner.commit({
			epoch: 0,
			put: [
				{
					table: 'sessions',
					key: 's',
					row: repository.setFacts({ id: 's', v: 1, createdAt: 1, temporary: false, registers: {} }, {}, 1)
				},
				{ table: 'entries', key: 's/a', row: entry('s', 'a', null) }
			]
		});
		whileReading = async () => {
			whileReading = async () => {};
			await commit({ put: [{ table: 'entries', key: 's/b', row: entry('s', 'b', 'a') }] });
		};
		const [one, two] = await Promise.all([repository.load('s'), repository.load('s')]);
		expect(one).toBe(two);
		expect([...one.entries.keys()]).toEqual(['a', 'b']);
	});

	it('packs settled entries into full segments, once, and reads the same back', async () => {
		const { repository, open, store, commit, say } = world();
		let record = repository.newSession();
		const all: Entry[] = [];
		for (let turn = 0; turn < 60; turn++) {
			const parent = all.at(-1)?.id ?? null;
			const first = {
				...entry(record.id, `e${String(turn * 4).padStart(5, '0')}`, parent),
				turnId: `t${turn}`
			};
			const rest = [1, 2, 3].map((n) => ({
				...entry(
					record.id,
					`e${String(turn * 4 + n).padStart(5, '0')}`,
					`e${String(turn * 4 + n - 1).padStart(5, '0')}`
				),
				turnId: `t${turn}`
			}));
			all.push(first, ...rest);
			record = await say(record, [first, ...rest]);
			await commit(await repository.packSegments(record.id, new Set([`t${turn}`])));
		}
		expect((await store.range('segments', {})).map(({ key }) => key)).toEqual([
			`${record.id}/0000000000`,
			`${record.id}/0000000100`
		]);
		expect(await store.range('entries', {})).toHaveLength(40);
		expect((await repository.load(record.id)).branch()).toEqual(all);
		const again = await open().load(record.id);
		expect(again.branch()).toEqual(all);
		expect(again.nextSegmentOrd).toBe(200);
		expect(await repository.packSegments(record.id)).toMatchObject({ put: [], delete: [] });
	});

	it('survives bad rows: counts them, keeps their neighbours, and writes back what it cannot read', async () => {
		const { store, repository } = world();
		const newer = { ...entry('s', 'n', 'a'), v: 2, kind: 'hologram', parts: 'what?' };
		const halfBad = {
			...entry('s', 'h', 'n'),
			parts: [{ type: 'text', text: 'fine' }, { type: 'text' }, null],
			labels: 'none'
		};
		await store.commit({
			epoch: 0,
			put: [
				{
					table: 'sessions',
					key: 's',
					row: {
						id: 's',
						v: 1,
						createdAt: 1,
						temporary: false,
						registers: {
							title: { value: 7, lam: 1, dev: 'd' },
							preview: { value: 'ok', lam: 1, dev: 'd' },
							later: { value: 1, lam: 1, dev: 'd' }
						}
					}
				},
				{
					table: 'segments',
					key: 's/0000000000',
					row: { v: 1, sessionId: 's', firstOrd: 0, entries: [entry('s', 'a', null), null, { id: 5 }, newer] }
				},
				{ table: 'segments', key: 's/0000000004', row: { v: 1, nonsense: true } },
				{ table: 'entries', key: 's/h', row: halfBad },
				{ table: 'entries', key: 's/z', row: entry('s', 'z', 'h') }
			]
		});
		const loaded = await repository.load('s');
		expect(loaded.branch('z').map(({ id }) => id)).toEqual(['a', 'n', 'h', 'z']);
		expect(loaded.badRows).toBe(5);
		expect(loaded.entry('n')).toMatchObject({ kind: 'result', parts: [] });
		expect(loaded.stored('n')).toEqual(newer);
		expect(loaded.entry('h')).toMatchObject({
			parts: [{ type: 'text', text: 'fine' }],
			labels: { integrity: 'untrusted', private: true }
		});
		expect(loaded.nextSegmentOrd).toBe(5);
		expect(loaded.facts).toMatchObject({ title: '', preview: 'ok' });
		expect(loaded.record.registers).toHaveProperty('later');
		const written = packEntries({ sessionId: 's', firstOrd: 5, all: true, entries: loaded.live() });
		expect(written.put[0]?.row).toMatchObject({ entries: [halfBad, { id: 'z' }] });
	});

	it('lists pinned first, then the last touched, page by page, without reading an entry', async () => {
		const inner = createMemoryStore();
		const read: string[] = [];
		const { repository, say } = world({
			...inner,
			range: (table, query) => (read.push(table), inner.range(table, query))
		});
		for (let n = 0; n < 10; n++) {
			const record = repository.newSession({
				facts: {
					title: `Session ${n}`,
					pinned: n === 3,
					archived: n === 4,
					hidden: n === 5,
					folder: n % 2 ? 'odd' : '',
					tags: n === 6 ? ['Tea'] : []
				}
			});
			await say(record, [entry(record.id, `e${n}`, null)]);
		}
		await inner.commit({
			epoch: 0,
			put: [
				{ table: 'sessions', key: 'bad', row: { v: 1 } },
				{ table: 'sessions', key: 'later', row: { v: 99, id: 'later' } }
			]
		});
		read.length = 0;
		const titles = async (query: Parameters<Repository['list']>[0]): Promise<string[]> =>
			(await repository.list(query)).rows.map(({ title }) => title.slice(8));
		expect(await titles({})).toEqual(['3', '9', '8', '7', '6', '2', '1', '0']);
		expect(await titles({ archived: true })).toEqual(['4']);
		expect(await titles({ folder: 'odd' })).toEqual(['3', '9', '7', '1']);
		expect(await titles({ text: ' TEA ' })).toEqual(['6']);
		expect((await repository.list()).badRows).toBe(2);
		const paged: string[] = [];
		for (let before: string | undefined; ;) {
			const page = await repository.list({ limit: 3, ...(before === undefined ? {} : { before }) });
			paged.push(...page.rows.map(({ title }) => title.slice(8)));
			if (page.next === null) break;
			before = page.next;
		}
		expect(paged).toEqual(['3', '9', '8', '7', '6', '2', '1', '0']);
		expect(new Set(read)).toEqual(new Set(['sessions']));
	});

	it('OT-21 SAM-18 forks into a session of its own without a copy, and keeps the fork when the origin is deleted', async () => {
		const { repository, open, store, commit, say } = world();
		const origin = await say(repository.newSession({ facts: { title: 'Tea', mode: 'auto' } }), []);
		const written = await say(
			origin,
			['a', 'b', 'c'].map((id, n, all) => entry(origin.id, id, all[n - 1] ?? null))
		);
		const fork = await repository.fork(origin.id, 'b', (await repository.nextLam()).lam);
		await say(fork, [entry(fork.id, 'x', 'b')]);
		const loaded = await repository.load(fork.id);
		expect(loaded.branch().map(({ id }) => id)).toEqual(['a', 'b', 'x']);
		expect(loaded.isInherited('b') && !loaded.isInherited('x')).toBe(true);
		expect(loaded.facts).toMatchObject({ title: 'Tea', mode: 'auto' });
		expect(loaded.entry('c')).toBeUndefined();
		expect(await store.range('entries', { prefix: `${fork.id}/` })).toHaveLength(1);

		await say(written, [], { hidden: true, head: 'c' });
		expect((await repository.list()).rows.map(({ id }) => id)).toEqual([fork.id]);
		expect([...(await purgeDeletes(store, [origin.id])).keys()]).toEqual([]);
		expect(await purgeable(store, Infinity)).toEqual([]);
		expect((await open().load(fork.id)).branch().map(({ id }) => id)).toEqual(['a', 'b', 'x']);

		await commit({ delete: (await purgeDeletes(store, [fork.id])).get(fork.id) ?? [] });
		expect(await purgeable(store, Infinity)).toEqual([origin.id]);
		await commit({ delete: (await purgeDeletes(store, [origin.id])).get(origin.id) ?? [] });
		expect(await store.range('entries', {})).toEqual([]);
		expect(await store.range('sessions', {})).toEqual([]);
	});

	it('reads each table once, however many sessions go, and none for those that are not here', async () => {
		const { store, repository, say } = world();
		const ids: string[] = [];
		for (let n = 0; n < 20; n++) {
			const record = repository.newSession();
			await say(record, [entry(record.id, `e${n}`, null)]);
			ids.push(record.id);
		}
		const put = ids.map((sessionId, n) => ({ table: 'undo' as const, key: `u${n}`, row: { sessionId } }));
		await store.commit({ epoch: 0, put });
		const whole: string[] = [];
		const counting: Store = {
			...store,
			range(table, query) {
				if (query.prefix === undefined) whole.push(table);
				return store.range(table, query);
			}
		};
		const absent = Array.from({ length: 50 }, (_, n) => `gone-${n}`);
		const found = await purgeDeletes(counting, [...absent, ...ids]);
		expect([...found.keys()]).toEqual(ids);
		expect(found.get(ids[3] ?? '')).toContainEqual({ table: 'undo', key: 'u3' });
		expect(found.get(ids[3] ?? '')).toContainEqual({ table: 'entries', key: `${ids[3]}/e3` });
		expect(whole.sort()).toEqual([...new Set(whole)]);
		whole.length = 0;
		expect((await purgeDeletes(counting, absent)).size).toBe(0);
		expect(whole).toEqual(['sessions']);
	});

	it('SAM-18 forks of forks go down to the limit and no further, and read the whole past', async () => {
		const { repository, open, say } = world();
		let record = repository.newSession();
		await say(record, [entry(record.id, 'e0', null)]);
		for (let depth = 1; depth <= maximumForkDepth; depth++) {
			const fork = await repository.fork(record.id, `e${depth - 1}`, depth);
			await say(fork, [entry(fork.id, `e${depth}`, `e${depth - 1}`)]);
			record = fork;
		}
		const loaded = await open().load(record.id);
		expect(loaded.branch().map(({ id }) => id)).toEqual(
			Array.from({ length: maximumForkDepth + 1 }, (_, n) => `e${n}`)
		);
		expect(loaded.lineage).toHaveLength(maximumForkDepth);
		await expect(repository.fork(record.id, `e${maximumForkDepth}`, 99)).rejects.toMatchObject({
			data: { code: 'ACP_SESSION_MAX_FORK_DEPTH' }
		});
		// An older entry belongs to an older session: from there it is not so deep.
		expect((await repository.fork(record.id, 'e3', 99)).origin?.entryId).toBe('e3');
	});

	it('cuts off what is missing or goes in a circle, and never loops', async () => {
		const { store, repository } = world();
		await storeChain(store, 'p', 3, { origin: { sessionId: 'q', entryId: 'q-0000001' } });
		await storeChain(store, 'q', 3, { origin: { sessionId: 'p', entryId: 'p-0000001' } });
		await storeChain(store, 'lost', 2, { origin: { sessionId: 'nowhere', entryId: 'x' } });
		expect((await repository.load('p')).isCutOff).toBe(true);
		expect((await repository.load('q')).isCutOff).toBe(true);
		const lost = await repository.load('lost');
		expect(lost.isCutOff).toBe(true);
		expect(lost.branch()).toHaveLength(2);
	});

	it('opens, branches and forks a chain of 100,000 entries', async () => {
		const { store, repository } = world();
		await storeChain(store, 'long', 100_000);
		const started = performance.now();
		const loaded = await repository.load('long');
		const opened = performance.now();
		expect(loaded.branch('long-0099999')).toHaveLength(100_000);
		expect(loaded.head).toBe('long-0099999');
		const fork = await repository.fork('long', 'long-0099998', 1);
		await store.commit({ epoch: 0, put: [{ table: 'sessions', key: fork.id, row: fork }] });
		const forked = await repository.load(fork.id);
		expect(forked.branch()).toHaveLength(99_999);
		console.log(
			`100,000 entries: load ${Math.round(opened - started)} ms, fork and branch ${Math.round(performance.now() - opened)} ms`
		);
	});

	it('keeps one object for a session that somebody holds, however many others are opened', async () => {
		const { store, repository, commit } = world();
		for (let n = 0; n < 20; n++) await storeChain(store, `s${n}`, 2);
		const held = await repository.load('s0');
		for (let n = 1; n < 20; n++) await repository.load(`s${n}`);
		await commit({ put: [{ table: 'entries', key: 's0/new', row: entry('s0', 'new', 's0-0000001') }] });
		expect(held.entry('new')).toBeDefined();
		expect(await repository.load('s0')).toBe(held);
	});

	it('never stamps twice, over restarts and failed commits', async () => {
		const { store, repository, open } = world();
		const first = [await repository.nextLam(), await repository.nextLam()];
		expect(first.map(({ lam }) => lam)).toEqual([1, 2]);
		// They land in the other order.
		for (const { write } of first.reverse()) await store.commit({ epoch: 0, put: [write] });
		expect((await open().nextLam()).lam).toBeGreaterThan(2);
		const clock = await repository.lamport();
		clock.observe(50_000);
		clock.observe(Number.MAX_SAFE_INTEGER);
		clock.observe(NaN);
		expect((await repository.nextLam()).lam).toBe(50_001);
	});
});

describe('registers', () => {
	it('merge to the same whatever the order, by (lam, dev) alone', () => {
		const random = seeded('registers');
		const empty: SessionRecord = { id: 's', v: 1, createdAt: 0, temporary: false, registers: {} };
		for (let round = 0; round < 300; round++) {
			const [a, b, c] = [0, 1, 2].map(() => {
				let record = empty;
				for (let n = 0; n < 6; n++) {
					const patch = random.pick([
						{ title: `t${random.int(3)}` },
						{ pinned: random.float() < 0.5 },
						{ tags: [`x${random.int(3)}`] },
						{ model: null }
					]);
					record = setFacts(record, patch, { lam: random.int(4), dev: `d${random.int(2)}` });
				}
				return record.registers;
			});
			if (a === undefined || b === undefined || c === undefined) continue;
			expect(mergeRegisters(a, b)).toEqual(mergeRegisters(b, a));
			expect(mergeRegisters(mergeRegisters(a, b), c)).toEqual(mergeRegisters(a, mergeRegisters(b, c)));
			expect(mergeRegisters(a, a)).toEqual(a);
		}
	});

	it('let a later write win and ignore an older one', () => {
		const empty: SessionRecord = { id: 's', v: 1, createdAt: 0, temporary: false, registers: {} };
		const late = setFacts(empty, { title: 'late' }, { lam: 5, dev: 'a' });
		expect(facts(setFacts(late, { title: 'early' }, { lam: 4, dev: 'z' })).title).toBe('late');
		expect(facts(setFacts(late, { title: 'beside' }, { lam: 5, dev: 'b' })).title).toBe('beside');
		expect(facts(setFacts(late, { title: 'later' }, { lam: 6, dev: 'a' })).title).toBe('later');
	});
});
