/**
 * AI Gateway's unified billing: a provider asked through the operator's gateway with the gateway's own
 * token, and no key of the provider at all. What it is for is said in at most five entries of metadata.
 * https://developers.cloudflare.com/ai-gateway/features/unified-billing/
 */

import { isJsonObject, parseJson } from '../../wire/json';
import { readVariable, type EdgeEnv } from '../env';
import type { Admitted } from './verbs';

/** Relay id → the gateway's name for it, and what of our path it leaves out. */
const names: Readonly<Record<string, { readonly name: string; readonly without: string }>> = {
	anthropic: { name: 'anthropic', without: '' },
	openai: { name: 'openai', without: '/v1' },
	gemini: { name: 'google-ai-studio', without: '' },
	groq: { name: 'groq', without: '/openai/v1' },
	xai: { name: 'grok', without: '' }
};

export interface GatewayPath {
	/** Of the relay's own `ai-gateway`. */
	readonly path: string;
	readonly token: string;
}

/** Undefined where there is no gateway, or it does not know the provider. */
export function gatewayPath(env: EdgeEnv, id: string, asked: string): GatewayPath | undefined {
	const account = readVariable(env, 'AI_GATEWAY_ACCOUNT');
	const gateway = readVariable(env, 'AI_GATEWAY_ID');
	const token = readVariable(env, 'AI_GATEWAY_TOKEN');
	const provider = Object.hasOwn(names, id) ? names[id] : undefined;
	if (account === undefined || gateway === undefined || token === undefined || provider === undefined)
		return undefined;
	const { name, without } = provider;
	if (!asked.startsWith(`${without}/`)) return undefined;
	return { path: `/v1/${account}/${gateway}/${name}${asked.slice(without.length)}`, token };
}

export const metadataHeader = 'cf-aig-metadata';
const maximumEntries = 5;

/** Who asked, first; the caller's own entries as far as there is room. */
export function attribution(member: Admitted, given: string | null): string {
	const own = parseJson(given ?? '');
	const entries = [
		['home', member.home],
		['device', member.kid],
		...Object.entries(isJsonObject(own) ? own : {}).filter(
			([name, value]) => name !== 'home' && name !== 'device' && value !== null && typeof value !== 'object'
		)
	];
	return JSON.stringify(Object.fromEntries(entries.slice(0, maximumEntries)));
}
