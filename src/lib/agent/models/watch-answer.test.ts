import { expect, test } from 'vitest';
import { createFakeClock } from '../../../../tests/fakes/ports';
import { createStreamNames } from './hub-names';
import type { ModelTarget } from './targets';
import { watchAnswer } from './watch-answer';

test('an answer that never comes is asked for less and less often, and then no more', async () => {
	const clock = createFakeClock(0, { auto: true });
	const at: number[] = [];
	await watchAnswer(
		{
			clock,
			fetch() {
				at.push(clock.now());
				return Promise.resolve(new Response('', { status: 404 }));
			},
			targets: () => ({ protocol: 'anthropic', via: 'relay' }) as ModelTarget,
			loadProtocol: () => Promise.resolve({ decoder: () => ({ push: () => undefined }) } as never),
			origin: 'https://relay.example'
		},
		{
			model: { provider: 'anthropic', model: 'm' },
			names: createStreamNames('secret', 0, true),
			signal: new AbortController().signal
		},
		() => undefined
	);
	expect(at).toHaveLength(30);
	const pauses = at.slice(1).map((time, n) => time - (at[n] ?? 0));
	expect(pauses).toEqual([...pauses].sort((one, other) => one - other));
	expect([pauses[0], pauses.at(-1)]).toEqual([400, 60_000]);
});
