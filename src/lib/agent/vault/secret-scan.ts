/**
 * Recognises a key that was pasted where a message belongs, before anything is stored or sent.
 * Only shapes that nothing else has: a missed key can be revoked, a warning that comes for
 * nothing is switched off in one's head.
 */

export interface FoundSecret {
	/** Whose key it is, by provider id; absent where the shape does not say. */
	readonly provider?: string;
	/** [start, end) in the text. */
	readonly start: number;
	readonly end: number;
}

export interface Shape {
	readonly provider?: string;
	readonly pattern: string;
}

/** In order: the more specific beginning first. */
export const shapes: readonly Shape[] = [
	{ provider: 'anthropic', pattern: 'sk-ant-[A-Za-z0-9_-]{16,}' },
	{ provider: 'openrouter', pattern: 'sk-or-(?:v1-)?[A-Za-z0-9]{32,}' },
	{ provider: 'openai', pattern: 'sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{16,}' },
	{ provider: 'openai', pattern: 'sk-[A-Za-z0-9]{16,}T3BlbkFJ[A-Za-z0-9]{16,}' },
	// OpenAI's older keys, DeepSeek's and those of many servers that speak the same protocol.
	{ pattern: 'sk-[A-Za-z0-9]{32,}' },
	{ provider: 'gemini', pattern: 'AIza[A-Za-z0-9_-]{35}' },
	{ provider: 'groq', pattern: 'gsk_[A-Za-z0-9]{40,}' },
	{ provider: 'xai', pattern: 'xai-[A-Za-z0-9]{40,}' },
	{ provider: 'together', pattern: 'tgp_v1_[A-Za-z0-9_-]{30,}' },
	{ pattern: '(?:pplx|nvapi|csk)-[A-Za-z0-9_-]{32,}' },
	{ pattern: 'r8_[A-Za-z0-9]{32,}' },
	{ pattern: 'hf_[A-Za-z0-9]{30,}' },
	{ pattern: 'github_pat_[A-Za-z0-9_]{50,}' },
	{ pattern: 'gh[pousr]_[A-Za-z0-9]{36,}' },
	{ pattern: 'glpat-[A-Za-z0-9_-]{20,}' },
	{ pattern: '(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])' },
	{ pattern: 'xox[abeprs]-[A-Za-z0-9]{6,}-[A-Za-z0-9-]{16,}' },
	{ pattern: 'xapp-\\d-[A-Z0-9]{8,}-\\d+-[a-f0-9]{32,}' },
	{ pattern: '(?:sk|rk)_live_[A-Za-z0-9]{24,}' },
	{ pattern: 'ya29\\.[A-Za-z0-9_-]{40,}' },
	{ pattern: 'eyJ[A-Za-z0-9_-]{16,}\\.eyJ[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{32,}' }
];

const any = new RegExp(
	`(?<![A-Za-z0-9_.-])(?:${shapes.map(({ pattern }) => `(${pattern})`).join('|')})`,
	'g'
);
const pem = /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----/g;
const placeholder = /example|x{6}|placeholder|your[_-]?(?:api|key|token)|redacted/i;

export function findSecret(text: string): FoundSecret | undefined {
	const key = findKey(text);
	const [block] = privateKeys(text);
	return key !== undefined && (block === undefined || key.start < block.start) ? key : block;
}

function findKey(text: string): FoundSecret | undefined {
	for (const match of text.matchAll(any)) {
		const [found, ...groups] = match;
		const shape = shapes[groups.findIndex((group) => group !== undefined)];
		if (placeholder.test(found)) continue;
		// A provider's own beginning says enough; a bare `sk-` needs a look at what follows.
		if (shape?.provider === undefined && !looksRandom(found)) continue;
		const place = { start: match.index, end: match.index + found.length };
		return shape?.provider === undefined ? place : { provider: shape.provider, ...place };
	}
	return undefined;
}

/** A word is no key: keys mix digits and letters, and repeat little. */
export function looksRandom(found: string): boolean {
	const body = found.replace(/^[A-Za-z]{2,6}[-_]/, '');
	return new Set(body).size >= 10 && /[0-9]/.test(body) && /[A-Za-z]/.test(body);
}

/** Private keys with a body; a first line alone is only talk about one. A body holds no dashes, so each text is read once. */
export function* privateKeys(text: string): Generator<FoundSecret> {
	for (const { 0: first, index: start } of text.matchAll(pem)) {
		const from = start + first.length;
		const dashes = text.indexOf('-----', from);
		const end = dashes < 0 ? text.length : dashes;
		// Line feeds, also those that JSON or an .env file wrote as `\n`.
		if (!/[A-Za-z0-9+/=]{48,}/.test(text.slice(from, end).replace(/\\[nr]|\s/g, ''))) continue;
		const close = /^-----END [A-Z0-9 ]{0,60}-----/.exec(text.slice(end, end + 100));
		yield { start, end: end + (close?.[0].length ?? 0) };
	}
}
