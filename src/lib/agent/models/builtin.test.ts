import { describe, expect, it } from 'vitest';
import { createBuiltinModel } from './builtin';
import type { BuiltinMessage, BuiltinPort } from './builtin';
import type { ModelEvent, ModelRequest } from './protocol';

const request: ModelRequest = {
	model: { provider: 'builtin', model: 'builtin' },
	system: 'Be brief.',
	messages: [
		{ role: 'user', parts: [{ type: 'text', text: 'What time is it?' }] },
		{ role: 'assistant', parts: [{ type: 'call', callId: 'a', action: 'clock', args: {}, via: 'native' }] },
		{
			role: 'tool',
			parts: [
				{
					type: 'result',
					callId: 'a',
					action: 'clock',
					status: 'ok',
					output: 'noon',
					startedAt: 0,
					durationMs: 0
				}
			]
		}
	],
	tools: [],
	files: new Map()
};

async function ask(port: BuiltinPort | undefined) {
	const events: ModelEvent[] = [];
	const options = {
		signal: new AbortController().signal,
		onEvent: (event: ModelEvent) => events.push(event),
		requestId: 'r'
	};
	return { reply: await createBuiltinModel(port).ask(request, options), events };
}

describe('the browser\u2019s own model', () => {
	it('gets the transcript as text, calls and results too, and streams', async () => {
		let seen: readonly BuiltinMessage[] = [];
		const { reply, events } = await ask({
			availability: () => Promise.resolve('available'),
			prompt: async function* (_system, messages) {
				seen = messages;
				await Promise.resolve();
				yield 'It is ';
				yield 'noon.';
			}
		});
		expect(reply).toMatchObject({ stop: 'end', parts: [{ type: 'text', text: 'It is noon.' }] });
		expect(events).toHaveLength(2);
		expect(seen.map((message) => message.role)).toEqual(['user', 'assistant', 'user']);
		expect(seen[1]?.content).toBe('```wherry-action\n{"action":"clock","args":{}}\n```');
		expect(seen[2]?.content).toContain('noon');
	});

	it('says so where there is none, and keeps what came before it failed', async () => {
		expect((await ask(undefined)).reply.error?.id).toBe('model/unavailable');
		const { reply } = await ask({
			availability: () => Promise.resolve('available'),
			prompt: async function* () {
				await Promise.resolve();
				yield 'It';
				throw new DOMException('too long', 'QuotaExceededError');
			}
		});
		expect(reply).toMatchObject({
			stop: 'error',
			error: { id: 'model/context-too-long' },
			parts: [{ text: 'It' }]
		});
	});
});
