/** Demonstrations that people can try without consequences. Each says what it is; nothing leaves this device. */

import { isJsonObject, type Json } from '../../wire/json';
import { definePlugin } from '../plugin';

const noteKey = 'note';
const countMs = 1000;

function textOf(output: Json): string {
	return isJsonObject(output) && typeof output['text'] === 'string' ? output['text'] : '';
}

export default definePlugin({
	id: 'demo',
	title: 'Demonstrations',
	description: 'Shows approval, undo and resuming. Nothing real happens.',
	capabilities: ['tools'],
	describeRow: (_key, value) => textOf(value),
	actions: [
		{
			id: 'demo_send_postcard',
			title: 'Demonstration: send a postcard',
			description:
				'Demonstration: nothing is sent. It declares the effects of a real sending, so that it is held for approval.',
			input: {
				type: 'object',
				properties: {
					to: { type: 'string', minLength: 1, maxLength: 100 },
					text: { type: 'string', minLength: 1, maxLength: 500 }
				},
				required: ['to', 'text'],
				additionalProperties: false
			},
			effects: ['egress', 'irreversible'],
			replay: 'once',
			destinations: ({ to }) => [`${String(to)} (demonstration)`],
			isOffered: false,
			say: textOf,
			async run({ to, text }) {
				return {
					text: `Demonstration: nothing was sent. “${String(text)}” would have gone to ${String(to)}.`
				};
			}
		},
		{
			id: 'demo_write_note',
			title: 'Demonstration: write a note',
			description: 'Demonstration: writes a throwaway note that can be undone.',
			input: {
				type: 'object',
				properties: { text: { type: 'string', minLength: 1, maxLength: 500 } },
				required: ['text'],
				additionalProperties: false
			},
			effects: ['writeLocal'],
			replay: 'local',
			isOffered: false,
			undo: {
				label: 'Undo the demonstration note',
				capture: async (_input, { storage }) => (await storage.get(noteKey)) ?? null,
				async apply(captured, _output, { storage }) {
					if (captured === null) storage.delete(noteKey);
					else storage.put(noteKey, captured);
				}
			},
			async preview({ text }, { storage }) {
				return { before: textOf((await storage.get(noteKey)) ?? null), after: String(text) };
			},
			say: textOf,
			async run({ text }, { storage }) {
				storage.put(noteKey, { text: String(text) });
				return { text: `Demonstration: the throwaway note now says “${String(text)}”.` };
			}
		},
		{
			id: 'demo_count',
			title: 'Demonstration: count slowly',
			description: 'Demonstration: counts for some seconds, so that a turn can be interrupted and resumed.',
			input: {
				type: 'object',
				properties: { seconds: { type: 'integer', minimum: 1, maximum: 20 } },
				additionalProperties: false
			},
			effects: [],
			replay: 'pure',
			isOffered: false,
			say: textOf,
			async run({ seconds }, { sleep, progress }) {
				const last = typeof seconds === 'number' ? seconds : 10;
				for (let second = 1; second <= last; second++) {
					await sleep(countMs);
					progress(`${second} of ${last}`, second / last);
				}
				return { text: `Demonstration: counted to ${last}.` };
			}
		}
	]
});
