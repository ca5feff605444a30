/** What a person is told of a provider before choosing it. Apart, since no request needs it. */

export interface ProviderNotes {
	/** What it takes: money, time, download, where the words go. */
	readonly takes: string;
	/** Where keys are made. */
	readonly keyUrl?: string;
}

export function notesOf(provider: string): ProviderNotes {
	return Object.hasOwn(notes, provider) ? (notes[provider] ?? none) : none;
}

const none: ProviderNotes = { takes: '' };

const notes: Readonly<Record<string, ProviderNotes>> = {
	rehearsal: {
		takes: 'Nothing. Commands without a model; nothing leaves this device.'
	},
	builtin: {
		takes: 'No key. The browser may download its model once (some gigabytes); the words stay on this device.'
	},
	anthropic: {
		keyUrl: 'https://console.anthropic.com/settings/keys',
		takes: 'A key; you pay Anthropic by use. The words go to Anthropic.'
	},
	openai: {
		keyUrl: 'https://platform.openai.com/api-keys',
		takes: 'A key; you pay OpenAI by use. The words go to OpenAI.'
	},
	gemini: {
		keyUrl: 'https://aistudio.google.com/apikey',
		takes: 'A key; there is a free tier. The words go to Google.'
	},
	groq: {
		keyUrl: 'https://console.groq.com/keys',
		takes: 'A key; there is a free tier. The words go to Groq.'
	},
	together: {
		keyUrl: 'https://api.together.ai/settings/api-keys',
		takes: 'A key; you pay Together by use. The words go to Together.'
	},
	mistral: {
		keyUrl: 'https://console.mistral.ai/api-keys',
		takes: 'A key; there is a free tier. The words go to Mistral.'
	},
	deepseek: {
		keyUrl: 'https://platform.deepseek.com/api_keys',
		takes: 'A key; you pay DeepSeek by use. The words go to DeepSeek.'
	},
	xai: {
		keyUrl: 'https://console.x.ai',
		takes: 'A key; you pay xAI by use. The words go to xAI.'
	},
	openrouter: {
		keyUrl: 'https://openrouter.ai/keys',
		takes:
			'A key; you pay OpenRouter by use, some models are free. The words go to OpenRouter and to whoever runs the model.'
	},
	mpp: {
		keyUrl: 'https://mpp.dev',
		takes:
			'A payment credential of the Machine Payments Protocol, paid by use. The words go to the service behind it.'
	},
	'ai-gateway': {
		keyUrl: 'https://dash.cloudflare.com/?to=/:account/ai/ai-gateway',
		takes:
			'A gateway on your Cloudflare account with your providers\u2019 keys stored in it. The words go to Cloudflare and the provider.'
	},
	'workers-ai': {
		keyUrl: 'https://dash.cloudflare.com/profile/api-tokens',
		takes:
			'An API token and the id of your Cloudflare account; there is a free daily allowance. The words go to Cloudflare.'
	},
	ollama: {
		takes: 'Ollama running on this machine, and a model downloaded with it. The words stay on this machine.'
	},
	lmstudio: {
		takes: 'LM Studio\u2019s server running on this machine. The words stay on this machine.'
	},
	custom: {
		takes: 'The address of any server that speaks OpenAI\u2019s Chat Completions. The words go there.'
	}
};
