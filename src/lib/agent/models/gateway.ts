/**
 * What a person sets for AI Gateway's cache, as its headers; and several models behind one gateway as one request
 * that the gateway itself falls back through: its universal endpoint, with the OpenAI-compatible one in each step so
 * that every answer has the same shape. Cloudflare calls it deprecated in favour of routes kept on its dashboard,
 * and keeps it working.
 * https://developers.cloudflare.com/ai-gateway/features/caching/
 * https://developers.cloudflare.com/ai-gateway/configuration/fallbacks/
 */

import { isJsonObject, type Json, type JsonObject } from '../../wire/json';
import type { GatewayOptions } from '../../wire/commands';

export const gatewayId = 'ai-gateway';
/** The gateway takes a minute to a month. */
const shortest = 60;
const longest = 30 * 86_400;
const compat = '/compat';
const chatPath = 'chat/completions';

export function readGatewayOptions(value: Json | undefined): GatewayOptions {
	const { cacheSeconds = null, skipCache = false } = isJsonObject(value) ? value : {};
	return {
		cacheSeconds:
			typeof cacheSeconds === 'number' && Number.isFinite(cacheSeconds)
				? Math.round(Math.min(longest, Math.max(shortest, cacheSeconds)))
				: null,
		skipCache: skipCache === true
	};
}

export function gatewayHeaders({ cacheSeconds, skipCache }: GatewayOptions): Record<string, string> {
	// Both at once would be a contradiction: skipping says more.
	if (skipCache) return { 'cf-aig-skip-cache': 'true' };
	return cacheSeconds === null ? {} : { 'cf-aig-cache-ttl': String(cacheSeconds) };
}

export interface UniversalCall {
	readonly base: string;
	readonly body: readonly JsonObject[];
}

/** Undefined where this address is not one of a gateway's own, or there is nothing to fall back to. */
export function universalCall(
	base: string,
	bodies: readonly JsonObject[],
	timeoutMs: number
): UniversalCall | undefined {
	if (bodies.length < 2 || !base.endsWith(compat)) return undefined;
	return {
		base: base.slice(0, -compat.length),
		body: bodies.map((query) => ({
			provider: 'compat',
			endpoint: chatPath,
			headers: { 'content-type': 'application/json' },
			query,
			config: { requestTimeout: timeoutMs }
		}))
	};
}

/** Which of them answered; undefined where the gateway does not say. */
export function stepOf(headers: Headers, count: number): number | undefined {
	const text = headers.get('cf-aig-step') ?? '';
	const step = /^\d{1,3}$/.test(text) ? Number(text) : undefined;
	return step !== undefined && step < count ? step : undefined;
}
