/**
 * The model providers that a relay may speak to, by fixed id: where they are, which headers carry
 * a key, which paths are passed on. Pure data and no addresses from outside: the edge and the agent
 * read the same table. `agent/models/providers.ts` adds what only the agent has to know.
 */

export type ProtocolId =
	'anthropic' | 'openai-chat' | 'openai-responses' | 'gemini' | 'workers-ai' | 'builtin' | 'rehearsal';

export interface RelayProvider {
	readonly title: string;
	/** The protocol that errors of the relay are shaped after. */
	readonly protocol: ProtocolId;
	/** The provider's own origin. `RELAY_UPSTREAMS` may name another. */
	readonly origin: string;
	/**
	 * What an SDK appends to `/api/relay/{provider}` as its base URL ('' where SDKs append the version
	 * themselves). Our own client's paths contain it.
	 */
	readonly basePath: string;
	/** Lower-case names of headers that carry a user's key for this provider. No other credential header is passed on. */
	readonly authHeaders: readonly string[];
	/** Query parameters that carry a user's key. */
	readonly authQuery?: readonly string[];
	/** Where the relay's own key comes from. */
	readonly keyEnv: string;
	/** How the relay's own key goes in. */
	setKey(headers: Headers, key: string): void;
	/** Paths that are passed on: `*` is one segment, a final `/**` everything below. */
	readonly paths: readonly string[];
}

function bearer(headers: Headers, key: string): void {
	headers.set('authorization', `Bearer ${key}`);
}

function openAiCompatible(
	title: string,
	keyEnv: string,
	origin: string,
	basePath: string,
	paths: readonly string[] = [`${basePath}/**`]
): RelayProvider {
	return {
		title,
		protocol: 'openai-chat',
		origin,
		basePath,
		authHeaders: ['authorization'],
		keyEnv,
		setKey: bearer,
		paths
	};
}

export const relayProviders: Readonly<Record<string, RelayProvider>> = {
	anthropic: {
		title: 'Anthropic',
		protocol: 'anthropic',
		origin: 'https://api.anthropic.com',
		basePath: '',
		// `authorization` is what Claude Code and OAuth tokens use.
		authHeaders: ['x-api-key', 'authorization'],
		keyEnv: 'ANTHROPIC_API_KEY',
		setKey: (headers, key) => headers.set('x-api-key', key),
		paths: ['/v1/**']
	},
	openai: {
		title: 'OpenAI',
		protocol: 'openai-responses',
		origin: 'https://api.openai.com',
		basePath: '/v1',
		authHeaders: ['authorization'],
		keyEnv: 'OPENAI_API_KEY',
		setKey: bearer,
		paths: ['/v1/**']
	},
	gemini: {
		title: 'Google Gemini',
		protocol: 'gemini',
		origin: 'https://generativelanguage.googleapis.com',
		basePath: '',
		authHeaders: ['x-goog-api-key', 'authorization'],
		authQuery: ['key'],
		keyEnv: 'GEMINI_API_KEY',
		setKey: (headers, key) => headers.set('x-goog-api-key', key),
		paths: ['/v1beta/**', '/v1/**', '/v1alpha/**', '/upload/v1beta/**']
	},
	groq: openAiCompatible('Groq', 'GROQ_API_KEY', 'https://api.groq.com', '/openai/v1'),
	together: openAiCompatible('Together', 'TOGETHER_API_KEY', 'https://api.together.xyz', '/v1'),
	mistral: openAiCompatible('Mistral', 'MISTRAL_API_KEY', 'https://api.mistral.ai', '/v1'),
	// DeepSeek serves the same API with and without `/v1`.
	deepseek: openAiCompatible('DeepSeek', 'DEEPSEEK_API_KEY', 'https://api.deepseek.com', '', [
		'/chat/completions',
		'/completions',
		'/models',
		'/v1/**',
		'/beta/**',
		'/user/balance'
	]),
	xai: openAiCompatible('xAI', 'XAI_API_KEY', 'https://api.x.ai', '/v1'),
	openrouter: openAiCompatible('OpenRouter', 'OPENROUTER_API_KEY', 'https://openrouter.ai', '/api/v1'),
	// The Machine Payments Protocol's OpenAI-compatible service: `authorization` holds a payment, not a key.
	mpp: openAiCompatible('mpp.dev', 'MPP_API_KEY', 'https://openai.mpp.tempo.xyz', '/v1'),
	'ai-gateway': {
		title: 'Cloudflare AI Gateway',
		protocol: 'openai-chat',
		origin: 'https://gateway.ai.cloudflare.com',
		basePath: '',
		authHeaders: ['cf-aig-authorization', 'authorization', 'x-api-key', 'x-goog-api-key'],
		keyEnv: 'AI_GATEWAY_TOKEN',
		setKey: (headers, key) => headers.set('cf-aig-authorization', `Bearer ${key}`),
		// Without anything after the gateway it is the universal endpoint: a list of providers to try in turn.
		paths: ['/v1/*/*', '/v1/*/*/**']
	},
	'workers-ai': {
		title: 'Cloudflare Workers AI',
		protocol: 'workers-ai',
		origin: 'https://api.cloudflare.com',
		basePath: '',
		authHeaders: ['authorization'],
		keyEnv: 'CLOUDFLARE_AI_TOKEN',
		setKey: bearer,
		paths: ['/client/v4/accounts/*/ai/**']
	}
};

/**
 * Whether the relay passes this path (starting with `/`, without query) on to the provider. The bare
 * base address is passed too: clients ask for it with HEAD. Dot segments and backslashes never are,
 * encoded or not.
 */
export function allowsRelayPath(provider: RelayProvider, path: string): boolean {
	const segments = path.split('/');
	for (const segment of segments) {
		const plain = segment.replace(/%2e/gi, '.');
		if (plain === '.' || plain === '..' || plain.includes('\\') || /%(2f|5c|00)/i.test(plain)) return false;
	}
	if (path === '' || path === '/' || path === provider.basePath || path === `${provider.basePath}/`)
		return true;
	return provider.paths.some((rule) => fits(segments, rule.split('/')));
}

function fits(path: readonly string[], rule: readonly string[]): boolean {
	for (const [index, wanted] of rule.entries()) {
		if (wanted === '**') return path.length > index && path[index] !== '';
		const segment = path[index];
		if (segment === undefined || segment === '') {
			if (index === 0 && wanted === '') continue;
			return false;
		}
		if (wanted !== '*' && wanted !== segment) return false;
	}
	return path.length === rule.length;
}
