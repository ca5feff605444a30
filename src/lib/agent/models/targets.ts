/**
 * From a model and what the person chose for its provider to everything that a request needs: which
 * protocol, which address (relay or direct), and what the protocol must know of the model.
 */

import type { ModelRef } from '../../wire/entries';
import { AppError } from '../../wire/errors';
import type { ProtocolId } from '../../wire/providers';
import type { Json } from '../../wire/json';
import { lookUpModel } from './catalog';
import { gatewayHeaders, gatewayId, readGatewayOptions } from './gateway';
import type { ProtocolTarget } from './protocol';
import { findProvider, readBaseAddress, relayUrl } from './providers';
import type { Provider } from './providers';

/** What the person set for a provider. Everything may be left out. */
export interface ProviderChoice {
	readonly via?: 'relay' | 'direct';
	/** An address, or for Workers AI just the account's id. */
	readonly baseUrl?: string;
	/** Another protocol of the same provider, e.g. `openai-chat` for OpenAI. */
	readonly protocol?: ProtocolId;
	/** AI Gateway's options, as they were stored. */
	readonly gateway?: Json;
}

export interface ModelTarget {
	readonly provider: Provider;
	readonly protocol: ProtocolId;
	readonly target: ProtocolTarget;
	/** Requests' paths are appended. Never ends with a slash. */
	readonly base: string;
	readonly via: 'relay' | 'direct' | 'local';
	/** What the person set, besides the key. */
	readonly headers?: Readonly<Record<string, string>>;
}

/** Throws an AppError where there is no way to reach the model; the text says what is missing. */
export function resolveTarget(
	ref: ModelRef,
	choice: ProviderChoice,
	relayOrigin: string | undefined
): ModelTarget {
	const provider = findProvider(ref.provider);
	if (provider === undefined) throw new AppError('model/unavailable', { data: { provider: ref.provider } });
	const known = lookUpModel(ref);
	const { base, via, account } = resolveBase(provider, choice, relayOrigin);
	return {
		provider,
		protocol: choice.protocol ?? provider.protocol,
		target: {
			ref,
			abilities: known.abilities,
			quirks: account === undefined ? known.quirks : { ...known.quirks, account },
			maxOutput: known.maxOutput,
			...(known.efforts.length === 0 ? {} : { efforts: known.efforts })
		},
		base,
		via,
		...(provider.id === gatewayId ? { headers: gatewayHeaders(readGatewayOptions(choice.gateway)) } : {})
	};
}

interface Base {
	readonly base: string;
	readonly via: ModelTarget['via'];
	readonly account?: string;
}

function resolveBase(provider: Provider, choice: ProviderChoice, relayOrigin: string | undefined): Base {
	const typed = choice.baseUrl?.trim() ?? '';
	if (provider.id === 'workers-ai') {
		const account = /(?:accounts\/)?\b([0-9a-f]{32})\b/i.exec(typed)?.[1];
		if (account === undefined) throw missing('the id of your Cloudflare account (32 hexadecimal digits)');
		return { ...route(provider, choice, relayOrigin, provider.baseUrl, ''), account };
	}
	if (typed === '') {
		if (provider.needsBaseUrl) throw missing('its address');
		return route(provider, choice, relayOrigin, provider.baseUrl, '');
	}
	const address = readBaseAddress(typed);
	if (address === undefined) throw missing('an address that starts with https:// or http://');
	const path = fitPath(address.path, provider, choice.protocol ?? provider.protocol);
	return route(provider, choice, relayOrigin, address.origin, path);
}

/** The path of a typed address, without what our requests' paths carry already. */
function fitPath(path: string, provider: Provider, protocol: ProtocolId): string {
	if (protocol === 'anthropic') return path.replace(/\/v1$/, '');
	if (protocol === 'gemini') return path.replace(/\/v1(beta|alpha)?$/, '');
	const own = provider.quirks['basePath'];
	if (typeof own === 'string' && own !== '') return path.endsWith(own) ? path.slice(0, -own.length) : path;
	// A bare host of an unknown server: `/v1` is what nearly all of them use.
	return path === '' && provider.id === 'custom' ? '/v1' : path;
}

function route(
	provider: Provider,
	choice: ProviderChoice,
	relayOrigin: string | undefined,
	origin: string,
	path: string
): Base {
	const relay = relayOrigin === undefined ? undefined : relayUrl(relayOrigin, provider);
	// The relay knows one origin a provider: another address can only be called directly.
	const canRelay = relay !== undefined && origin === provider.baseUrl;
	const wantsDirect = choice.via === undefined ? provider.isDirectByDefault : choice.via === 'direct';
	if (canRelay && !wantsDirect) return { base: relay + path, via: 'relay' };
	return { base: origin + path, via: provider.kind === 'local' ? 'local' : 'direct' };
}

function missing(what: string): AppError {
	return new AppError('model/unavailable', { message: `This provider needs ${what}.` });
}
