/**
 * What a request could cost at most, before it goes out: its bytes at three a token and whatever it names that
 * the provider reads by itself, the longest answer that it allows as often as it asks for one, at the model's
 * price. A model without a known price counts as a dear one.
 */

import { lookUpModel } from '../../agent/models/catalog';
import { isJsonObject, type Json, type JsonObject } from '../../wire/json';
import type { Asking, LentStep } from './lent-paths';
import { spendOf, type InAndOut, type Spend } from './spending';

const bytesPerToken = 3;
/** Of a model that is in no catalog: what the largest of them read and answer. */
const unknownModel = { contextWindow: 1_000_000, maxOutput: 128_000 };

/** Dollars a million tokens. */
const unknownPrice: InAndOut = { input: 15, output: 75 };

export interface Estimate {
	readonly spend: Spend;
	readonly input: number;
	/** Of the dearest model that is asked. */
	readonly price: InAndOut;
}

/** @param bytes of the whole request: of AI Gateway's list of providers each may be asked, in turn */
export function estimateSpend(provider: string, steps: readonly LentStep[], bytes: number): Estimate {
	const costs = steps.filter(({ asking }) => asking !== 'free').map((step) => costOf(provider, step));
	const sum = (of: (cost: Cost) => number): number => costs.reduce((total, cost) => total + of(cost), 0);
	const input = costs.length === 0 ? 0 : Math.ceil(bytes / bytesPerToken) + sum((cost) => cost.fetched);
	const output = sum((cost) => cost.output);
	const price = {
		input: Math.max(0, ...costs.map((cost) => cost.price.input)),
		output: Math.max(0, ...costs.map((cost) => cost.price.output))
	};
	return { spend: spendOf({ input, output }, price), input, price };
}

interface Cost {
	/** Tokens that the provider reads from elsewhere. */
	readonly fetched: number;
	readonly output: number;
	readonly price: InAndOut;
}

function costOf(provider: string, { asking, path, body }: LentStep): Cost {
	// Where the address names the model, nothing in the body does.
	const inPath = /\/models\/([^/:]+)|\/(@(?:cf|hf)\/.+)$/.exec(path);
	const named = inPath?.[1] ?? inPath?.[2] ?? body['model'];
	// Its dated names are the model's own; `gpt-5-pro` is no `gpt-5`.
	const known = lookUpModel({ provider, model: typeof named === 'string' ? named : '' });
	const { contextWindow, maxOutput } = known.isListed ? known : unknownModel;
	const answer = asking === 'input' ? 0 : (longestAnswer(provider, asking, body) ?? maxOutput);
	const price = known.price !== undefined && isOrdinary(body) ? known.price : unknownPrice;
	return {
		fetched: asking !== 'input' && readsElsewhere(body) ? contextWindow : 0,
		output: answer * answers(body),
		// What is written to the provider's cache costs more than what is only read.
		price: { input: Math.max(price.input, known.price?.cacheWrite ?? 0), output: price.output }
	};
}

/** A faster tier costs several times the list price. */
function isOrdinary({ service_tier: tier, speed }: JsonObject): boolean {
	return tier !== 'priority' && (speed === undefined || speed === null || speed === 'standard');
}

/** Who does what `max_completion_tokens` says; others leave it alone, and answer as long as they like. */
const completionLimit = new Set(['openai', 'groq', 'xai', 'openrouter', 'mpp', 'ai-gateway']);

/** A limit counts where this API keeps it. Of several in one request nobody knows which it keeps: the highest. */
function longestAnswer(provider: string, asking: Asking, body: JsonObject): number | undefined {
	const limits = limitsOf(provider, asking, body)
		.map(numberOf)
		.filter((limit) => limit > 0);
	return limits.length === 0 ? undefined : Math.max(...limits);
}

function limitsOf(provider: string, asking: Asking, body: JsonObject): readonly unknown[] {
	switch (asking) {
		case 'responses':
			return [body['max_output_tokens']];
		case 'gemini':
			return generationOf(body).flatMap((config) => [config['maxOutputTokens'], config['max_output_tokens']]);
		case 'chat':
			return [body['max_tokens'], completionLimit.has(provider) ? body['max_completion_tokens'] : undefined];
		case 'messages':
		case 'completions':
		case 'run':
			return [body['max_tokens']];
		case 'free':
		case 'input':
			return [];
	}
}

/** Google reads both spellings of every field. */
function generationOf(body: JsonObject): JsonObject[] {
	return [body['generationConfig'], body['generation_config']].filter(isJsonObject);
}

/** How many answers are asked for at once. */
function answers(body: JsonObject): number {
	const asked = [
		body['n'],
		body['best_of'],
		...generationOf(body).flatMap((config) => [config['candidateCount'], config['candidate_count']])
	];
	const { prompt } = body;
	// A completion for each prompt; a list of numbers is one, as tokens.
	const prompts = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1;
	return Math.max(1, ...asked.map(numberOf)) * Math.max(1, prompts);
}

/** Some take a number in quotes. */
function numberOf(value: unknown): number {
	const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : 0;
	return Number.isFinite(number) ? Math.ceil(number) : 0;
}

/** What a provider keeps, or reads from an address: a few bytes here, up to all that the model can read there. */
const elsewhere = new Set([
	'previous_response_id',
	'conversation',
	'file_id',
	'file_url',
	'fileUri',
	'file_uri',
	'cachedContent',
	'cached_content',
	'container',
	'mcp_servers',
	'plugins',
	'search_parameters',
	'web_search_options'
]);

function readsElsewhere(value: Json): boolean {
	if (Array.isArray(value)) return value.some(readsElsewhere);
	if (!isJsonObject(value)) return false;
	return Object.entries(value).some(([name, inner]) => {
		if (inner === null) return false;
		if (elsewhere.has(name)) return true;
		switch (name) {
			case 'image_url':
				return !isInline(isJsonObject(inner) ? inner['url'] : inner);
			case 'source':
				return isJsonObject(inner) && (inner['type'] === 'url' || inner['type'] === 'file');
			case 'prompt':
				return isJsonObject(inner);
			case 'tools':
				return Array.isArray(inner) && inner.some(runsThere);
			default:
				return readsElsewhere(inner);
		}
	});
}

function isInline(address: unknown): boolean {
	return typeof address === 'string' && address.startsWith('data:');
}

/** A tool that the provider runs by itself, and whose results the model reads. */
function runsThere(tool: Json): boolean {
	if (!isJsonObject(tool)) return false;
	const { type } = tool;
	if (typeof type === 'string') return type !== 'function' && type !== 'custom';
	const names = Object.keys(tool);
	return (
		!('name' in tool) &&
		names.some((name) => name !== 'functionDeclarations' && name !== 'function_declarations')
	);
}
