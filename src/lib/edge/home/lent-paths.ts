/**
 * What a key of the relay's, or its gateway's token, is lent for: asking a model, counting, embedding, and the
 * list of models. A provider's key opens its whole account (files, batches, stored answers, training, usage),
 * and whoever may use the key is not whoever owns the account. Everything else takes a key of the caller's own.
 */

import { isJsonObject, parseJson, type Json, type JsonObject } from '../../wire/json';
import { allowsRelayPath } from '../../wire/providers';
import { findProvider, isPlainPath } from '../relay-target';

/** What is asked for, as far as its cost goes: by which API an answer's length is limited, or that there is none. */
export type Asking = 'free' | 'input' | 'messages' | 'chat' | 'completions' | 'responses' | 'gemini' | 'run';

/** `METHOD /path`; `*` is anything within one segment. */
type Rules = Readonly<Record<string, Asking>>;

const openAi: Rules = {
	'GET /models': 'free',
	'GET /models/*': 'free',
	'POST /chat/completions': 'chat',
	'POST /completions': 'completions',
	'POST /responses': 'responses',
	'POST /embeddings': 'input'
};
const anthropic: Rules = {
	'GET /v1/models': 'free',
	'GET /v1/models/*': 'free',
	'POST /v1/messages': 'messages',
	'POST /v1/messages/count_tokens': 'free'
};
const geminiVersion: Rules = {
	'GET /models': 'free',
	'GET /models/*': 'free',
	'POST /models/*:generateContent': 'gemini',
	'POST /models/*:streamGenerateContent': 'gemini',
	'POST /models/*:countTokens': 'free',
	'POST /models/*:embedContent': 'input',
	'POST /models/*:batchEmbedContents': 'input'
};
const gemini: Rules = {
	...below('/v1beta', geminiVersion),
	...below('/v1', geminiVersion),
	...below('/v1alpha', geminiVersion),
	...below('/v1beta/openai', openAi)
};
const deepseek: Rules = { ...openAi, ...below('/v1', openAi), ...below('/beta', openAi) };
const workersAi: Rules = { 'POST /run/@*/*/*': 'run', 'GET /models/search': 'free', ...below('/v1', openAi) };

/** Below a gateway's own address, by its names for them: what follows is the provider's path without its version, often. */
const behindGateway: Rules = {
	...below('/compat', openAi),
	...below('/anthropic', anthropic),
	...below('/openai', openAi),
	...below('/google-ai-studio', gemini),
	...below('/groq', openAi),
	...below('/grok', { ...openAi, ...below('/v1', openAi) }),
	...below('/mistral', { ...openAi, ...below('/v1', openAi) }),
	...below('/deepseek', deepseek),
	...below('/openrouter', { ...openAi, ...below('/v1', openAi) }),
	...below('/workers-ai', { 'POST /@*/*/*': 'run', ...below('/v1', openAi) })
};

const lent: Readonly<Record<string, Rules>> = {
	anthropic,
	openai: below('/v1', openAi),
	gemini,
	groq: below('/openai/v1', openAi),
	together: below('/v1', openAi),
	mistral: below('/v1', openAi),
	deepseek,
	xai: below('/v1', openAi),
	openrouter: below('/api/v1', openAi),
	mpp: below('/v1', openAi),
	'ai-gateway': { ...below('/compat', openAi), ...below('/v1/*/*', behindGateway) },
	'workers-ai': below('/client/v4/accounts/*/ai', workersAi)
};

function below(base: string, rules: Rules): Rules {
	return Object.fromEntries(
		Object.entries(rules).map(([rule, asking]) => [rule.replace('/', `${base}/`), asking])
	);
}

const patterns = new Map(
	Object.entries(lent).map(([id, rules]) => [
		id,
		Object.entries(rules).map(([rule, asking]) => ({ pattern: patternOf(rule), asking }))
	])
);

function patternOf(rule: string): RegExp {
	return new RegExp(`^${rule.replaceAll(/[.+?^$()|[\]\\{}]/g, '\\$&').replaceAll('*', '[^\\s/?#]+')}$`);
}

export interface LentStep {
	readonly asking: Asking;
	/** The whole path at the provider that is asked. */
	readonly path: string;
	readonly body: JsonObject;
}

/** Undefined: the relay's key is not for this. Of AI Gateway's universal endpoint every step counts. */
export function lentFor(
	id: string,
	method: string,
	path: string,
	body: string | undefined
): readonly LentStep[] | undefined {
	if (!isUniversal(id, path)) {
		const asking = askingOf(id, method, path);
		const parsed = asking === undefined || asking === 'free' ? undefined : parseJson(body ?? '');
		return asking === undefined ? undefined : [{ asking, path, body: isJsonObject(parsed) ? parsed : {} }];
	}
	const steps = method === 'POST' ? parseJson(body ?? '') : undefined;
	if (!Array.isArray(steps) || steps.length === 0) return undefined;
	const read = steps.map(readStep);
	return read.every((step) => step !== undefined) ? read : undefined;
}

/** A list of providers to try in turn: what it asks for is said in its body. */
export function isUniversal(id: string, path: string): boolean {
	return id === 'ai-gateway' && /^(?:\/universal|\/v1\/[^/]+\/[^/]+)$/.test(path);
}

function readStep(step: Json): LentStep | undefined {
	if (!isJsonObject(step)) return undefined;
	const { provider, endpoint, query } = step;
	if (typeof provider !== 'string' || typeof endpoint !== 'string') return undefined;
	const path = `/v1/a/g/${provider}/${endpoint.replace(/^\//, '').replace(/\?.*$/s, '')}`;
	const gateway = findProvider('ai-gateway');
	if (gateway === undefined || !isPlainPath(path) || !allowsRelayPath(gateway, path)) return undefined;
	const asking = askingOf('ai-gateway', 'POST', path);
	return asking === undefined ? undefined : { asking, path, body: isJsonObject(query) ? query : {} };
}

function askingOf(id: string, method: string, path: string): Asking | undefined {
	const base = findProvider(id)?.basePath ?? '';
	const isReading = method === 'GET' || method === 'HEAD';
	// The bare base address: some clients look whether anybody is there.
	if (isReading && (path === '' || path === '/' || path === base || path === `${base}/`)) return 'free';
	const asked = `${isReading ? 'GET' : method} ${path}`;
	return patterns.get(id)?.find(({ pattern }) => pattern.test(asked))?.asking;
}
