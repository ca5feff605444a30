/**
 * Every provider that Wherry knows, by fixed id: its protocol, where it is, how a key goes in, what it
 * does differently (what a person is told of it: `provider-notes.ts`). Where they are on the relay is in
 * `wire/providers.ts`; this adds what only the agent needs.
 */

import { relayProviders } from '../../wire/providers';
import type { ProtocolId } from '../../wire/providers';
import type { Abilities, Effort } from './protocol';

export type Quirks = Readonly<Record<string, string | boolean | number>>;

export interface Provider {
	readonly id: string;
	readonly title: string;
	readonly protocol: ProtocolId;
	/** How it is reached: over the network with a key, on this machine, in this browser, or not at all. */
	readonly kind: 'key' | 'local' | 'built-in' | 'relay';
	/** Origin and path for a direct call; '' where the person gives it. Our requests' paths are appended. */
	readonly baseUrl: string;
	readonly needsBaseUrl: boolean;
	/** Whether its CORS lets a browser call it directly. */
	readonly canDirect: boolean;
	/** Direct is how it is used unless the person says otherwise. */
	readonly isDirectByDefault: boolean;
	/** How a key is put on a request. Undefined: it takes none. */
	readonly key?: { readonly header: string; readonly prefix: string; readonly isOptional: boolean };
	readonly quirks: Quirks;
	/** For models that the catalog does not know. */
	readonly defaults: {
		readonly abilities: Abilities;
		readonly contextWindow: number;
		readonly maxOutput: number;
		readonly efforts?: readonly Effort[];
	};
	/** The model that is chosen first. */
	readonly model: string;
}

const bearer = { header: 'authorization', prefix: 'Bearer ', isOptional: false } as const;
const everything: Abilities = { tools: true, images: true, pdf: true, reasoning: true, webSearch: true };
const textAndTools: Abilities = {
	tools: true,
	images: false,
	pdf: false,
	reasoning: false,
	webSearch: false
};

function onRelay(id: string, own: Pick<Provider, 'canDirect' | 'model'> & Partial<Provider>): Provider {
	const shared = relayProviders[id];
	return {
		id,
		title: shared?.title ?? id,
		protocol: shared?.protocol ?? 'openai-chat',
		kind: 'key',
		baseUrl: shared?.origin ?? '',
		needsBaseUrl: false,
		isDirectByDefault: false,
		key: bearer,
		...own,
		// Chat paths differ between the speakers of one protocol.
		quirks: { basePath: shared?.basePath ?? '/v1', ...own.quirks },
		defaults: own.defaults ?? { abilities: textAndTools, contextWindow: 128_000, maxOutput: 8192 }
	};
}

const all: readonly Provider[] = [
	{
		id: 'rehearsal',
		title: 'Rehearsal',
		protocol: 'rehearsal',
		kind: 'built-in',
		baseUrl: '',
		needsBaseUrl: false,
		canDirect: false,
		isDirectByDefault: false,
		quirks: {},
		defaults: { abilities: textAndTools, contextWindow: 32_000, maxOutput: 4096 },
		model: 'rehearsal'
	},
	{
		id: 'builtin',
		title: 'This browser\u2019s own model',
		protocol: 'builtin',
		kind: 'built-in',
		baseUrl: '',
		needsBaseUrl: false,
		canDirect: false,
		isDirectByDefault: false,
		quirks: {},
		defaults: {
			abilities: { tools: false, images: false, pdf: false, reasoning: false, webSearch: false },
			contextWindow: 6000,
			maxOutput: 1024
		},
		model: 'builtin'
	},
	onRelay('anthropic', {
		canDirect: true,
		key: { header: 'x-api-key', prefix: '', isOptional: false },
		defaults: {
			abilities: everything,
			contextWindow: 200_000,
			maxOutput: 32_000,
			efforts: ['none', 'low', 'medium', 'high']
		},
		model: 'claude-sonnet-5-5'
	}),
	onRelay('openai', {
		canDirect: true,
		quirks: { cacheKey: true, maxTokensField: 'max_completion_tokens' },
		defaults: {
			abilities: everything,
			contextWindow: 400_000,
			maxOutput: 128_000,
			efforts: ['none', 'low', 'medium', 'high']
		},
		model: 'gpt-6.1-sol'
	}),
	onRelay('gemini', {
		canDirect: true,
		key: { header: 'x-goog-api-key', prefix: '', isOptional: false },
		defaults: {
			abilities: everything,
			contextWindow: 1_048_576,
			maxOutput: 65_536,
			efforts: ['low', 'medium', 'high']
		},
		model: 'gemini-3.5-flash'
	}),
	onRelay('groq', {
		canDirect: true,
		quirks: { reasoningBack: 'loop' },
		model: 'openai/gpt-oss-120b'
	}),
	onRelay('together', {
		canDirect: true,
		model: 'openai/gpt-oss-120b'
	}),
	onRelay('mistral', {
		canDirect: true,
		quirks: {
			streamOptions: false,
			callIds: 'nine',
			requiredChoice: 'any',
			imageUrl: 'string',
			pdf: 'document_url',
			reasoningBack: 'always'
		},
		model: 'mistral-medium-latest'
	}),
	onRelay('deepseek', {
		canDirect: true,
		quirks: { reasoningBack: 'loop' },
		model: 'deepseek-v4-flash'
	}),
	onRelay('xai', {
		canDirect: false,
		quirks: { reasoningBack: 'never' },
		defaults: {
			abilities: { ...textAndTools, images: true, reasoning: true },
			contextWindow: 256_000,
			maxOutput: 32_000
		},
		model: 'grok-4.20'
	}),
	onRelay('openrouter', {
		canDirect: true,
		quirks: { effortField: 'reasoning', reasoningBack: 'always', webSearch: 'plugin' },
		defaults: {
			abilities: { ...everything, pdf: true },
			contextWindow: 128_000,
			maxOutput: 16_000,
			efforts: ['low', 'medium', 'high']
		},
		model: 'anthropic/claude-sonnet-5.5'
	}),
	onRelay('mpp', {
		canDirect: false,
		key: { header: 'authorization', prefix: 'Payment ', isOptional: true },
		quirks: { maxTokensField: 'max_completion_tokens' },
		model: 'gpt-4o-mini'
	}),
	onRelay('ai-gateway', {
		canDirect: false,
		key: { header: 'cf-aig-authorization', prefix: 'Bearer ', isOptional: false },
		// The account and the gateway are part of the address: `/v1/{account}/{gateway}/compat`.
		needsBaseUrl: true,
		quirks: { basePath: '', maxTokensField: 'max_completion_tokens' },
		defaults: { abilities: { ...textAndTools, images: true }, contextWindow: 128_000, maxOutput: 16_000 },
		model: 'openai/gpt-6.1-sol'
	}),
	onRelay('workers-ai', {
		canDirect: false,
		needsBaseUrl: true,
		defaults: { abilities: textAndTools, contextWindow: 24_000, maxOutput: 4096 },
		model: '@cf/meta/llama-3.3-70b-instruct-fp8-fast'
	}),
	{
		id: 'ollama',
		title: 'Ollama',
		protocol: 'openai-chat',
		kind: 'local',
		baseUrl: 'http://localhost:11434',
		needsBaseUrl: false,
		canDirect: true,
		isDirectByDefault: true,
		quirks: { basePath: '/v1', reasoningBack: 'loop' },
		defaults: { abilities: textAndTools, contextWindow: 8192, maxOutput: 4096 },
		model: 'llama3.2'
	},
	{
		id: 'lmstudio',
		title: 'LM Studio',
		protocol: 'openai-chat',
		kind: 'local',
		baseUrl: 'http://localhost:1234',
		needsBaseUrl: false,
		canDirect: true,
		isDirectByDefault: true,
		quirks: { basePath: '/v1', reasoningBack: 'loop' },
		defaults: { abilities: textAndTools, contextWindow: 8192, maxOutput: 4096 },
		model: 'local-model'
	},
	{
		id: 'custom',
		title: 'Another address',
		protocol: 'openai-chat',
		kind: 'key',
		baseUrl: '',
		needsBaseUrl: true,
		canDirect: true,
		isDirectByDefault: true,
		key: { ...bearer, isOptional: true },
		// The person gives the address as its documentation does, version and all.
		quirks: { basePath: '' },
		defaults: { abilities: textAndTools, contextWindow: 32_000, maxOutput: 4096 },
		model: 'default'
	}
];

export const providers: ReadonlyMap<string, Provider> = new Map(
	all.map((provider) => [provider.id, provider])
);

export function findProvider(id: string): Provider | undefined {
	return providers.get(id);
}

/** Puts a key on a request's headers the way this provider wants it. */
export function putKey(provider: Provider, headers: Headers, key: string): void {
	if (provider.key !== undefined) headers.set(provider.key.header, `${provider.key.prefix}${key}`);
}

/** Where this provider's requests go through the relay: `/api/relay/{provider}` of the page's origin. */
export function relayUrl(origin: string, provider: Provider): string | undefined {
	return Object.hasOwn(relayProviders, provider.id) ? `${origin}/api/relay/${provider.id}` : undefined;
}

export interface BaseAddress {
	readonly origin: string;
	readonly path: string;
	readonly isLoopback: boolean;
}

/**
 * The address that a person typed, made fit: the scheme added, the path that requests carry themselves
 * cut off. Undefined where it is no web address.
 */
export function readBaseAddress(text: string): BaseAddress | undefined {
	const trimmed = text.trim();
	const isBareLoopback = /^(localhost|127\.|\[::1\])/i.test(trimmed);
	const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed)
		? trimmed
		: `${isBareLoopback ? 'http' : 'https'}://${trimmed}`;
	let url: URL;
	try {
		url = new URL(withScheme);
	} catch {
		return undefined;
	}
	if (trimmed === '' || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
	if (url.username !== '' || url.password !== '') return undefined;
	const path = url.pathname
		.replace(/\/+$/, '')
		.replace(/\/(chat\/completions|responses|models|messages)$/, '');
	return { origin: url.origin, path, isLoopback: isLoopbackHost(url.hostname) };
}

export function isLoopbackHost(host: string): boolean {
	return (
		host === 'localhost' ||
		host.endsWith('.localhost') ||
		host === '[::1]' ||
		/^127(\.\d{1,3}){3}$/.test(host)
	);
}
