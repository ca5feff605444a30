import OpenAI from 'openai';
import { openAiResponses } from '../../../src/lib/agent/models/openai-responses';
import { testModel } from '../model';
import { recordingsOf } from './recordings';
import { answerWith, isRecord, listOf, withoutFields } from './sdk';
import { targetOf } from './target';

testModel({
	protocol: openAiResponses,
	target: targetOf('openai', 'gpt-5.5'),
	recordings: recordingsOf('openai-responses'),
	sdkMessage: async (recording) => {
		const client = new OpenAI({ apiKey: 'k', fetch: answerWith(recording), maxRetries: 0 });
		// The accumulating helper refuses a resumed stream; the finished response is in its last event all the same.
		let output: unknown = [];
		for await (const event of await client.responses.create({ model: 'm', input: 'Hello', stream: true })) {
			if (event.type === 'response.completed') output = event.response.output;
		}
		return withoutFields(JSON.parse(JSON.stringify(output)), ['parsed', 'parsed_arguments']);
	},
	ownMessage: (body) =>
		listOf(body, 'input').filter((item) => isRecord(item) && item['role'] !== 'user' && !String(item['type']).endsWith('_output'))
});
