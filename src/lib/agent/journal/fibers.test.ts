import { describe, expect, it } from 'vitest';
import {
	crashPoints,
	createCrashingStore,
	SimulatedCrash,
	type CrashPoint
} from '../../../../tests/faults/crashing-store';
import type { Json } from '../../wire/json';
import { AppError } from '../../wire/errors';
import type { Clock } from '../ports';
import { createMemoryStore } from '../storage/memory';
import type { Store } from '../storage/store';
import { createFibers, maximumAttempts, type Fibers, type FiberWork } from './fibers';

const never = new AbortController().signal;

/** A clock that only moves when told to. */
function createClock(): Clock & { advance(ms: number): void } {
	let now = 1_000;
	const sleepers = new Set<{ at: number; wake: () => void }>();
	return {
		now: () => now,
		sleep(ms, signal) {
			return new Promise((resolve, reject) => {
				const sleeper = { at: now + ms, wake: resolve };
				if (ms <= 0) resolve();
				else sleepers.add(sleeper);
				signal?.addEventListener('abort', () => {
					sleepers.delete(sleeper);
					reject(signal.reason);
				});
			});
		},
		advance(ms) {
			now += ms;
			for (const sleeper of sleepers) {
				if (sleeper.at > now) continue;
				sleepers.delete(sleeper);
				sleeper.wake();
			}
		}
	};
}

function world(store: Store = createMemoryStore()) {
	let id = 0;
	const clock = createClock();
	const open = (over: Store = store): Fibers =>
		createFibers({ store: over, clock, ids: { next: () => `f${++id}` }, epoch: () => 0 });
	return { store, clock, open, fibers: open() };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('fibers', () => {
	it('answers a settled step from the journal, with the same key for its work', async () => {
		const { fibers } = world();
		const keys: string[] = [];
		const id = await fibers.start('job', { n: 1 });
		const work: FiberWork = async (fiber, input) => {
			const first = await fiber.step('a/b ü', async (key) => {
				keys.push(key);
				return 1;
			});
			const again = await fiber.step('a/b ü', async () => 2);
			return { first, again, input };
		};
		expect(await fibers.run(id, work, never)).toEqual({ first: 1, again: 1, input: { n: 1 } });
		expect(await fibers.run(id, work, never)).toEqual({ first: 1, again: 1, input: { n: 1 } });
		expect(keys).toHaveLength(1);
		expect(keys[0]).toMatch(/^f1\.[\w-]{43}$/);
	});

	it('gives a step that is run again after a failure the same key', async () => {
		const { fibers } = world();
		const keys: string[] = [];
		const id = await fibers.start('job', null);
		const abort = new AbortController();
		const work: FiberWork = (fiber) =>
			fiber.step('send', async (key) => {
				keys.push(key);
				if (keys.length === 1) {
					abort.abort();
					throw abort.signal.reason;
				}
				return 'sent';
			});
		await expect(fibers.run(id, work, abort.signal)).rejects.toThrow();
		expect(await fibers.unfinished()).toHaveLength(1);
		expect(await fibers.run(id, work, never)).toBe('sent');
		expect(keys[0]).toBe(keys[1]);
	});

	it('sleeps until the journalled time, across a restart', async () => {
		const { fibers, clock, open } = world();
		const id = await fibers.start('job', null);
		const work: FiberWork = async (fiber) => {
			await fiber.sleep('nap', clock.now() + 500);
			return clock.now();
		};
		const abort = new AbortController();
		const first = fibers.run(id, work, abort.signal).catch(() => 'aborted');
		await settle();
		clock.advance(300);
		abort.abort(new Error('tab closed'));
		expect(await first).toBe('aborted');
		const second = open().run(id, work, never);
		await settle();
		clock.advance(200);
		expect(await second).toBe(1_500);
	});

	it('takes the first answer to a park and refuses the others', async () => {
		const { fibers } = world();
		const id = await fibers.start('job', null);
		const run = fibers.run(
			id,
			async (fiber) => (await fiber.park('ask', { reason: 'question', waitingFor: ['q1'] })).value,
			never
		);
		await settle();
		expect(await fibers.answer(id, 'ask', { id: 'other', value: 0 })).toBe(false);
		const answers = await Promise.all([
			fibers.answer(id, 'ask', { id: 'q1', value: 'tea' }),
			fibers.answer(id, 'ask', { id: 'q1', value: 'coffee' })
		]);
		expect(answers).toEqual([true, false]);
		expect(await run).toBe('tea');
		expect(await fibers.answer(id, 'ask', { id: 'q1', value: 'late' })).toBe(false);
	});

	it('takes an answer that comes while nobody runs it', async () => {
		const { fibers, open } = world();
		const id = await fibers.start('job', null);
		const work: FiberWork = async (fiber) =>
			(await fiber.park('ask', { reason: 'approval', waitingFor: ['a'] })).value;
		const abort = new AbortController();
		const first = fibers.run(id, work, abort.signal).catch(() => 'gone');
		await settle();
		abort.abort();
		await first;
		const later = open();
		expect(await later.answer(id, 'ask', { id: 'a', value: true })).toBe(true);
		expect(await later.run(id, work, never)).toBe(true);
	});

	it('wakes a park by itself at its time', async () => {
		const { fibers, clock } = world();
		const id = await fibers.start('job', null);
		const run = fibers.run(
			id,
			async (fiber) => (await fiber.park('w', { reason: 'wake', waitingFor: [], wakeAt: 2_000 })).id,
			never
		);
		await settle();
		clock.advance(1_000);
		expect(await run).toBe('wake');
	});

	it('keeps a failure, and throws it again without running', async () => {
		const { fibers } = world();
		const id = await fibers.start('job', null);
		let runs = 0;
		const work: FiberWork = async () => {
			runs++;
			throw new AppError('skill/failed');
		};
		await expect(fibers.run(id, work, never)).rejects.toMatchObject({ id: 'skill/failed' });
		await expect(fibers.run(id, work, never)).rejects.toMatchObject({ id: 'skill/failed' });
		expect(runs).toBe(1);
		expect(await fibers.unfinished()).toEqual([]);
	});

	it('gives up after eight runs without progress, but waits through a thousand restarts', async () => {
		const { fibers, open, store } = world();
		const stuck = await fibers.start('stuck', null);
		const parked = await fibers.start('parked', null);
		const killed = async (id: string, work: FiberWork): Promise<unknown> => {
			const abort = new AbortController();
			const run = open()
				.run(id, work, abort.signal)
				.catch((thrown: unknown) => thrown);
			await settle();
			abort.abort(new Error('killed'));
			return run;
		};
		const hang: FiberWork = (_fiber, _input, signal) =>
			new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
		for (let n = 0; n < maximumAttempts; n++)
			expect(await killed(stuck, hang)).toMatchObject({ message: 'killed' });
		expect(await killed(stuck, hang)).toMatchObject({ id: 'turn/no-progress' });
		const wait: FiberWork = async (fiber) =>
			(await fiber.park('ask', { reason: 'approval', waitingFor: ['a'] })).value;
		for (let n = 0; n < 1_000; n++) await killed(parked, wait);
		const last = open(store);
		const run = last.run(parked, wait, never);
		await settle();
		expect(await last.answer(parked, 'ask', { id: 'a', value: 7 })).toBe(true);
		expect(await run).toBe(7);
	});

	it('refuses to go on when another tab has taken over', async () => {
		const { fibers, store } = world();
		const id = await fibers.start('job', null);
		await store.commit({ epoch: 0, put: [{ table: 'meta', key: 'epoch', row: { v: 1, epoch: 1 } }] });
		await expect(fibers.run(id, async () => 1, never)).rejects.toMatchObject({ id: 'storage/stale-epoch' });
	});

	it('survives a crash at every commit boundary: steps once to a result, one end, keyed effects once', async () => {
		const script = async (store: Store, crash?: CrashPoint) => {
			const effects = new Map<string, number>();
			const { clock, open } = world(store);
			const crashing = createCrashingStore(store, crash === undefined ? {} : { crash, afterwards: 'hang' });
			const work: FiberWork = async (fiber, input) => {
				const send = (name: string): Promise<Json> =>
					fiber.step(name, async (key) => {
						effects.set(key, (effects.get(key) ?? 0) + 1);
						return `${name} done`;
					});
				const a = await send('a');
				await fiber.sleep('nap', clock.now() + 100);
				const [b, c] = await Promise.all([send('b'), send('c')]);
				const answer = await fiber.park('ask', { reason: 'question', waitingFor: ['q'] });
				const d = await send('d');
				return [input, a, b, c, answer.value, d];
			};
			const drive = async (fibers: Fibers, id: string): Promise<Json> => {
				const run = fibers.run(id, work, never);
				let isOver = false;
				void run.then(
					() => (isOver = true),
					() => (isOver = true)
				);
				for (let n = 0; n < 50 && !isOver; n++) {
					await settle();
					clock.advance(100);
					void fibers.answer(id, 'ask', { id: 'q', value: 'yes' }).catch(() => {});
				}
				return run;
			};
			const first = open(crashing);
			const done = first.start('job', 'in').then((id) => drive(first, id));
			const outcome = await Promise.race([done, crashing.crashed]);
			return { outcome, log: crashing.log, open, drive, effects };
		};
		const dry = await script(createMemoryStore());
		const expected = ['in', 'a done', 'b done', 'c done', 'yes', 'd done'];
		expect(dry.outcome).toEqual(expected);
		const points = crashPoints(dry.log);
		expect(points.length).toBeGreaterThan(16);
		for (const point of points) {
			const store = createMemoryStore();
			const { outcome, open, drive, effects } = await script(store, point);
			if (!(outcome instanceof SimulatedCrash)) {
				// Interleaving may make one commit fewer; then there is nothing to recover.
				expect(outcome).toEqual(expected);
				continue;
			}
			const recovered = open(store);
			const left = await recovered.unfinished();
			for (const { fiberId } of left)
				expect(await drive(recovered, fiberId), JSON.stringify(point)).toEqual(expected);
			expect(await recovered.unfinished()).toEqual([]);
			expect(effects.size === 0 || effects.size === 4, JSON.stringify(point)).toBe(true);
			for (const times of effects.values()) expect(times).toBeLessThanOrEqual(2);
		}
		console.log(`fibers: ${points.length} crash points`);
	});
});
