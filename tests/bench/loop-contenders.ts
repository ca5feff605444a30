/** The loops of P1, all on the same script: ours, one written by hand, pi-agent-core. Browser and Node alike. */

import { createAssistantMessageEventStream } from '@earendil-works/pi-ai/utils/event-stream';
// Its package offers only the whole, which does not bundle for a browser.
import { runAgentLoop } from './node_modules/@earendil-works/pi-agent-core/dist/agent-loop.js';
import type { AssistantMessage, TextContent, ToolCall } from '@earendil-works/pi-ai';
import { createMemoryStore } from '../../src/lib/agent/storage/memory';
import type { Store } from '../../src/lib/agent/storage/store';
import { createListener, createScriptedPort, createVoidStore, runOurs } from './ours';
import { question, steps, system, toolDescription, toolInput, toolName, type Outcome } from './script';

export async function ourLoop(store: Store): Promise<Outcome> {
	const listener = createListener();
	let sum = 0;
	const { outcome } = await runOurs(store, createScriptedPort(), listener.listen, (n) => {
		sum += n;
	});
	if (outcome !== 'done') throw new Error(`our turn ended as ${outcome}`);
	return { text: listener.text(), sum, delivered: listener.delivered() };
}
export const oursInMemory = (): Promise<Outcome> => ourLoop(createMemoryStore());
export const oursUnkept = (): Promise<Outcome> => ourLoop(createVoidStore());

type Said =
	| { readonly type: 'text'; readonly delta: string }
	| { readonly type: 'call-start'; readonly id: string; readonly name: string }
	| { readonly type: 'call-delta'; readonly delta: string };
interface Message {
	readonly role: string;
	readonly content: unknown;
}

/** A model as a hand-written loop would meet it: an async iterable of events. */
async function* say(index: number, _messages: readonly Message[]): AsyncGenerator<Said> {
	const step = steps[index];
	if (step === undefined) return;
	for (const delta of step.deltas) yield { type: 'text', delta };
	if (step.call === undefined) return;
	yield { type: 'call-start', id: step.call.id, name: toolName };
	for (const delta of step.call.argumentDeltas) yield { type: 'call-delta', delta };
}

/** The floor: no journal, no gate, no tree, no labels; the conversation is an array. */
export async function bareLoop(): Promise<Outcome> {
	const messages: Message[] = [{ role: 'user', content: question }];
	let sum = 0;
	let delivered = 0;
	const emit = (_event: Said): void => {
		delivered++;
	};
	const tools: Record<string, (args: { n: number }) => Promise<string>> = {
		[toolName]: (args) => {
			sum += args.n;
			return Promise.resolve(`added ${String(args.n)}`);
		}
	};
	const said: string[] = [];
	for (let index = 0; index < 12; index++) {
		let text = '';
		const calls: { id: string; name: string; json: string }[] = [];
		for await (const event of say(index, messages)) {
			emit(event);
			if (event.type === 'text') text += event.delta;
			else if (event.type === 'call-start') calls.push({ id: event.id, name: event.name, json: '' });
			else {
				const last = calls.at(-1);
				if (last !== undefined) last.json += event.delta;
			}
		}
		said.push(text);
		messages.push({ role: 'assistant', content: { text, calls } });
		if (calls.length === 0) break;
		const results = await Promise.all(
			calls.map(async ({ id, name, json }) => ({
				id,
				output: await tools[name]?.(JSON.parse(json) as { n: number })
			}))
		);
		messages.push({ role: 'tool', content: results });
	}
	return { text: said.join('|'), sum, delivered };
}

const noPiUsage = {
	input: 0,
	output: 0,
	cacheRead: 0,
	cacheWrite: 0,
	totalTokens: 0,
	cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 }
};
const piModel = {
	id: 'scripted',
	name: 'scripted',
	api: 'anthropic-messages',
	provider: 'anthropic',
	baseUrl: 'http://localhost',
	reasoning: false,
	input: ['text'],
	cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
	contextWindow: 200_000,
	maxTokens: 8_192
};

/** Pushes the whole answer at once; pi's loop takes the events off its queue one by one. */
function piStream(index: number): unknown {
	const stream = createAssistantMessageEventStream();
	const step = steps[index];
	if (step === undefined) throw new Error('the script is over');
	queueMicrotask(() => {
		const text: TextContent = { type: 'text', text: '' };
		const partial: AssistantMessage = {
			role: 'assistant',
			content: [],
			api: piModel.api,
			provider: piModel.provider,
			model: piModel.id,
			usage: noPiUsage,
			stopReason: 'stop',
			timestamp: 0
		};
		stream.push({ type: 'start', partial });
		partial.content.push(text);
		for (const delta of step.deltas) {
			text.text += delta;
			stream.push({ type: 'text_delta', contentIndex: 0, delta, partial });
		}
		const { call } = step;
		if (call !== undefined) {
			const toolCall: ToolCall = { type: 'toolCall', id: call.id, name: toolName, arguments: {} };
			partial.content.push(toolCall);
			stream.push({ type: 'toolcall_start', contentIndex: 1, partial });
			let json = '';
			for (const delta of call.argumentDeltas) {
				json += delta;
				stream.push({ type: 'toolcall_delta', contentIndex: 1, delta, partial });
			}
			toolCall.arguments = JSON.parse(json) as ToolCall['arguments'];
			partial.stopReason = 'toolUse';
		}
		stream.push({ type: 'done', reason: call === undefined ? 'stop' : 'toolUse', message: partial });
	});
	return stream;
}

export async function piLoop(): Promise<Outcome> {
	let sum = 0;
	let delivered = 0;
	const said: string[] = [];
	let at = 0;
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
	const prompt = {
		role: 'user' as const,
		content: [{ type: 'text' as const, text: question }],
		timestamp: 0
	};
	const before = { role: 'system', content: system, timestamp: 0 };
	await runAgentLoop(
		[prompt],
		{ messages: [before], tools: [tool] } as never,
		{ model: piModel, convertToLlm: (messages: unknown) => messages } as never,
		(event: {
			type: string;
			message?: { role?: string };
			assistantMessageEvent?: { type: string; delta?: string };
		}) => {
			if (event.type === 'message_start' && event.message?.role === 'assistant') said.push('');
			if (event.type !== 'message_update') return;
			delivered++;
			if (event.assistantMessageEvent?.type === 'text_delta')
				said[said.length - 1] += event.assistantMessageEvent.delta ?? '';
		},
		undefined,
		(() => piStream(at++)) as never
	);
	return { text: said.join('|'), sum, delivered };
}
