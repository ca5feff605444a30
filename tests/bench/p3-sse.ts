/** P3: bytes of a provider's stream to events, in chunks of one event and of 64 kB. */

import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { Stream as AnthropicStream } from '@anthropic-ai/sdk/core/streaming';
import { createParser } from 'eventsource-parser';
import { Stream as OpenAiStream } from 'openai/core/streaming';
import { anthropic } from '../../src/lib/agent/models/anthropic';
import { openAiChat } from '../../src/lib/agent/models/openai-chat';
import type { Protocol, ProtocolTarget } from '../../src/lib/agent/models/protocol';
import { resolveTarget } from '../../src/lib/agent/models/targets';
import { answer, compare, mustEqual, prose, seeded, type Line } from './measure';
import { anthropicFrames, concatenate, cut, openAiFrames, responseOf } from './sse-script';
import type { ScriptedStep } from './script';

interface Sum {
	readonly deltas: number;
	readonly characters: number;
}
type Chunks = readonly Uint8Array<ArrayBuffer>[];
type Read = (chunks: Chunks) => Promise<Sum> | Sum;

function createSum(): { add(delta: string): void; sum(): Sum } {
	let deltas = 0;
	let characters = 0;
	return {
		add(delta) {
			deltas++;
			characters += delta.length;
		},
		sum: () => ({ deltas, characters })
	};
}

const targets = {
	anthropic: resolveTarget(
		{ provider: 'anthropic', model: 'claude-sonnet-4-5' },
		{ via: 'direct' },
		undefined
	).target,
	openai: resolveTarget(
		{ provider: 'openai', model: 'gpt-4.1' },
		{ via: 'direct', protocol: 'openai-chat' },
		undefined
	).target
};

function ourPush(protocol: Protocol, target: ProtocolTarget): Read {
	return (chunks) => {
		const { add, sum } = createSum();
		const decoder = protocol.decoder(target);
		for (const chunk of chunks) {
			decoder.push(chunk, (event) => {
				if (event.type === 'text') add(event.delta);
			});
		}
		decoder.end('closed');
		return sum();
	};
}

/** As the model port reads a response: `getReader()` into the synchronous decoder. */
function ourResponse(protocol: Protocol, target: ProtocolTarget): Read {
	return async (chunks) => {
		const { add, sum } = createSum();
		const decoder = protocol.decoder(target);
		const reader = responseOf(chunks).body?.getReader();
		for (;;) {
			const piece = await reader?.read();
			if (piece?.value === undefined) break;
			decoder.push(piece.value, (event) => {
				if (event.type === 'text') add(event.delta);
			});
		}
		decoder.end('closed');
		return sum();
	};
}

type Pick = (value: unknown) => string | undefined;
const anthropicText: Pick = (value) => (value as { delta?: { text?: string } }).delta?.text;
const openAiText: Pick = (value) => {
	const text = (value as { choices?: { delta?: { content?: string } }[] }).choices?.[0]?.delta?.content;
	return text === '' ? undefined : text;
};

function parserAndJson(pick: Pick): Read {
	return (chunks) => {
		const { add, sum } = createSum();
		const decoder = new TextDecoder();
		const parser = createParser({
			onEvent: ({ data }) => {
				if (data === '[DONE]') return;
				const delta = pick(JSON.parse(data));
				if (delta !== undefined) add(delta);
			}
		});
		for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }));
		return sum();
	};
}

interface StreamClass {
	fromSSEResponse(response: Response, controller: AbortController): AsyncIterable<unknown>;
}
function sdk(stream: StreamClass, pick: Pick): Read {
	return async (chunks) => {
		const { add, sum } = createSum();
		for await (const event of stream.fromSSEResponse(responseOf(chunks), new AbortController())) {
			const delta = pick(event);
			if (delta !== undefined) add(delta);
		}
		return sum();
	};
}

interface AiModel {
	doStream(options: object): Promise<{ stream: ReadableStream<{ type: string; delta?: string }> }>;
}
function ai(create: (fetch: () => Promise<Response>) => AiModel): Read {
	let chunks: Chunks = [];
	const model = create(() => Promise.resolve(responseOf(chunks)));
	return async (given) => {
		chunks = given;
		const { add, sum } = createSum();
		const prompt = [{ role: 'user', content: [{ type: 'text', text: 'x' }] }];
		const { stream } = await model.doStream({ prompt });
		const reader = stream.getReader();
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return sum();
			// Its OpenAI provider also says the empty first delta.
			if (value.type === 'text-delta' && value.delta !== undefined && value.delta !== '') add(value.delta);
		}
	};
}

export async function bench(): Promise<Line[]> {
	const random = seeded(3);
	const long: ScriptedStep = {
		deltas: Array.from({ length: 2_000 }, () => prose(random, 3 + Math.floor(random() * 20)))
	};
	const expected = { deltas: 2_000, characters: long.deltas.join('').length };
	const lines: Line[] = [];
	for (const [provider, frames, readers] of [
		[
			'Anthropic',
			anthropicFrames(long),
			{
				ours: ourPush(anthropic, targets.anthropic),
				'ours from a response': ourResponse(anthropic, targets.anthropic),
				'eventsource-parser + JSON': parserAndJson(anthropicText),
				'Anthropic SDK': sdk(AnthropicStream as unknown as StreamClass, anthropicText),
				ai: ai((fetch) => createAnthropic({ apiKey: 'k', fetch })('claude-sonnet-4-5') as unknown as AiModel)
			}
		],
		[
			'OpenAI',
			openAiFrames(long),
			{
				ours: ourPush(openAiChat, targets.openai),
				'ours from a response': ourResponse(openAiChat, targets.openai),
				'eventsource-parser + JSON': parserAndJson(openAiText),
				'OpenAI SDK': sdk(OpenAiStream as unknown as StreamClass, openAiText),
				ai: ai((fetch) => createOpenAI({ apiKey: 'k', fetch }).chat('gpt-4.1') as unknown as AiModel)
			}
		]
	] as const) {
		const whole = concatenate(frames);
		for (const [size, chunks] of [
			['an event a chunk', frames],
			['64 kB chunks', cut(whole, 65_536)],
			['17 B chunks', cut(whole, 17)]
		] as const) {
			const isTiny = size.startsWith('17');
			const chosen = Object.entries<Read>(readers).filter(
				([name]) => !isTiny || name === 'ours' || name.startsWith('eventsource')
			);
			for (const [name, read] of chosen)
				mustEqual(`${provider}, ${size}: ${name}`, expected, await read(chunks));
			const rates = await compare(
				chosen.map(([name, read]) => ({
					name,
					units: whole.length,
					run: () => {
						const done = read(chunks);
						return done instanceof Promise ? done.then(() => undefined) : undefined;
					}
				})),
				{ sliceMs: 300 }
			);
			const speed = { id: 'P3', unit: 'MB/s', as: 'speed', show: (rate: number) => rate / 1e6 } as const;
			const what = `${provider} SSE, ${size}`;
			lines.push(
				answer(rates, {
					...speed,
					what,
					ours: 'ours',
					other: 'eventsource-parser + JSON',
					goal: { is: 'at least', value: 1 }
				})
			);
			if (isTiny) continue;
			const official = provider === 'Anthropic' ? 'Anthropic SDK' : 'OpenAI SDK';
			lines.push(
				answer(rates, {
					...speed,
					what,
					ours: 'ours from a response',
					other: official,
					goal: { is: 'at least', value: 1.5 }
				}),
				answer(rates, {
					...speed,
					what,
					ours: 'ours from a response',
					other: 'ai',
					goal: { is: 'at least', value: 15 }
				})
			);
		}
	}
	return lines;
}
