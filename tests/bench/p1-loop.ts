/**
 * P1: what a loop adds to a step, with a model that takes no time.
 *
 * The goals are asked of the loop over a store that keeps nothing. The peers hold the conversation in
 * memory and write none of it down; ours then does the same, and still builds, hashes and commits every
 * row of its journal: only the copy that a database would make is left out, and P6 measures that with a
 * real one. The memory store, which copies each row on its way in to behave like a database, is
 * printed beside it.
 */

import { jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { bareLoop, oursInMemory, oursUnkept, piLoop } from './loop-contenders';
import { answer, compare, mustEqual, type Line } from './measure';
import {
	expected,
	question,
	stepCount,
	steps,
	system,
	toolDescription,
	toolInput,
	toolName,
	type Outcome
} from './script';

async function aiLoop(): Promise<Outcome> {
	let sum = 0;
	let delivered = 0;
	const said: string[] = [];
	let at = 0;
	const model = new MockLanguageModelV4({
		doStream: () => {
			const step = steps[at++];
			if (step === undefined) throw new Error('the script is over');
			const parts = aiParts(step);
			let next = 0;
			// One event a pull, nothing ahead: enqueuing all in `start` would cost more than the loop.
			const stream = new ReadableStream(
				{
					pull(controller) {
						const part = parts[next++];
						if (part === undefined) controller.close();
						else controller.enqueue(part);
					}
				},
				{ highWaterMark: 0 }
			);
			return Promise.resolve({ stream });
		}
	} as never);
	const result = streamText({
		model,
		system,
		prompt: question,
		stopWhen: stepCountIs(12),
		tools: {
			[toolName]: tool({
				description: toolDescription,
				inputSchema: jsonSchema<{ n: number }>(toolInput as never),
				execute: ({ n }: { n: number }) => {
					sum += n;
					return `added ${String(n)}`;
				}
			})
		}
	});
	for await (const part of result.fullStream) {
		if (part.type === 'start-step') said.push('');
		else if (part.type === 'text-delta') {
			delivered++;
			said[said.length - 1] += part.text;
		} else if (part.type === 'tool-input-start' || part.type === 'tool-input-delta') delivered++;
	}
	return { text: said.join('|'), sum, delivered };
}

function aiParts(step: (typeof steps)[number]): unknown[] {
	const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
	const { call } = step;
	return [
		{ type: 'stream-start', warnings: [] },
		{ type: 'text-start', id: 't' },
		...step.deltas.map((delta) => ({ type: 'text-delta', id: 't', delta })),
		{ type: 'text-end', id: 't' },
		...(call === undefined
			? []
			: [
					{ type: 'tool-input-start', id: call.id, toolName },
					...call.argumentDeltas.map((delta) => ({ type: 'tool-input-delta', id: call.id, delta })),
					{ type: 'tool-input-end', id: call.id },
					{ type: 'tool-call', toolCallId: call.id, toolName, input: JSON.stringify(call.args) }
				]),
		{
			type: 'finish',
			finishReason: { unified: call === undefined ? 'stop' : 'tool-calls', raw: undefined },
			usage
		}
	];
}

export async function bench(): Promise<Line[]> {
	const loops = {
		ours: oursInMemory,
		'ours, nothing kept': oursUnkept,
		pi: piLoop,
		ai: aiLoop,
		'bare loop': bareLoop
	};
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
		answer(rates, { ...unkept, other: 'ai', goal: { is: 'at most', value: 1 / 80 } }),
		answer(rates, { ...unkept, other: 'bare loop', goal: { is: 'at most', value: 3 } }),
		answer(rates, { ...kept, other: 'pi' }),
		answer(rates, { ...kept, other: 'bare loop' })
	];
}
