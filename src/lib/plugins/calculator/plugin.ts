/** Arithmetic by a parser: exact where numbers are whole, never run as code. */

import { AppError } from '../../wire/errors';
import { isJsonObject } from '../../wire/json';
import { definePlugin } from '../plugin';

export default definePlugin({
	id: 'calculator',
	title: 'Calculator',
	description: 'Works out arithmetic exactly.',
	capabilities: ['tools'],
	actions: [
		{
			id: 'calculate',
			title: 'Calculate',
			description:
				'Evaluates an arithmetic expression: + - * / ^ % ! parentheses, pi, e, sqrt, ln, log, sin, round, min, max, gcd and the like. Whole numbers are exact at any size. Use it for every calculation.',
			input: {
				type: 'object',
				properties: {
					expression: {
						type: 'string',
						description: 'For example (3 + 4) * 2^10',
						minLength: 1,
						maxLength: 1000
					}
				},
				required: ['expression'],
				additionalProperties: false
			},
			effects: [],
			replay: 'pure',
			phrases: [
				'calculate {expression}',
				'compute {expression}',
				'work out {expression}',
				'how much is {expression}'
			],
			say: (output) =>
				isJsonObject(output) ? `${String(output['expression'])} = ${String(output['result'])}` : '',
			async run({ expression }) {
				const text = String(expression).trim();
				// Its own chunk, like everything that only a call needs.
				const { CalculationError, evaluate } = await import('./evaluate');
				try {
					return { expression: text, ...evaluate(text) };
				} catch (thrown) {
					if (!(thrown instanceof CalculationError)) throw thrown;
					throw new AppError('skill/failed', { message: thrown.message, retryable: false, cause: thrown });
				}
			}
		}
	]
});
