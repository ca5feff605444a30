import { GoogleGenAI } from '@google/genai';
import { gemini } from '../../../src/lib/agent/models/gemini';
import { testModel } from '../model';
import { recordingsOf } from './recordings';
import type { Recording } from './recordings';
import { answerWith, isRecord, listOf } from './sdk';
import { targetOf } from './target';

testModel({
	protocol: gemini,
	target: targetOf('gemini', 'gemini-2.5-pro'),
	recordings: recordingsOf('gemini'),
	sdkMessage: sdkParts,
	ownMessage: (body) => {
		const model = listOf(body, 'contents').find(
			(content) => isRecord(content) && content['role'] === 'model'
		);
		return joinParts(listOf(model, 'parts'));
	}
});

// The SDK keeps partial arguments in pieces, so there is nothing to compare with.
testModel({
	protocol: gemini,
	target: targetOf('gemini', 'gemini-3.1-pro-preview'),
	recordings: recordingsOf('gemini-vertex')
});

async function sdkParts(recording: Recording): Promise<unknown> {
	const before = globalThis.fetch;
	globalThis.fetch = answerWith(recording);
	try {
		const chat = new GoogleGenAI({ apiKey: 'k' }).chats.create({ model: 'm' });
		for await (const chunk of await chat.sendMessageStream({ message: 'Hello' })) void chunk;
		const said = chat.getHistory().filter((content) => content.role === 'model');
		return joinParts(said.flatMap((content) => JSON.parse(JSON.stringify(content.parts ?? [])) as unknown[]));
	} finally {
		globalThis.fetch = before;
	}
}

/** The SDK sends every piece as a part of its own; neighbours without a signature say the same as one part. */
function joinParts(parts: readonly unknown[]): readonly unknown[] {
	const joined: Record<string, unknown>[] = [];
	for (const part of parts) {
		if (!isRecord(part)) continue;
		const last = joined.at(-1);
		const grows = isPlain(part) && last !== undefined && isPlain(last) && last['thought'] === part['thought'];
		if (grows) last['text'] = String(last['text']) + String(part['text']);
		else joined.push({ ...part });
	}
	return joined;
}

function isPlain(part: Record<string, unknown>): boolean {
	return typeof part['text'] === 'string' && part['thoughtSignature'] === undefined;
}
