/**
 * What a request could cost at most, before it goes out: its bytes at three a token, the longest answer
 * that it allows, at the model's price. A model without a known price counts as a dear one.
 */

import { catalogModels } from '../../agent/models/catalog-data';
import { isJsonObject, parseJson, type Json, type JsonObject } from '../../wire/json';
import type { Spend } from './spending';

const bytesPerToken = 3;
const defaultAnswer = 4096;
/** Dollars a million tokens, where nothing is known. */
const unknownPrice = { input: 15, output: 75 };

export function estimateSpend(provider: string, path: string, body: string): Spend {
	const parsed = parseJson(body);
	const inPath = /\/models\/([^/:]+)/.exec(path)?.[1];
	const input = Math.ceil(body.length / bytesPerToken);
	// AI Gateway's universal endpoint takes a list: each of them may be asked, in turn.
	const steps = Array.isArray(parsed) ? parsed.map(queryOf) : [isJsonObject(parsed) ? parsed : {}];
	let output = 0;
	let dearest = { input: 0, output: 0 };
	for (const asked of steps.length === 0 ? [{}] : steps) {
		output += longestAnswer(asked) ?? defaultAnswer;
		const model = typeof asked['model'] === 'string' ? asked['model'] : (inPath ?? '');
		const price = priceOf(provider, model);
		dearest = {
			input: Math.max(dearest.input, price.input),
			output: Math.max(dearest.output, price.output)
		};
	}
	// Dollars a million tokens are millionths of a dollar a token.
	return { tokens: input + output, microDollars: Math.ceil(input * dearest.input + output * dearest.output) };
}

function queryOf(step: Json): JsonObject {
	const query = isJsonObject(step) ? step['query'] : undefined;
	return isJsonObject(query) ? query : {};
}

function priceOf(provider: string, model: string): { readonly input: number; readonly output: number } {
	return (
		catalogModels.find((known) => known.provider === provider && model.startsWith(known.model))?.price ??
		unknownPrice
	);
}

/** Of several limits in one request nobody knows which counts: the highest. */
function longestAnswer(asked: JsonObject): number | undefined {
	const generation = asked['generationConfig'];
	const candidates: unknown[] = [
		asked['max_tokens'],
		asked['max_completion_tokens'],
		asked['max_output_tokens'],
		isJsonObject(generation) ? generation['maxOutputTokens'] : undefined
	];
	const limits = candidates.filter((value) => typeof value === 'number' && value >= 0);
	return limits.length === 0 ? undefined : Math.max(...limits.map(Number));
}
