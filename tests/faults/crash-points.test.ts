/**
 * Every boundary of a scripted 40-step turn with eight kinds of call, before and after each
 * commit. The points come from the store's own commit log, so none can be forgotten.
 */

import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/lib/agent/storage/memory';
import type { Store } from '../../src/lib/agent/storage/store';
import { readOpenTurns } from '../../src/lib/agent/journal/read-records';
import { createSeededRandom } from '../fakes/ports';
import { call, createScriptedModel, text } from '../fakes/scripted-model';
import type { Script } from '../fakes/scripted-model';
import { createFakeSkills, createWorld } from '../fakes/skills';
import type { World } from '../fakes/skills';
import { openTurnWorld } from '../fakes/turn-world';
import type { TurnWorld } from '../fakes/turn-world';
import { crashPoints, createCrashingStore } from './crashing-store';
import type { CrashPoint, CrashingStore } from './crashing-store';

const steps = 40;
const kinds = ['look', 'note', 'ping', 'probe', 'tick', 'broken', 'pay', 'fire'] as const;
const isDeep = process.env['WHERRY_DEEP'] === '1';

/** Step n makes one to three calls, all kinds in turn; the last one says goodbye. */
const script: Script = (responses) => {
	if (responses === steps) return { parts: [text('All forty steps are done.')] };
	const count = responses % 5 === 4 ? 3 : 1;
	const calls = Array.from({ length: count }, (_, index) =>
		call(`c${String(responses)}-${String(index)}`, kinds[(responses + index) % kinds.length] ?? 'look', {
			step: responses
		})
	);
	return { parts: [text(`Step ${String(responses)}. `), ...calls] };
};
const expectedCalls = Array.from({ length: steps }, (_, step) => (step % 5 === 4 ? 3 : 1)).reduce(
	(a, b) => a + b,
	0
);

function openLife(store: Store, world: World, life: string): Promise<TurnWorld> {
	return openTurnWorld({
		store,
		model: createScriptedModel(script, { contextWindow: 10_000_000 }),
		skills: createFakeSkills(world),
		stepLimit: 100,
		life
	});
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Approves whatever is asked until the turns are over; an unknown outcome is marked done. */
async function driveToEnd(life: TurnWorld, ended: Promise<unknown>): Promise<void> {
	let isOver = false;
	const over = ended.then(() => {
		isOver = true;
	});
	while (!isOver) {
		await tick();
		for (const approval of await life.approvals()) {
			if (approval.state !== 'asked') continue;
			await life
				.decide(approval.approvalId, approval.held.kind === 'outcome-unknown' ? 'done' : 'once')
				.catch(() => undefined);
		}
	}
	await over;
}

/** One life that crashes at `point`, then new lives until nothing is open. */
async function runWithCrashes(
	inner: Store,
	world: World,
	points: readonly CrashPoint[]
): Promise<CrashingStore | undefined> {
	let log: CrashingStore | undefined;
	for (const [life, point] of [...points, undefined].entries()) {
		const store = createCrashingStore(inner, {
			afterwards: 'hang',
			...(point === undefined ? {} : { crash: point })
		});
		log ??= store;
		const opened = await openLife(store, world, `life${String(life)}`);
		const hasTurn = (await inner.range('turns', {})).length > 0;
		const ended = hasTurn ? opened.recover() : opened.send('Do forty things.');
		await Promise.race([driveToEnd(opened, ended), store.crashed]);
	}
	return log;
}

async function checkNothingLostOrDoubled(inner: Store, world: World): Promise<void> {
	const last = await openLife(inner, world, 'reader');
	const branch = last.entries();
	const stored = await inner.range('entries', {});
	expect(stored).toHaveLength(branch.length);
	expect(branch.filter((entry) => entry.kind === 'user')).toHaveLength(1);
	const said = branch.flatMap((entry) =>
		entry.kind === 'assistant' ? [entry.parts[0]?.type === 'text' ? entry.parts[0].text : ''] : []
	);
	expect(said).toEqual([
		...Array.from({ length: steps }, (_, step) => `Step ${String(step)}. `),
		'All forty steps are done.'
	]);
	const results = branch.flatMap((entry) =>
		entry.parts.flatMap((part) => (part.type === 'result' ? [part.callId] : []))
	);
	expect(new Set(results).size).toBe(expectedCalls);
	expect(results).toHaveLength(expectedCalls);

	const counts = new Map<string, number>();
	for (const { action, key } of world.executions) {
		// A keyed remote applies a key once, however often it is sent; pure and local may run again.
		if (action === 'tick' || action === 'fire' || action === 'probe')
			counts.set(key, (counts.get(key) ?? 0) + 1);
	}
	expect([...counts.values()].filter((count) => count > 1)).toEqual([]);
	const keyed = new Set(
		world.executions.filter(({ action }) => action === 'ping' || action === 'pay').map(({ key }) => key)
	);
	expect(keyed.size).toBe(results.filter((id) => ['ping', 'pay'].includes(actionOf(id))).length);
	expect(await readOpenTurns(inner)).toEqual([]);
}

function actionOf(callId: string): string {
	const [step, index] = callId.slice(1).split('-').map(Number);
	return kinds[((step ?? 0) + (index ?? 0)) % kinds.length] ?? '';
}

describe('crash points of a 40-step turn (CT-01, OT-48)', () => {
	it('loses nothing and repeats no effect at any commit boundary', async () => {
		const world = createWorld();
		const inner = createMemoryStore();
		const log = await runWithCrashes(inner, world, []);
		await checkNothingLostOrDoubled(inner, world);
		const points = crashPoints(log?.log ?? []);
		console.log(`crash points: ${String(points.length)} from ${String(log?.log.length ?? 0)} commits`);
		expect(points.length).toBeGreaterThan(200);
		for (const point of points) {
			const crashed = createMemoryStore();
			const outside = createWorld();
			await runWithCrashes(crashed, outside, [point]);
			try {
				await checkNothingLostOrDoubled(crashed, outside);
			} catch (thrown) {
				throw new Error(`after a crash ${point.when} commit ${String(point.commit)}`, { cause: thrown });
			}
		}
	}, 600_000);

	it('holds for random schedules of one to five crashes', async () => {
		const seed = Number(process.env['WHERRY_SEED'] ?? Date.now() % 1_000_000);
		const rounds = isDeep ? 10_000 : Number(process.env['WHERRY_ROUNDS'] ?? 1_000);
		console.log(`random crash schedules: seed ${String(seed)}, ${String(rounds)} rounds`);
		const random = createSeededRandom(seed);
		for (let round = 0; round < rounds; round++) {
			const points = Array.from({ length: 1 + Math.floor(random.float() * 5) }, (): CrashPoint => ({
				commit: Math.floor(random.float() * 60),
				when: random.float() < 0.5 ? 'before' : 'after'
			}));
			const inner = createMemoryStore();
			const world = createWorld();
			await runWithCrashes(inner, world, points);
			try {
				await checkNothingLostOrDoubled(inner, world);
			} catch (thrown) {
				throw new Error(`seed ${String(seed)}, round ${String(round)}: ${JSON.stringify(points)}`, {
					cause: thrown
				});
			}
		}
	}, 3_600_000);
});
