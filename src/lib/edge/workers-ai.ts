/**
 * Workers AI by the Worker's own binding: the REST path's model name and body, without an account
 * or a token. The binding is the operator's, so it is used like a relay-held key.
 */

import { parseJson } from '../wire/json';
import type { EdgeEnv } from './env';

/** `/client/v4/accounts/{any}/ai/run/{model}` → model. */
export function workersAiModel(path: string): string | undefined {
	return /^\/client\/v4\/accounts\/[^/]+\/ai\/run\/(@(?:cf|hf)\/[A-Za-z0-9._/-]+)$/.exec(path)?.[1];
}

/** Undefined when the binding cannot serve this request; REST may. */
export async function runWorkersAi(
	env: EdgeEnv,
	path: string,
	request: Request
): Promise<Response | undefined> {
	const model = workersAiModel(path);
	if (env.AI === undefined || model === undefined || request.method !== 'POST') return undefined;
	const input = parseJson(await request.text());
	return env.AI.run(model, input, { returnRawResponse: true, signal: request.signal });
}
