/**
 * P6: what the journal costs a step, strict durability, in a worker of a real Chromium: the same turn with
 * a store that keeps nothing and with IndexedDB, with a model that speaks for a second; and how many commits.
 */

import { openDexieStore } from '../../src/lib/agent/storage/dexie';
import type { Commit, Store } from '../../src/lib/agent/storage/store';
import type { ModelPort } from '../../src/lib/agent/models/protocol';
import { compare, answer, median, mustEqual, type Line } from './measure';
import { createListener, createScriptedPort, createVoidStore, runOurs } from './ours';
import { expected, stepCount } from './script';

const nothing = (): void => undefined;
const stepMs = 1_000;

/** Says the step's events spread over its second. */
function slowed(port: ModelPort): ModelPort {
	return {
		describe: port.describe.bind(port),
		async ask(request, options) {
			const events: Parameters<typeof options.onEvent>[0][] = [];
			const reply = await port.ask(request, { ...options, onEvent: (event) => void events.push(event) });
			const start = performance.now();
			for (const [n, event] of events.entries()) {
				await until(start + (stepMs * (n + 1)) / events.length);
				options.onEvent(event);
			}
			return reply;
		}
	};
}

const until = (at: number): Promise<void> =>
	new Promise((resolve) => setTimeout(resolve, Math.max(0, at - performance.now())));

async function turn(store: Store, model: ModelPort): Promise<void> {
	const listener = createListener();
	let sum = 0;
	await runOurs(store, model, listener.listen, (n) => {
		sum += n;
	});
	mustEqual('the turn', expected, { text: listener.text(), sum, delivered: listener.delivered() });
}

async function timed(work: Promise<void>): Promise<number> {
	const start = performance.now();
	await work;
	return performance.now() - start;
}

export async function bench(): Promise<Line[]> {
	for (const { name } of await indexedDB.databases()) if (name !== undefined) indexedDB.deleteDatabase(name);
	const kept = await openDexieStore({ name: 'journal', onVersionChange: nothing, onClosed: nothing });
	const commits: Commit[] = [];
	const counted: Store = {
		...kept,
		commit(commit) {
			commits.push(commit);
			return kept.commit(commit);
		}
	};
	await turn(counted, createScriptedPort());
	const flushes = commits.filter(
		(commit) => commit.put?.every(({ table }) => table === 'streams') === true
	).length;
	const journal = commits.length - flushes;
	// T1, T2 for each response, T3 for each call; the end goes with the last response.
	const planned = 1 + stepCount + (stepCount - 1);

	const instant = await compare([
		{ name: 'ours', units: stepCount, run: () => turn(kept, createScriptedPort()) },
		{ name: 'journal off', units: stepCount, run: () => turn(createVoidStore(), createScriptedPort()) }
	]);
	const added: number[] = [];
	const withJournal: number[] = [];
	const without: number[] = [];
	for (let round = 0; round < 3; round++) {
		const off = await timed(turn(createVoidStore(), slowed(createScriptedPort())));
		const on = await timed(turn(kept, slowed(createScriptedPort())));
		withJournal.push(on / stepCount);
		without.push(off / stepCount);
		added.push(on / off);
	}
	return [
		{
			id: 'P6',
			what: 'a step of a second, journal on',
			ours: median(withJournal),
			other: { name: 'journal off', value: median(without) },
			unit: 'ms/step',
			ratio: [median(added), Math.min(...added), Math.max(...added)],
			goal: { is: 'at most', value: 1.02 }
		},
		{
			id: 'P6',
			what: 'commits of a ten-step turn',
			ours: journal,
			other: { name: 'T1, T2, T3 as planned', value: planned },
			unit: 'commits',
			ratio: [journal / planned, journal / planned, journal / planned],
			goal: { is: 'at most', value: 1 }
		},
		answer(instant, {
			id: 'P6',
			what: 'a step without model time',
			ours: 'ours',
			other: 'journal off',
			unit: 'ms/step',
			as: 'cost',
			show: (rate) => 1_000 / rate
		})
	];
}
