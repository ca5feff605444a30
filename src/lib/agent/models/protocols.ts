/**
 * The protocols by id, each a lazy chunk of the worker. Rehearsal and the browser's own model speak no
 * HTTP; they are ports of their own.
 */

import type { ProtocolId } from '../../wire/providers';
import type { Protocol } from './protocol';

const loaders: Readonly<Partial<Record<ProtocolId, () => Promise<Protocol>>>> = {
	anthropic: async () => (await import('./anthropic')).anthropic,
	'openai-chat': async () => (await import('./openai-chat')).openAiChat,
	'openai-responses': async () => (await import('./openai-responses')).openAiResponses,
	gemini: async () => (await import('./gemini')).gemini,
	'workers-ai': async () => (await import('./workers-ai')).workersAi
};

export async function loadProtocol(id: ProtocolId): Promise<Protocol | undefined> {
	return await loaders[id]?.();
}
