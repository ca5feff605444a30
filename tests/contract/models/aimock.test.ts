/** The model port against a server that others wrote: two steps with a call, over all four protocols. */

import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { traitsOf } from '../../../src/lib/agent/models/catalog';
import { createModelPort } from '../../../src/lib/agent/models/client';
import type { ModelPort, ModelRequest } from '../../../src/lib/agent/models/protocol';
import { putKey } from '../../../src/lib/agent/models/providers';
import { loadProtocol } from '../../../src/lib/agent/models/protocols';
import { resolveTarget } from '../../../src/lib/agent/models/targets';
import { createSeededRandom } from '../../fakes/ports';
import { callsOf, resultOf } from '../model';

const server = new LLMock({ port: 0 });

beforeAll(async () => {
	server.addFixture({ match: { hasToolResult: true }, response: { content: 'It is noon.' } });
	server.addFixture({
		match: { userMessage: 'time' },
		response: { toolCalls: [{ name: 'clock', arguments: '{"zone":"UTC"}' }], finishReason: 'STOP' }
	});
	await server.start();
});
afterAll(async () => {
	await server.stop();
});

function portTo(url: string, protocol: 'openai-chat' | undefined): ModelPort {
	const unused: ModelPort = { ask: () => Promise.reject(new Error('unused')), describe: traitsOf };
	const choice = { via: 'direct', baseUrl: url, ...(protocol === undefined ? {} : { protocol }) } as const;
	return createModelPort({
		fetch: (to, init) => fetch(to, init),
		clock: { now: () => Date.now(), sleep },
		random: createSeededRandom(1),
		targets: (ref) => resolveTarget(ref, choice, undefined),
		loadProtocol,
		sign: ({ headers }, target) => {
			putKey(target.provider, headers, 'k');
			return Promise.resolve(headers);
		},
		chain: () => undefined,
		rehearsal: unused,
		builtin: unused
	});
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(resolve, ms);
		signal?.addEventListener('abort', () => {
			clearTimeout(timer);
			reject(new Error('aborted'));
		});
	});
}

describe('the model port against aimock', () => {
	it.each([
		['anthropic', 'claude-sonnet-4-5', undefined],
		['openai', 'gpt-5.5', undefined],
		['openai', 'gpt-4.1', 'openai-chat'],
		['gemini', 'gemini-2.5-flash', undefined]
	] as const)('calls and answers as %s %s %s', async (provider, model, protocol) => {
		const port = portTo(server.url, protocol);
		const ref = { provider, model };
		const request: ModelRequest = {
			model: ref,
			system: 'Be brief.',
			messages: [{ role: 'user', parts: [{ type: 'text', text: 'What time is it?' }] }],
			tools: [
				{
					name: 'clock',
					description: 'The time.',
					input: { type: 'object', properties: { zone: { type: 'string' } } }
				}
			],
			files: new Map()
		};
		const options = { signal: new AbortController().signal, onEvent: () => undefined, requestId: 'r' };
		const first = await port.ask(request, options);
		expect(first.error).toBeUndefined();
		expect(first.stop).toBe('calls');
		expect(callsOf(first)).toMatchObject([{ action: 'clock', args: { zone: 'UTC' } }]);
		const second = await port.ask(
			{
				...request,
				messages: [
					...request.messages,
					{ role: 'assistant', parts: first.parts, from: ref },
					{ role: 'tool', parts: callsOf(first).map(resultOf) }
				]
			},
			options
		);
		expect(second.error).toBeUndefined();
		expect(second.stop).toBe('end');
		expect(second.parts.filter((part) => part.type === 'text').map((part) => part.text)).toEqual([
			'It is noon.'
		]);
	});
});
