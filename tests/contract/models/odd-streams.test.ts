import { describe, expect, it } from 'vitest';
import { anthropic } from '../../../src/lib/agent/models/anthropic';
import { gemini } from '../../../src/lib/agent/models/gemini';
import { openAiChat } from '../../../src/lib/agent/models/openai-chat';
import { openAiResponses } from '../../../src/lib/agent/models/openai-responses';
import type { Protocol } from '../../../src/lib/agent/models/protocol';
import { workersAi } from '../../../src/lib/agent/models/workers-ai';
import { callsOf, decodeAll, secondTurn } from '../model';
import { targetOf } from './target';

function read(protocol: Protocol, provider: string, ...events: readonly (string | object)[]) {
	const target = targetOf(provider, 'some-model');
	const text = events
		.map((event) => (typeof event === 'string' ? event : `data: ${JSON.stringify(event)}\n\n`))
		.join('');
	const whole = decodeAll({ protocol, target }, [new TextEncoder().encode(text)]);
	const body = JSON.stringify(secondTurn(protocol, target, whole.reply));
	return { ...whole, body };
}

const delta = (part: object, finish: string | null = null) => ({
	id: 'c',
	choices: [{ index: 0, delta: part, finish_reason: finish }]
});

describe('chat completions as they really come', () => {
	it('an error event ends a stream that has no end mark, and keeps the text', () => {
		const { reply } = read(
			openAiChat,
			'groq',
			delta({ content: 'Hello' }),
			'event: error\ndata: {"error":{"message":"Tool call validation failed","type":"invalid_request_error","code":"tool_use_failed"}}\n\n'
		);
		expect(reply).toMatchObject({
			stop: 'error',
			parts: [{ text: 'Hello' }],
			error: { id: 'model/bad-request' }
		});
	});

	it('content may be an array of parts, with thinking among them, and goes back so', () => {
		const { reply, body } = read(
			openAiChat,
			'mistral',
			delta({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm' }] }] }),
			delta({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'm.' }] }] }),
			delta({ content: 'Yes' }),
			delta({ content: [{ type: 'text', text: '!' }] }, 'stop'),
			'data: [DONE]\n\n'
		);
		expect(reply.parts).toMatchObject([
			{ type: 'reasoning', text: 'Hmm.' },
			{ type: 'text', text: 'Yes!' }
		]);
		expect(body).toContain(
			'"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hmm."}]},{"type":"text","text":"Yes!"}]'
		);
	});

	it('arguments may be null, an object, or whole; calls may share an index, or have none', () => {
		const one = (piece: object) => delta({ tool_calls: [piece] });
		const { reply } = read(
			openAiChat,
			'custom',
			one({ index: 0, id: 'a', function: { name: 'clock', arguments: null } }),
			one({ index: 0, id: 'b', function: { name: 'clock', arguments: '{"zone":"b"}' } }),
			one({ id: 'c', function: { name: 'clock', arguments: { zone: 'c' } } }),
			delta({}, 'tool_calls'),
			'data: [DONE]\n\n'
		);
		expect(callsOf(reply).map(({ callId, args }) => [callId, args])).toEqual([
			['a', {}],
			['b', { zone: 'b' }],
			['c', { zone: 'c' }]
		]);
		expect(reply.stop).toBe('calls');
	});

	it('half a call never runs, even where what came of it is JSON', () => {
		const start = delta({ tool_calls: [{ index: 0, id: 'a', function: { name: 'clock', arguments: '' } }] });
		expect(callsOf(read(openAiChat, 'custom', start).reply)[0]).toMatchObject({ badArgs: '', args: {} });
		expect(callsOf(read(openAiChat, 'custom', start, delta({}, 'length')).reply)[0]).toMatchObject({
			badArgs: ''
		});
		expect(read(openAiChat, 'custom', start).reply.stop).toBe('cut');
	});

	it('a refusal is its own part and stops as refused', () => {
		const { reply, body } = read(
			openAiChat,
			'openai',
			delta({ refusal: 'I can' }),
			delta({ refusal: 'not.' }),
			delta({}, 'stop')
		);
		expect(reply).toMatchObject({ stop: 'refused', parts: [{ type: 'refusal', text: 'I cannot.' }] });
		expect(body).toContain('"refusal":"I cannot."');
	});

	it('signed reasoning pieces of one block grow together and go back', () => {
		const { body } = read(
			openAiChat,
			'openrouter',
			delta({ reasoning: 'A', reasoning_details: [{ type: 'reasoning.text', text: 'A', index: 0 }] }),
			delta({
				reasoning: 'B',
				reasoning_details: [{ type: 'reasoning.text', text: 'B', index: 0, signature: 's' }]
			}),
			delta({ content: 'Hi' }, 'stop')
		);
		expect(body).toContain(
			'"reasoning_details":[{"type":"reasoning.text","text":"AB","index":0,"signature":"s"}]'
		);
	});

	it('a whole answer where a stream was asked for is read too', () => {
		const { reply } = read(openAiChat, 'custom', {
			id: 'x',
			choices: [{ message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }]
		});
		expect(reply).toMatchObject({ stop: 'end', parts: [{ text: 'Hi' }] });
	});
});

describe('Anthropic messages as they may come', () => {
	const start = {
		type: 'message_start',
		message: {
			id: 'm',
			usage: { input_tokens: 3, cache_read_input_tokens: 7, cache_creation_input_tokens: 2 }
		}
	};
	const block = (index: number, content_block: object) => ({
		type: 'content_block_start',
		index,
		content_block
	});
	const end = (stop_reason: string) => ({
		type: 'message_delta',
		delta: { stop_reason },
		usage: { output_tokens: 5 }
	});

	it('redacted thinking and unknown blocks go back verbatim', () => {
		const redacted = { type: 'redacted_thinking', data: 'opaque' };
		const unknown = { type: 'hologram', depth: 3, nested: { a: [1] } };
		const { reply, body } = read(
			anthropic,
			'anthropic',
			start,
			block(0, redacted),
			{ type: 'content_block_stop', index: 0 },
			block(1, unknown),
			{ type: 'content_block_stop', index: 1 },
			end('end_turn')
		);
		expect(reply.parts.map((part) => part.type)).toEqual(['reasoning', 'provider']);
		expect(body).toContain(JSON.stringify(redacted));
		expect(body).toContain(JSON.stringify(unknown));
		expect(reply.usage).toEqual({ input: 12, output: 5, cacheRead: 7, cacheWrite: 2, reasoning: 0 });
	});

	it('a paused turn says so, and thinking that broke off is not sent back unsigned', () => {
		const { reply } = read(anthropic, 'anthropic', start, end('pause_turn'));
		expect(reply.stop).toBe('pause');
		const cut = read(
			anthropic,
			'anthropic',
			start,
			block(0, { type: 'thinking', thinking: '', signature: '' }),
			{ type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Well' } }
		);
		expect(cut.reply).toMatchObject({
			stop: 'cut',
			error: { id: 'model/stream-cut' },
			parts: [{ text: 'Well' }]
		});
		expect(cut.body).not.toContain('Well');
	});

	it('an error in the middle keeps what was said', () => {
		const { reply } = read(
			anthropic,
			'anthropic',
			start,
			block(0, { type: 'text', text: 'Hel' }),
			'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
		);
		expect(reply).toMatchObject({
			stop: 'error',
			error: { id: 'model/overloaded', retryable: true },
			parts: [{ text: 'Hel' }]
		});
	});
});

describe('other protocols as they may come', () => {
	it('Responses: a failed response is an error, an incomplete one is cut by length', () => {
		const failed = read(openAiResponses, 'openai', {
			type: 'response.failed',
			response: { id: 'r', status: 'failed', error: { code: 'rate_limit_exceeded', message: 'Slow down' } }
		});
		expect(failed.reply).toMatchObject({ stop: 'error', error: { id: 'model/rate-limited' } });
		const short = read(openAiResponses, 'openai', {
			type: 'response.incomplete',
			response: { id: 'r', status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
		});
		expect(short.reply.stop).toBe('length');
	});

	it('Gemini: a signature on an empty last part goes back on that part', () => {
		const chunk = (parts: object[], finishReason?: string) => ({
			candidates: [{ content: { role: 'model', parts }, finishReason }]
		});
		const { reply, body } = read(
			gemini,
			'gemini',
			chunk([{ text: 'Hi' }]),
			chunk([{ text: '', thoughtSignature: 's' }], 'STOP')
		);
		expect(reply.stop).toBe('end');
		expect(body).toContain('"parts":[{"text":"Hi"},{"thoughtSignature":"s","text":""}]');
		expect(read(gemini, 'gemini', { promptFeedback: { blockReason: 'SAFETY' } }).reply.stop).toBe('refused');
	});

	it('Workers AI: text, calls as whole objects, usage', () => {
		const { reply } = read(
			workersAi,
			'workers-ai',
			{ response: 'Hel', p: 'x' },
			{ response: 'lo' },
			{
				response: '',
				tool_calls: [{ name: 'clock', arguments: { zone: 'UTC' } }],
				usage: { prompt_tokens: 3, completion_tokens: 2 }
			},
			'data: [DONE]\n\n'
		);
		expect(reply).toMatchObject({
			stop: 'calls',
			parts: [{ text: 'Hello' }, { type: 'call', action: 'clock', args: { zone: 'UTC' } }],
			usage: { input: 3, output: 2 }
		});
	});

	it('nothing at all is a cut, never an answer', () => {
		for (const protocol of [anthropic, openAiChat, openAiResponses, gemini, workersAi]) {
			expect(read(protocol, 'custom').reply).toMatchObject({ stop: 'cut', parts: [] });
			expect(read(protocol, 'custom', 'data: {"broken\n\n').reply).toMatchObject({
				stop: 'error',
				error: { id: 'model/malformed-stream' }
			});
		}
	});
});
