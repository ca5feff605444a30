/** P1 where it counts: in a worker of a browser. */

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
		ours: 'ours',
		unit: 'µs/step',
		as: 'cost',
		show: (rate: number) => 1e6 / rate
	} as const;
	return [
		answer(rates, {
			...cost,
			what: 'loop, journal in memory',
			other: 'pi',
			goal: { is: 'at most', value: 0.6 }
		}),
		answer(rates, {
			...cost,
			what: 'loop, journal in memory',
			other: 'bare loop',
			goal: { is: 'at most', value: 3 }
		}),
		answer(rates, { ...cost, what: 'loop, store keeps nothing', ours: 'ours, nothing kept', other: 'pi' }),
		answer(rates, {
			...cost,
			what: 'loop, store keeps nothing',
			ours: 'ours, nothing kept',
			other: 'bare loop'
		})
	];
}
