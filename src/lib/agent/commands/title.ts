/** A session's automatic title: a short first message names it; a longer one is named by its model, or cut. */

import type { ModelRef } from '../../wire/entries';
import type { ModelPort } from '../models/protocol';
import { plainText } from '../sessions/fold';
import { titleFromModel, titlePrompt } from '../sessions/title-prompt';
import { shortTitle, truncateTitle } from '../sessions/titles';

const timeoutMs = 10_000;

export async function automaticTitle(
	text: string,
	ports: { readonly models: ModelPort; readonly model: ModelRef; readonly requestId: string }
): Promise<string> {
	const short = shortTitle(text);
	if (short !== undefined) return short;
	if (ports.models.describe(ports.model).isRehearsal) return truncateTitle(text);
	const prompt = titlePrompt(text);
	const reply = await ports.models.ask(
		{
			model: ports.model,
			system: prompt.system,
			messages: [{ role: 'user', parts: [{ type: 'text', text: prompt.text }] }],
			tools: [],
			maxOutputTokens: prompt.maxTokens,
			files: new Map()
		},
		{ signal: AbortSignal.timeout(timeoutMs), onEvent: () => undefined, requestId: ports.requestId }
	);
	return reply.stop === 'end' ? titleFromModel(plainText(reply.parts), text) : truncateTitle(text);
}
