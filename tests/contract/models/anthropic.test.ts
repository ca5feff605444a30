import Anthropic from '@anthropic-ai/sdk';
import { anthropic } from '../../../src/lib/agent/models/anthropic';
import { testModel } from '../model';
import { recordingsOf } from './recordings';
import { answerWith, isRecord, listOf, withoutFields } from './sdk';
import { targetOf } from './target';

const target = targetOf('anthropic', 'claude-sonnet-4-5');

testModel({
	protocol: anthropic,
	target,
	recordings: recordingsOf('anthropic'),
	sdkMessage: async (recording) => {
		const client = new Anthropic({ apiKey: 'k', fetch: answerWith(recording), maxRetries: 0 });
		const stream = client.messages.stream({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'Hello' }] });
		const message = await stream.finalMessage();
		// The API refuses empty text, so a message must not be sent back with it.
		return plain(message.content.filter((block) => block.type !== 'text' || block.text !== ''));
	},
	ownMessage: (body) => {
		const messages = listOf(isRecord(body) ? body['messages'] : undefined);
		return listOf(messages.find((message) => isRecord(message) && message['role'] === 'assistant'), 'content');
	}
});

function plain(value: unknown): unknown {
	return withoutFields(JSON.parse(JSON.stringify(value)), []);
}
