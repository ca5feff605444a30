/**
 * What a request could cost at most, before it goes out: its bytes at three a token, the longest answer
 * that it allows, at the model's price. A model without a known price counts as a dear one.
 */

import { catalogModels } from '../../agent/models/catalog-data';
import { isJsonObject, parseJson, type Json } from '../../wire/json';
import type { Spend } from './spending';

const bytesPerToken = 3;
const defaultAnswer = 4096;
/** Dollars a million tokens, where nothing is known. */
const unknownPrice = { input: 15, output: 75 };

export function estimateSpend(provider: string, path: string, body: string): Spend {
	const parsed = parseJson(body);
	const asked = isJsonObject(parsed) ? parsed : {};
	const inPath = /\/models\/([^/:]+)/.exec(path)?.[1];
	const model = typeof asked['model'] === 'string' ? asked['model'] : (inPath ?? '');
	const input = Math.ceil(body.length / bytesPerToken);
	const output = longestAnswer(asked) ?? defaultAnswer;
	const price =
		catalogModels.find((known) => known.provider === provider && model.startsWith(known.model))?.price ??
		unknownPrice;
	// Dollars a million tokens are millionths of a dollar a token.
	return { tokens: input + output, microDollars: Math.ceil(input * price.input + output * price.output) };
}

function longestAnswer(asked: Readonly<Record<string, Json>>): number | undefined {
	const generation = asked['generationConfig'];
	const candidates: unknown[] = [
		asked['max_tokens'],
		asked['max_completion_tokens'],
		asked['max_output_tokens'],
		isJsonObject(generation) ? generation['maxOutputTokens'] : undefined
	];
	return candidates.find((value): value is number => typeof value === 'number' && value >= 0);
}
