/** P1 where it counts: in a worker of a browser. Which store the goals are asked with is said in `p1-loop.ts`. */

import { bareLoop, oursInMemory, oursUnkept, piLoop } from './loop-contenders';
import { answer, compare, mustEqual, type Line } from './measure';
import { expected, stepCount } from './script';

export async function bench(): Promise<Line[]> {
	const loops = { ours: oursInMemory, 'ours, nothing kept': oursUnkept, pi: piLoop, 'bare loop': bareLoop };
	for (const [name, loop] of Object.entries(loops)) mustEqual(name, expected, await loop());
	const rates = await compare(
		Object.entries(loops).map(([name, loop]) => ({
			name,
			units: stepCount,
			run: async () => {
				await loop();
			}
		}))
	);
	const cost = {
		id: 'P1',
		unit: 'µs/step',
		as: 'cost',
		show: (rate: number) => 1e6 / rate
	} as const;
	const unkept = { ...cost, what: 'loop, conversation in memory', ours: 'ours, nothing kept' };
	const kept = { ...cost, what: 'loop, rows copied by a store', ours: 'ours' };
	return [
		answer(rates, { ...unkept, other: 'pi', goal: { is: 'at most', value: 0.6 } }),
		answer(rates, { ...unkept, other: 'bare loop', goal: { is: 'at most', value: 3 } }),
		answer(rates, { ...kept, other: 'pi' }),
		answer(rates, { ...kept, other: 'bare loop' })
	];
}
