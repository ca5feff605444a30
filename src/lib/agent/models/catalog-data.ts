/**
 * Models that are known by name: sizes, abilities, and list prices with the day they were read. Data
 * only; a price that could not be verified is left out, and then a cost is unknown instead of wrong.
 */

import type { Abilities, Effort } from './protocol';
import type { Quirks } from './providers';

/** US dollars per million tokens. */
export interface Price {
	readonly input: number;
	readonly output: number;
	readonly cacheRead?: number;
	readonly cacheWrite?: number;
	/** The day that the price was read. */
	readonly asOf: string;
}

export interface CatalogModel {
	readonly provider: string;
	readonly model: string;
	readonly label: string;
	readonly contextWindow: number;
	readonly maxOutput: number;
	readonly abilities: Abilities;
	readonly efforts?: readonly Effort[];
	readonly price?: Price;
	readonly quirks?: Quirks;
}

const all: Abilities = { tools: true, images: true, pdf: true, reasoning: true, webSearch: true };
const noReasoning: Abilities = { ...all, reasoning: false };
const text: Abilities = { tools: true, images: false, pdf: false, reasoning: false, webSearch: false };
const textReasoning: Abilities = { ...text, reasoning: true };
const seeing: Abilities = { ...text, images: true };

const fromNone: readonly Effort[] = ['none', 'low', 'medium', 'high'];
const fromLow: readonly Effort[] = ['low', 'medium', 'high'];
const fromMinimal: readonly Effort[] = ['minimal', 'low', 'medium', 'high'];

// Read from the providers' documentation and price pages.
const autumn = '2026-10-13';
const summer = '2026-08-27';

const adaptive: Quirks = { thinking: 'adaptive' };
/** Thinking is on whatever is asked; only the effort can be told. */
const alwaysThinking: Quirks = { thinking: 'adaptive', isAlwaysThinking: true };
/** Thinking is on unless it is switched off. */
const thinkingByDefault: Quirks = { thinking: 'adaptive', isThinkingByDefault: true };

export const catalogModels: readonly CatalogModel[] = [
	claude('claude-fable-5-1', 'Claude Fable 5.1', fromLow, alwaysThinking, [10, 50, 0.25, 12.5]),
	claude('claude-opus-5-5', 'Claude Opus 5.5', fromLow, alwaysThinking, [4, 20, 0.2, 5]),
	claude('claude-sonnet-5-5', 'Claude Sonnet 5.5', fromNone, thinkingByDefault, [2, 10, 0.2, 2.5]),
	claude('claude-haiku-5-5', 'Claude Haiku 5.5', fromNone, thinkingByDefault),
	claude('claude-opus-5', 'Claude Opus 5', fromNone, thinkingByDefault, [5, 25, 0.5, 6.25]),
	claude('claude-sonnet-5', 'Claude Sonnet 5', fromNone, thinkingByDefault, [2, 10, 0.2, 2.5]),
	claude('claude-opus-4-8', 'Claude Opus 4.8', fromNone, adaptive, [5, 25, 0.5, 6.25]),
	claude('claude-opus-4-7', 'Claude Opus 4.7', fromNone, adaptive, [5, 25, 0.5, 6.25]),
	claude('claude-sonnet-4-6', 'Claude Sonnet 4.6', fromNone, adaptive, [3, 15, 0.3, 3.75], 200_000, 64_000),
	claude('claude-sonnet-4-5', 'Claude Sonnet 4.5', fromNone, {}, [3, 15, 0.3, 3.75], 200_000, 64_000),
	claude('claude-haiku-4-5', 'Claude Haiku 4.5', fromNone, {}, [1, 5, 0.1, 1.25], 200_000, 64_000),

	gpt('gpt-6.1-sol', 'GPT-6.1 Sol', fromLow, [2, 10, 0.1, 2.5], autumn),
	gpt('gpt-6-sol', 'GPT-6 Sol', fromNone, [2, 10, 0.2, 2.5], autumn),
	gpt('gpt-5.6-terra', 'GPT-5.6 Terra', fromNone, [2, 12, 0.2, 2.5], summer),
	gpt('gpt-5.6-luna', 'GPT-5.6 Luna', fromNone, [0.2, 1.2, 0.02, 0.25], summer),
	gpt('gpt-5.5', 'GPT-5.5', fromNone, [5, 30, 0.5], summer),
	gpt('gpt-5.4', 'GPT-5.4', fromNone, [2.5, 15, 0.25], summer),
	gpt('gpt-5.4-mini', 'GPT-5.4 mini', fromNone, [0.75, 4.5, 0.075], summer, 400_000),
	gpt('gpt-5.4-nano', 'GPT-5.4 nano', fromNone, [0.2, 1.25, 0.02], summer, 400_000),
	gpt('gpt-5', 'GPT-5', fromMinimal, [1.25, 10, 0.125], summer, 400_000),
	gpt('gpt-5-mini', 'GPT-5 mini', fromMinimal, [0.25, 2, 0.025], summer, 400_000),
	{
		provider: 'openai',
		model: 'gpt-4.1',
		label: 'GPT-4.1',
		contextWindow: 1_047_576,
		maxOutput: 32_768,
		abilities: noReasoning,
		price: { input: 2, output: 8, cacheRead: 0.5, asOf: summer }
	},
	{
		provider: 'openai',
		model: 'gpt-4o-mini',
		label: 'GPT-4o mini',
		contextWindow: 128_000,
		maxOutput: 16_384,
		abilities: noReasoning,
		price: { input: 0.15, output: 0.6, cacheRead: 0.075, asOf: '2026-07-03' }
	},

	google(
		'gemini-3.5-flash',
		'Gemini 3.5 Flash',
		fromMinimal,
		{ thinking: 'level', searchBesideTools: true },
		[1.5, 9]
	),
	google(
		'gemini-3.1-pro-preview',
		'Gemini 3.1 Pro',
		fromLow,
		{ thinking: 'level', searchBesideTools: true },
		[2, 12]
	),
	google('gemini-2.5-pro', 'Gemini 2.5 Pro', fromLow, {}, [1.25, 10]),
	google('gemini-2.5-flash', 'Gemini 2.5 Flash', fromNone, {}, [0.3, 2.5]),
	google('gemini-2.5-flash-lite', 'Gemini 2.5 Flash-Lite', fromNone, {}, [0.1, 0.4]),

	plain('groq', 'openai/gpt-oss-120b', 'GPT-OSS 120B', 131_072, 65_536, textReasoning, fromLow),
	plain('groq', 'openai/gpt-oss-20b', 'GPT-OSS 20B', 131_072, 65_536, textReasoning, fromLow),
	plain('groq', 'llama-3.3-70b-versatile', 'Llama 3.3 70B', 131_072, 32_768, text),
	plain('together', 'openai/gpt-oss-120b', 'GPT-OSS 120B', 131_072, 32_768, textReasoning, fromLow),
	plain('mistral', 'mistral-large-latest', 'Mistral Large', 128_000, 32_000, { ...seeing, pdf: true }),
	plain('mistral', 'mistral-medium-latest', 'Mistral Medium', 128_000, 32_000, { ...seeing, pdf: true }),
	plain('mistral', 'mistral-small-latest', 'Mistral Small', 128_000, 32_000, { ...seeing, pdf: true }),
	{
		...plain('deepseek', 'deepseek-v4-pro', 'DeepSeek V4 Pro', 1_000_000, 384_000, textReasoning),
		price: { input: 0.435, output: 0.87, asOf: '2026-07-03' }
	},
	{
		...plain('deepseek', 'deepseek-v4-flash', 'DeepSeek V4 Flash', 1_000_000, 384_000, textReasoning),
		price: { input: 0.14, output: 0.28, asOf: '2026-07-03' }
	},
	{
		...plain('xai', 'grok-4.20', 'Grok 4.20', 256_000, 64_000, { ...seeing, reasoning: true }),
		price: { input: 2, output: 6, asOf: '2026-04-21' }
	},
	plain('openrouter', 'anthropic/claude-sonnet-5.5', 'Claude Sonnet 5.5', 1_000_000, 128_000, all, fromNone),
	plain('openrouter', 'openai/gpt-6.1-sol', 'GPT-6.1 Sol', 1_050_000, 128_000, all, fromLow),
	plain(
		'openrouter',
		'openai/gpt-oss-120b:free',
		'GPT-OSS 120B (free)',
		131_072,
		32_768,
		textReasoning,
		fromLow
	),
	plain(
		'ai-gateway',
		'openai/gpt-6.1-sol',
		'GPT-6.1 Sol',
		1_050_000,
		128_000,
		{ ...seeing, reasoning: true },
		fromLow
	),
	plain('ai-gateway', 'anthropic/claude-sonnet-5-5', 'Claude Sonnet 5.5', 1_000_000, 128_000, seeing),
	plain('ai-gateway', 'google-ai-studio/gemini-2.5-flash', 'Gemini 2.5 Flash', 1_048_576, 65_536, seeing),
	plain('workers-ai', '@cf/meta/llama-3.3-70b-instruct-fp8-fast', 'Llama 3.3 70B', 24_000, 4096, text),
	plain('workers-ai', '@cf/openai/gpt-oss-120b', 'GPT-OSS 120B', 128_000, 16_000, textReasoning),
	plain('ollama', 'llama3.2', 'Llama 3.2', 8192, 4096, text),
	plain('mpp', 'gpt-4o-mini', 'GPT-4o mini', 128_000, 16_384, seeing)
];

function claude(
	model: string,
	label: string,
	efforts: readonly Effort[],
	quirks: Quirks,
	price?: readonly [input: number, output: number, cacheRead: number, cacheWrite: number],
	contextWindow = 1_000_000,
	maxOutput = 128_000
): CatalogModel {
	const base = {
		provider: 'anthropic',
		model,
		label,
		contextWindow,
		maxOutput,
		abilities: all,
		efforts,
		quirks
	};
	if (price === undefined) return base;
	const [input, output, cacheRead, cacheWrite] = price;
	return { ...base, price: { input, output, cacheRead, cacheWrite, asOf: autumn } };
}

function gpt(
	model: string,
	label: string,
	efforts: readonly Effort[],
	price: readonly [input: number, output: number, cacheRead: number, cacheWrite?: number],
	asOf: string,
	contextWindow = 1_050_000
): CatalogModel {
	const [input, output, cacheRead, cacheWrite] = price;
	return {
		provider: 'openai',
		model,
		label,
		contextWindow,
		maxOutput: 128_000,
		abilities: all,
		efforts,
		price: { input, output, cacheRead, ...(cacheWrite === undefined ? {} : { cacheWrite }), asOf }
	};
}

function google(
	model: string,
	label: string,
	efforts: readonly Effort[],
	quirks: Quirks,
	price: readonly [input: number, output: number]
): CatalogModel {
	const [input, output] = price;
	return {
		provider: 'gemini',
		model,
		label,
		contextWindow: 1_048_576,
		maxOutput: 65_536,
		abilities: all,
		efforts,
		quirks,
		price: { input, output, asOf: '2026-09-30' }
	};
}

function plain(
	provider: string,
	model: string,
	label: string,
	contextWindow: number,
	maxOutput: number,
	abilities: Abilities,
	efforts?: readonly Effort[]
): CatalogModel {
	return {
		provider,
		model,
		label,
		contextWindow,
		maxOutput,
		abilities,
		...(efforts === undefined ? {} : { efforts })
	};
}
