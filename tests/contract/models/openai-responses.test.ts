import OpenAI from 'openai';
import { openAiResponses } from '../../../src/lib/agent/models/openai-responses';
import { testModel } from '../model';
import { recordingsOf } from './recordings';
import type { Recording } from './recordings';
import { answerWith, isRecord, listOf, withoutFields } from './sdk';
import { targetOf } from './target';

testModel({
	protocol: openAiResponses,
	target: targetOf('openai', 'gpt-5.5'),
	recordings: recordingsOf('openai-responses'),
	sdkMessage: async (recording) =>
		withoutFields(JSON.parse(JSON.stringify((await sdkAnswer(recording))?.output ?? [])), [
			'parsed',
			'parsed_arguments'
		]),
	sdkUsage: async (recording) => {
		const usage = (await sdkAnswer(recording))?.usage;
		return { input: usage?.input_tokens ?? 0, output: usage?.output_tokens ?? 0 };
	},
	ownMessage: (body) =>
		listOf(body, 'input').filter(
			(item) => isRecord(item) && item['role'] !== 'user' && !String(item['type']).endsWith('_output')
		)
});

/** The accumulating helper refuses a resumed stream; the finished response is in its last event all the same. */
async function sdkAnswer(recording: Recording): Promise<OpenAI.Responses.Response | undefined> {
	const client = new OpenAI({ apiKey: 'k', fetch: answerWith(recording), maxRetries: 0 });
	let response: OpenAI.Responses.Response | undefined;
	for await (const event of await client.responses.create({ model: 'm', input: 'Hello', stream: true })) {
		if (event.type === 'response.completed') response = event.response;
	}
	return response;
}
