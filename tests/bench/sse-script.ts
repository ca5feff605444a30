/** The script as providers write it: one Uint8Array an event, as their frames look on the wire. */

import type { ScriptedStep } from './script';
import { toolName } from './script';

const encoder = new TextEncoder();

export function anthropicFrames(step: ScriptedStep): Uint8Array<ArrayBuffer>[] {
	const events: object[] = [
		{
			type: 'message_start',
			message: {
				id: 'msg_1',
				type: 'message',
				role: 'assistant',
				model: 'claude-sonnet-4-5',
				content: [],
				stop_reason: null,
				stop_sequence: null,
				usage: {
					input_tokens: 17,
					cache_creation_input_tokens: 0,
					cache_read_input_tokens: 0,
					output_tokens: 1
				}
			}
		},
		{ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
		...step.deltas.map((text) => ({
			type: 'content_block_delta',
			index: 0,
			delta: { type: 'text_delta', text }
		})),
		{ type: 'content_block_stop', index: 0 }
	];
	const { call } = step;
	if (call !== undefined) {
		events.push(
			{
				type: 'content_block_start',
				index: 1,
				content_block: { type: 'tool_use', id: call.id, name: toolName, input: {} }
			},
			...call.argumentDeltas.map((partial_json) => ({
				type: 'content_block_delta',
				index: 1,
				delta: { type: 'input_json_delta', partial_json }
			})),
			{ type: 'content_block_stop', index: 1 }
		);
	}
	events.push(
		{
			type: 'message_delta',
			delta: { stop_reason: call === undefined ? 'end_turn' : 'tool_use', stop_sequence: null },
			usage: { output_tokens: 42 }
		},
		{ type: 'message_stop' }
	);
	return events.map((event) => {
		const type = 'type' in event ? String(event.type) : '';
		return encoder.encode(`event: ${type}\ndata: ${JSON.stringify(event)}\n\n`);
	});
}

export function openAiFrames(step: ScriptedStep): Uint8Array<ArrayBuffer>[] {
	const chunk = (delta: object, finish_reason: string | null = null): object => ({
		id: 'chatcmpl-1',
		object: 'chat.completion.chunk',
		created: 1_782_955_818,
		model: 'gpt-4.1',
		service_tier: 'default',
		system_fingerprint: 'fp_1',
		choices: [{ index: 0, delta, logprobs: null, finish_reason }],
		usage: null
	});
	const { call } = step;
	const events: object[] = [
		chunk({ role: 'assistant', content: '', refusal: null }),
		...step.deltas.map((content) => chunk({ content }))
	];
	if (call !== undefined) {
		events.push(
			chunk({
				tool_calls: [{ index: 0, id: call.id, type: 'function', function: { name: toolName, arguments: '' } }]
			}),
			...call.argumentDeltas.map((text) =>
				chunk({ tool_calls: [{ index: 0, function: { arguments: text } }] })
			)
		);
	}
	events.push(chunk({}, call === undefined ? 'stop' : 'tool_calls'));
	return [
		...events.map((event) => encoder.encode(`data: ${JSON.stringify(event)}\n\n`)),
		encoder.encode('data: [DONE]\n\n')
	];
}

/** One chunk a pull and none ahead: a fake that enqueues all in `start` costs more than what is measured. */
export function responseOf(chunks: readonly Uint8Array<ArrayBuffer>[]): Response {
	let next = 0;
	const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
		{
			pull(controller) {
				const chunk = chunks[next++];
				if (chunk === undefined) controller.close();
				else controller.enqueue(chunk);
			}
		},
		{ highWaterMark: 0 }
	);
	return new Response(stream, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
}

export function concatenate(chunks: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
	const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
	let at = 0;
	for (const chunk of chunks) {
		whole.set(chunk, at);
		at += chunk.length;
	}
	return whole;
}

export function cut(bytes: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer>[] {
	const pieces: Uint8Array<ArrayBuffer>[] = [];
	for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
	return pieces;
}
