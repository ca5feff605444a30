/**
 * What is known of a model: looked up by name, by name without its date, or by family; an unknown one
 * gets its provider's defaults. Prices turn usage into money where they are known.
 */

import type { ModelRef, Usage } from '../../wire/entries';
import { AppError } from '../../wire/errors';
import { catalogModels } from './catalog-data';
import type { CatalogModel, Price } from './catalog-data';
import type { Abilities, Effort, ModelTraits } from './protocol';
import { findProvider } from './providers';
import type { Quirks } from './providers';

export interface KnownModel {
	readonly ref: ModelRef;
	readonly label: string;
	readonly contextWindow: number;
	readonly maxOutput: number;
	readonly abilities: Abilities;
	readonly efforts: readonly Effort[];
	readonly price?: Price;
	readonly quirks: Quirks;
	/** False where only its provider's defaults are known. */
	readonly isListed: boolean;
}

const byName = new Map(catalogModels.map((entry) => [key(entry.provider, entry.model), entry]));

function key(provider: string, model: string): string {
	return `${provider} ${model}`;
}

/** The listed models of a provider, in the order that they are offered. */
export function listModels(provider: string): readonly CatalogModel[] {
	return catalogModels.filter((entry) => entry.provider === provider);
}

export function lookUpModel(ref: ModelRef): KnownModel {
	const entry = findEntry(ref);
	const provider = findProvider(ref.provider);
	const defaults = provider?.defaults;
	return {
		ref,
		label: entry?.label ?? ref.model,
		contextWindow: entry?.contextWindow ?? defaults?.contextWindow ?? 32_000,
		maxOutput: entry?.maxOutput ?? defaults?.maxOutput ?? 4096,
		abilities:
			entry?.abilities ??
			guessAbilities(
				ref,
				defaults?.abilities ?? { tools: true, images: false, pdf: false, reasoning: false, webSearch: false }
			),
		efforts: entry?.efforts ?? (entry === undefined ? (defaults?.efforts ?? []) : []),
		...(entry?.price === undefined ? {} : { price: entry.price }),
		quirks: { ...provider?.quirks, ...guessQuirks(ref), ...entry?.quirks },
		isListed: entry !== undefined
	};
}

export function traitsOf(ref: ModelRef): ModelTraits {
	const known = lookUpModel(ref);
	return {
		abilities: known.abilities,
		contextWindow: known.contextWindow,
		maxOutput: known.maxOutput,
		isRehearsal: ref.provider === 'rehearsal'
	};
}

/** `claude-sonnet-4-5-20250929`, `gpt-5.4-2026-03-05` and `…-latest` are the model that their name begins with. */
function findEntry(ref: ModelRef): CatalogModel | undefined {
	const exact = byName.get(key(ref.provider, ref.model));
	if (exact !== undefined) return exact;
	const undated = ref.model.replace(/-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, '');
	return undated === ref.model ? undefined : byName.get(key(ref.provider, undated));
}

/** Families whose settings differ from their provider's newest. */
function guessQuirks(ref: ModelRef): Quirks {
	if (ref.provider === 'anthropic') {
		// Effort instead of a budget came with 4.6; the names before carry 3, 4-0 to 4-5, or a date.
		const isOld = /^claude-(3|2|instant|(opus|sonnet|haiku)-4(-[0-5])?(-\d{8})?$)/.test(ref.model);
		return isOld ? {} : { thinking: 'adaptive' };
	}
	if (ref.provider === 'gemini') {
		const version = /^gemini-(\d+)/.exec(ref.model);
		return Number(version?.[1] ?? 3) >= 3 ? { thinking: 'level', searchBesideTools: true } : {};
	}
	return {};
}

function guessAbilities(ref: ModelRef, defaults: Abilities): Abilities {
	if (ref.provider === 'openai' && /^(gpt-4|gpt-3|chatgpt)/.test(ref.model))
		return { ...defaults, reasoning: false };
	if (ref.provider === 'gemini' && /^gemini-(1|2\.0)|^gemma/.test(ref.model))
		return { ...defaults, reasoning: false };
	if (ref.provider === 'anthropic' && /^claude-(3-(opus|sonnet|haiku|5)|2|instant)/.test(ref.model)) {
		return { ...defaults, reasoning: false };
	}
	if (/gpt-oss|qwen3|deepseek-r|reason|think|magistral/i.test(ref.model))
		return { ...defaults, reasoning: true };
	return defaults;
}

/** US dollars; undefined where no price is known. */
export function costOf(usage: Usage, ref: ModelRef): number | undefined {
	const provider = findProvider(ref.provider);
	if (provider?.kind === 'built-in' || provider?.kind === 'local') return 0;
	const { price } = lookUpModel(ref);
	if (price === undefined) return undefined;
	const fresh = Math.max(0, usage.input - usage.cacheRead - usage.cacheWrite);
	const dollars =
		fresh * price.input +
		usage.cacheRead * (price.cacheRead ?? price.input) +
		usage.cacheWrite * (price.cacheWrite ?? price.input) +
		usage.output * price.output;
	return dollars / 1_000_000;
}

const modelName = /^[\p{L}\p{N}@][\p{L}\p{N}@._:/+-]{0,199}$/u;

/**
 * A model's name as a person types or a file holds it: `provider/model-name` (the first segment is one of
 * our provider ids, the rest the provider's own name, which may hold slashes), or a bare name with
 * `provider` given. Throws `input/invalid`.
 */
export function validateModelId(text: string, provider?: string): ModelRef {
	const trimmed = text.trim();
	const slash = trimmed.indexOf('/');
	const head = slash === -1 ? '' : trimmed.slice(0, slash);
	const ref =
		provider !== undefined && (head === '' || head !== provider)
			? { provider, model: trimmed }
			: { provider: head, model: trimmed.slice(slash + 1) };
	if (findProvider(ref.provider) === undefined) {
		throw new AppError('input/invalid', {
			message: `No provider is called ${JSON.stringify(ref.provider.slice(0, 60))}: write provider/model-name.`
		});
	}
	if (!modelName.test(ref.model) || ref.model.includes('..') || ref.model.includes('//')) {
		throw new AppError('input/invalid', { message: 'This is no model name.' });
	}
	return ref;
}

/** The canonical `provider/model-name`. */
export function formatModelId(ref: ModelRef): string {
	return `${ref.provider}/${ref.model}`;
}
