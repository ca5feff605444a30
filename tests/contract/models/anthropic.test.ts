import Anthropic from '@anthropic-ai/sdk';
import { anthropic } from '../../../src/lib/agent/models/anthropic';
import { testModel } from '../model';
import { recordingsOf } from './recordings';
import type { Recording } from './recordings';
import { answerWith, isRecord, listOf, withoutFields } from './sdk';
import { targetOf } from './target';

const target = targetOf('anthropic', 'claude-sonnet-4-5');

testModel({
	protocol: anthropic,
	target,
	recordings: recordingsOf('anthropic'),
	sdkUsage: async (recording) => {
		const { usage } = await sdkAnswer(recording);
		const cached = (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0);
		return { input: usage.input_tokens + cached, output: usage.output_tokens };
	},
	sdkMessage: async (recording) => {
		const message = await sdkAnswer(recording);
		// The API refuses empty text, so a message must not be sent back with it.
		return plain(message.content.filter((block) => block.type !== 'text' || block.text !== ''));
	},
	ownMessage: (body) => {
		const messages = listOf(isRecord(body) ? body['messages'] : undefined);
		return listOf(
			messages.find((message) => isRecord(message) && message['role'] === 'assistant'),
			'content'
		);
	}
});

async function sdkAnswer(recording: Recording): Promise<Anthropic.Message> {
	const client = new Anthropic({ apiKey: 'k', fetch: answerWith(recording), maxRetries: 0 });
	const stream = client.messages.stream({
		model: 'm',
		max_tokens: 1,
		messages: [{ role: 'user', content: 'Hello' }]
	});
	return await stream.finalMessage();
}

function plain(value: unknown): unknown {
	return withoutFields(JSON.parse(JSON.stringify(value)), []);
}
