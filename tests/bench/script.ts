/** What every loop is given: the same ten answers of 32 events, the same tool, the same sum in the end. */

import { prose, seeded } from './measure';

export const stepCount = 10;
export const textDeltas = 28;
export const argumentDeltas = 3;
/** Deltas of text, the start of a call, deltas of its arguments: what a model says in one step. */
export const eventsPerStep = textDeltas + argumentDeltas + 1;

export interface ScriptedStep {
	readonly deltas: readonly string[];
	/** None in the last step. */
	readonly call?: {
		readonly id: string;
		readonly argumentDeltas: readonly string[];
		readonly args: { readonly n: number; readonly note: string };
	};
}

export const toolName = 'add';
export const toolDescription = 'Adds a number.';
export const toolInput = {
	type: 'object',
	properties: { n: { type: 'number' }, note: { type: 'string' } },
	required: ['n', 'note'],
	additionalProperties: false
} as const;
export const system = 'You add numbers.';
export const question = 'Add the numbers from one to nine, one at a time.';

export const steps: readonly ScriptedStep[] = script();

export const expectedText = steps.map((step) => step.deltas.join('')).join('|');
export const expectedSum = steps.reduce((sum, step) => sum + (step.call?.args.n ?? 0), 0);

function script(): ScriptedStep[] {
	const random = seeded(20_261_101);
	return Array.from({ length: stepCount }, (_, index) => {
		const isLast = index === stepCount - 1;
		const deltas = Array.from({ length: isLast ? eventsPerStep : textDeltas }, () => prose(random, 12));
		if (isLast) return { deltas };
		const args = { n: index + 1, note: prose(random, 40) };
		const text = JSON.stringify(args);
		const third = Math.ceil(text.length / argumentDeltas);
		const argumentParts = Array.from({ length: argumentDeltas }, (_piece, at) =>
			text.slice(at * third, (at + 1) * third)
		);
		return { deltas, call: { id: `call_${String(index)}`, argumentDeltas: argumentParts, args } };
	});
}

/** What a run came to: compared between all loops before anything is measured. */
export interface Outcome {
	readonly text: string;
	readonly sum: number;
	/** Deltas of text and arguments and starts of calls that were delivered to the listener. */
	readonly delivered: number;
}
export const expected: Outcome = {
	text: expectedText,
	sum: expectedSum,
	delivered: stepCount * eventsPerStep
};
