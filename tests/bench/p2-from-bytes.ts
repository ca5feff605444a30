/** P2: the same ten steps from the bytes of a provider's stream, against the SDKs' own tool runners. */

import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { runAgentLoop } from '@earendil-works/pi-agent-core';
import { stream as piAnthropic } from '@earendil-works/pi-ai/api/anthropic-messages';
import { stream as piOpenAi } from '@earendil-works/pi-ai/api/openai-completions';
import { createParser } from 'eventsource-parser';
import OpenAI from 'openai';
import { anthropic } from '../../src/lib/agent/models/anthropic';
import { createModelPort } from '../../src/lib/agent/models/client';
import { openAiChat } from '../../src/lib/agent/models/openai-chat';
import type { ModelPort } from '../../src/lib/agent/models/protocol';
import { resolveTarget } from '../../src/lib/agent/models/targets';
import { createMemoryStore } from '../../src/lib/agent/storage/memory';
import { answer, compare, mustEqual, type Line } from './measure';
import { clock, createListener, createVoidStore, runOurs } from './ours';
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
import { anthropicFrames, openAiFrames, responseOf } from './sse-script';

const frames = { anthropic: steps.map(anthropicFrames), openai: steps.map(openAiFrames) };
type Wire = keyof typeof frames;

/** Answers each request with the next step of the script. */
function createServer(wire: Wire): (...request: readonly unknown[]) => Promise<Response> {
	let at = 0;
	return () => Promise.resolve(responseOf(frames[wire][at++] ?? []));
}

function createPort(wire: Wire): ModelPort {
	const none: ModelPort = {
		ask: () => Promise.reject(new Error('not here')),
		describe: () => {
			throw new Error('not here');
		}
	};
	const target = resolveTarget(
		wire === 'anthropic'
			? { provider: 'anthropic', model: 'claude-sonnet-4-5' }
			: { provider: 'openai', model: 'gpt-4.1' },
		wire === 'anthropic' ? { via: 'direct' } : { via: 'direct', protocol: 'openai-chat' },
		undefined
	);
	const protocol = wire === 'anthropic' ? anthropic : openAiChat;
	return createModelPort({
		fetch: createServer(wire),
		clock,
		random: { float: Math.random, bytes: (length) => new Uint8Array(length) },
		targets: () => target,
		loadProtocol: () => Promise.resolve(protocol),
		sign: ({ headers }) => {
			headers.set('x-api-key', 'k');
			return Promise.resolve(headers);
		},
		chain: () => undefined,
		rehearsal: none,
		builtin: none
	});
}

const ours = (wire: Wire, isKept: boolean) => async (): Promise<Outcome> => {
	const listener = createListener();
	let sum = 0;
	const store = isKept ? createMemoryStore() : createVoidStore();
	const { outcome, error } = await runOurs(store, createPort(wire), listener.listen, (n) => {
		sum += n;
	});
	if (outcome !== 'done') throw new Error(`our turn ended as ${outcome}: ${error?.message ?? ''}`);
	return { text: listener.text(), sum, delivered: listener.delivered() };
};

/** The floor: eventsource-parser, JSON.parse and a loop by hand. */
const bare = (wire: Wire) => async (): Promise<Outcome> => {
	const fetch = createServer(wire);
	const messages: object[] = [{ role: 'user', content: question }];
	const said: string[] = [];
	let sum = 0;
	let delivered = 0;
	for (let index = 0; index < 12; index++) {
		let text = '';
		let id = '';
		let json = '';
		// An address and an init, as everybody here calls `fetch`; making a Request of them is its own work.
		const answer = await fetch('http://localhost/v1', {
			method: 'POST',
			body: JSON.stringify({ system, messages, tools: [toolInput] })
		});
		const reader = answer.body?.getReader();
		const decoder = new TextDecoder();
		const parser = createParser({
			onEvent: ({ data }) => {
				if (data === '[DONE]') return;
				const value = JSON.parse(data) as {
					type?: string;
					content_block?: { id?: string };
					delta?: { text?: string; partial_json?: string };
					choices?: {
						delta?: { content?: string; tool_calls?: { id?: string; function?: { arguments?: string } }[] };
					}[];
				};
				const delta = value.choices?.[0]?.delta;
				const opened = value.content_block?.id ?? delta?.tool_calls?.[0]?.id;
				if (opened !== undefined) {
					id = opened;
					delivered++;
				}
				const words = value.delta?.text ?? delta?.content ?? '';
				if (words !== '') {
					text += words;
					delivered++;
				}
				const piece = value.delta?.partial_json ?? delta?.tool_calls?.[0]?.function?.arguments ?? '';
				if (piece !== '') {
					json += piece;
					delivered++;
				}
			}
		});
		for (;;) {
			const piece = await reader?.read();
			if (piece?.value === undefined) break;
			parser.feed(decoder.decode(piece.value, { stream: true }));
		}
		said.push(text);
		messages.push({
			role: 'assistant',
			content: [
				{ type: 'text', text },
				{ type: 'tool_use', id, input: json }
			]
		});
		if (id === '') break;
		const { n } = JSON.parse(json) as { n: number };
		sum += n;
		messages.push({
			role: 'user',
			content: [{ type: 'tool_result', tool_use_id: id, content: `added ${String(n)}` }]
		});
	}
	return { text: said.join('|'), sum, delivered };
};

async function anthropicRunner(): Promise<Outcome> {
	const client = new Anthropic({ apiKey: 'k', fetch: createServer('anthropic'), maxRetries: 0 });
	let sum = 0;
	let delivered = 0;
	const said: string[] = [];
	const runner = client.beta.messages.toolRunner({
		// A name that the SDK does not warn about on every request.
		model: 'scripted',
		max_tokens: 4_096,
		system,
		max_iterations: 12,
		messages: [{ role: 'user', content: question }],
		stream: true,
		tools: [
			betaTool({
				name: toolName,
				description: toolDescription,
				inputSchema: toolInput,
				run: (args: { n: number }) => {
					sum += args.n;
					return `added ${String(args.n)}`;
				}
			})
		]
	});
	for await (const stream of runner) {
		let text = '';
		for await (const event of stream) {
			if (event.type === 'content_block_start' && event.content_block.type === 'tool_use') delivered++;
			if (event.type !== 'content_block_delta') continue;
			if (event.delta.type === 'text_delta') text += event.delta.text;
			delivered++;
		}
		said.push(text);
	}
	return { text: said.join('|'), sum, delivered };
}

async function openAiRunner(): Promise<Outcome> {
	const client = new OpenAI({ apiKey: 'k', fetch: createServer('openai'), maxRetries: 0 });
	let sum = 0;
	let delivered = 0;
	const said: string[] = [''];
	const runner = client.chat.completions.runTools(
		{
			model: 'gpt-4.1',
			stream: true,
			messages: [
				{ role: 'system', content: system },
				{ role: 'user', content: question }
			],
			tools: [
				{
					type: 'function',
					function: {
						name: toolName,
						description: toolDescription,
						parameters: toolInput as never,
						parse: JSON.parse,
						function: (args: { n: number }) => {
							sum += args.n;
							return `added ${String(args.n)}`;
						}
					}
				}
			]
		},
		{ maxChatCompletions: 12 }
	);
	runner.on('chunk', (chunk) => {
		const delta = chunk.choices[0]?.delta;
		if (delta?.role !== undefined && said[said.length - 1] !== '') said.push('');
		if (delta?.content !== undefined && delta.content !== null && delta.content !== '') {
			said[said.length - 1] += delta.content;
			delivered++;
		}
		const call = delta?.tool_calls?.[0];
		if (call?.id !== undefined || (call?.function?.arguments ?? '') !== '') delivered++;
	});
	await runner.done();
	return { text: said.join('|'), sum, delivered };
}

const pi = (wire: Wire) => async (): Promise<Outcome> => {
	const fetch = createServer(wire);
	const api = wire === 'anthropic' ? piAnthropic : piOpenAi;
	let sum = 0;
	let delivered = 0;
	const said: string[] = [];
	const piModel = {
		id: 'scripted',
		name: 'scripted',
		api: wire === 'anthropic' ? 'anthropic-messages' : 'openai-completions',
		provider: wire,
		baseUrl: 'http://localhost/v1',
		reasoning: false,
		input: ['text'],
		cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
		contextWindow: 200_000,
		maxTokens: 8_192
	};
	const tool = {
		name: toolName,
		label: toolName,
		description: toolDescription,
		parameters: toolInput,
		execute: (_id: string, args: { n: number }) => {
			sum += args.n;
			return Promise.resolve({ content: [{ type: 'text', text: `added ${String(args.n)}` }], details: {} });
		}
	};
	await runAgentLoop(
		[{ role: 'user', content: [{ type: 'text', text: question }], timestamp: 0 }] as never,
		{ messages: [{ role: 'system', content: system, timestamp: 0 }], tools: [tool] } as never,
		{ model: piModel, apiKey: 'k', fetch, convertToLlm: (messages: unknown) => messages } as never,
		((event: {
			type: string;
			message?: { role?: string; errorMessage?: string };
			assistantMessageEvent?: { type: string; delta?: string };
		}) => {
			if (event.type === 'message_start' && event.message?.role === 'assistant') said.push('');
			if (event.message?.errorMessage !== undefined) throw new Error(event.message.errorMessage);
			if (event.type !== 'message_update') return;
			const type = event.assistantMessageEvent?.type ?? '';
			if (type === 'text_delta') said[said.length - 1] += event.assistantMessageEvent?.delta ?? '';
			if (
				type === 'text_delta' ||
				type === 'toolcall_start' ||
				(type === 'toolcall_delta' && event.assistantMessageEvent?.delta !== '')
			)
				delivered++;
		}) as never,
		undefined,
		((given: never, context: never, options: never) => api(given, context, options)) as never
	);
	return { text: said.join('|'), sum, delivered };
};

export async function bench(): Promise<Line[]> {
	const lines: Line[] = [];
	for (const [wire, runnerName, runner] of [
		['anthropic', 'Anthropic SDK toolRunner', anthropicRunner],
		['openai', 'OpenAI SDK runTools', openAiRunner]
	] as const) {
		const loops = {
			ours: ours(wire, true),
			'ours, nothing kept': ours(wire, false),
			[runnerName]: runner,
			pi: pi(wire),
			'bare SSE loop': bare(wire)
		};
		for (const [name, loop] of Object.entries(loops)) mustEqual(`${wire}: ${name}`, expected, await loop());
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
			id: 'P2',
			what: `loop from ${wire} bytes`,
			ours: 'ours',
			unit: 'µs/step',
			as: 'cost',
			show: (rate: number) => 1e6 / rate
		} as const;
		lines.push(
			answer(rates, { ...cost, other: runnerName, goal: { is: 'at most', value: 1 / 3 } }),
			answer(rates, { ...cost, other: 'pi', goal: { is: 'at most', value: 1 / 3 } }),
			answer(rates, { ...cost, other: 'bare SSE loop', goal: { is: 'at most', value: 1.5 } }),
			answer(rates, {
				...cost,
				what: `${cost.what}, not kept`,
				ours: 'ours, nothing kept',
				other: 'bare SSE loop'
			})
		);
	}
	return lines;
}
