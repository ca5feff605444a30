import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { openAiChat } from '../../../src/lib/agent/models/openai-chat';
import { decodeAll, secondTurn, testModel } from '../model';
import { recordingsOf } from './recordings';
import type { Recording } from './recordings';
import { answerWith, isRecord, listOf } from './sdk';
import { targetOf } from './target';

const speakers = [
	['openai-chat', targetOf('openai', 'gpt-4o-mini')],
	['groq-chat', targetOf('groq', 'openai/gpt-oss-120b')],
	['deepseek-chat', targetOf('deepseek', 'deepseek-v4-flash')],
	['mistral-chat', targetOf('mistral', 'mistral-small-latest')],
	['openrouter-chat', targetOf('openrouter', 'moonshotai/kimi-k2')]
] as const;

for (const [format, target] of speakers) {
	const recordings = recordingsOf(format);
	const readable = recordings.filter((one) => readsInSdk(one));
	const others = recordings.filter((one) => !readsInSdk(one));
	if (readable.length > 0)
		testModel({
			protocol: openAiChat,
			target,
			// The SDK refuses errors inside a stream, calls without an index, and streams that name no reason.
			recordings: readable,
			sdkMessage: async (recording) =>
				plain(JSON.parse(JSON.stringify((await sdkAnswer(recording)).choices[0]?.message))),
			sdkUsage: async (recording) => {
				const { usage } = await sdkAnswer(recording);
				return { input: usage?.prompt_tokens ?? 0, output: usage?.completion_tokens ?? 0 };
			},
			ownMessage: (body) => {
				const messages = listOf(body, 'messages');
				return plain(messages.find((message) => isRecord(message) && message['role'] === 'assistant'));
			}
		});
	if (others.length > 0) testModel({ protocol: openAiChat, target, recordings: others });
}

function readsInSdk(recording: Recording): boolean {
	return !/midstream|mistral|variant-a/.test(recording.name);
}

async function sdkAnswer(recording: Recording): Promise<OpenAI.ChatCompletion> {
	const client = new OpenAI({ apiKey: 'k', fetch: answerWith(recording), maxRetries: 0 });
	const stream = client.chat.completions.stream({
		model: 'm',
		messages: [{ role: 'user', content: 'Hello' }]
	});
	return await stream.finalChatCompletion();
}

/** Reasoning is left out: the SDK keeps only its last piece. It has tests of its own below. */
function plain(message: unknown): unknown {
	if (!isRecord(message)) return message;
	const calls = listOf(message, 'tool_calls').map((call) => {
		if (!isRecord(call) || !isRecord(call['function'])) return call;
		const { name, arguments: args } = call['function'];
		return { id: call['id'], type: call['type'], function: { name, arguments: args } };
	});
	const content = message['content'];
	return {
		role: message['role'],
		content: content === '' || content === undefined ? null : content,
		refusal: message['refusal'] ?? null,
		tool_calls: calls
	};
}

describe('reasoning of OpenAI-compatible providers', () => {
	it.each([
		[
			'deepseek-tool-call.jsonl',
			'deepseek-chat',
			targetOf('deepseek', 'deepseek-v4-flash'),
			'reasoning_content'
		],
		['groq-chat-tool.sse', 'groq-chat', targetOf('groq', 'openai/gpt-oss-120b'), 'reasoning']
	] as const)(
		'goes back in the field that it came in, while its tool loop goes on (%s)',
		(name, format, target, field) => {
			const recording = recordingsOf(format).find((one) => one.name === name);
			if (recording === undefined) return;
			const { reply } = decodeAll({ protocol: openAiChat, target }, [recording.bytes]);
			const reasoning = reply.parts.find((part) => part.type === 'reasoning');
			expect(reasoning?.text.length).toBeGreaterThan(10);
			const body = secondTurn(openAiChat, target, reply);
			const message = listOf(body, 'messages').find((one) => isRecord(one) && one['role'] === 'assistant');
			expect(isRecord(message) ? message[field] : undefined).toBe(reasoning?.text);
		}
	);
});
