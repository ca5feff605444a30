/**
 * From a relay path to the upstream address, or nothing. The origin comes from the compiled table or
 * from `RELAY_UPSTREAMS`, never from the request; what the request adds is appended as it stands.
 */

import { isJsonObject, parseJson } from '../wire/json';
import { allowsRelayPath, relayProviders, type RelayProvider } from '../wire/providers';
import { readVariable, type EdgeEnv } from './env';

export const relayPrefix = '/api/relay/';

/** Undefined when this is no relay path. `path` starts with `/` or is empty, percent-encoding untouched. */
export function splitRelayPath(pathname: string): { id: string; path: string } | undefined {
	if (!pathname.startsWith(relayPrefix)) return undefined;
	const rest = pathname.slice(relayPrefix.length);
	const slash = rest.indexOf('/');
	return slash === -1 ? { id: rest, path: '' } : { id: rest.slice(0, slash), path: rest.slice(slash) };
}

export function findProvider(id: string): RelayProvider | undefined {
	return Object.hasOwn(relayProviders, id) ? relayProviders[id] : undefined;
}

interface Upstream {
	readonly origin: string;
	/** Without a final slash. */
	readonly base: string;
}

let parsed: { readonly source: string; readonly upstreams: ReadonlyMap<string, Upstream> } | undefined;

/** `RELAY_UPSTREAMS`, parsed once; a bad entry costs itself only. */
function configuredUpstreams(env: EdgeEnv): ReadonlyMap<string, Upstream> {
	const source = readVariable(env, 'RELAY_UPSTREAMS') ?? '';
	if (parsed?.source === source) return parsed.upstreams;
	const upstreams = new Map<string, Upstream>();
	const table = parseJson(source);
	if (isJsonObject(table)) {
		for (const [id, address] of Object.entries(table)) {
			const url = typeof address === 'string' ? URL.parse(address) : null;
			if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) continue;
			upstreams.set(id, { origin: url.origin, base: url.pathname.replace(/\/+$/, '') });
		}
	}
	parsed = { source, upstreams };
	return upstreams;
}

/** Where the operator sends the relay's own alerts: origin and base path. */
export function alertUpstream(env: EdgeEnv): string | undefined {
	const upstream = configuredUpstreams(env).get('alerts');
	return upstream === undefined ? undefined : upstream.origin + upstream.base;
}

/** Undefined: this path is not forwarded. */
export function relayTarget(
	env: EdgeEnv,
	request: {
		readonly id: string;
		readonly provider: RelayProvider;
		readonly path: string;
		readonly search: string;
	}
): string | undefined {
	const path = expandPath(env, request.id, request.path);
	if (!isPlainPath(path) || !allowsRelayPath(request.provider, path)) return undefined;
	const { origin, base } = configuredUpstreams(env).get(request.id) ?? {
		origin: request.provider.origin,
		base: ''
	};
	const address = `${origin}${base}${path === '' ? '/' : path}${request.search}`;
	// Belt and braces: whatever the parser makes of it must still be that origin and that very path.
	const url = URL.parse(address);
	if (url === null || url.origin !== origin || url.username !== '' || url.password !== '') return undefined;
	return url.pathname === `${base}${path === '' ? '/' : path}` ? address : undefined;
}

/** Accounts that the operator configured, so that clients need not know them. */
function expandPath(env: EdgeEnv, id: string, path: string): string {
	const account = readVariable(env, 'AI_GATEWAY_ACCOUNT');
	const gateway = readVariable(env, 'AI_GATEWAY_ID');
	if (id !== 'ai-gateway' || account === undefined || gateway === undefined) return path;
	if (path === '/universal') return `/v1/${account}/${gateway}`;
	return path.startsWith('/compat/') ? `/v1/${account}/${gateway}${path}` : path;
}

/**
 * No empty segment (`//host`), nothing encoded that would mean another path once decoded, and `@` only
 * where Workers AI's model names have it (`@cf/…`).
 */
export function isPlainPath(path: string): boolean {
	if (path === '' || path === '/') return true;
	if (!path.startsWith('/') || path.includes('//') || path.includes('\\')) return false;
	if (/%(?:2e|2f|5c|40|25|[01][0-9a-f]|7f)/i.test(path)) return false;
	return path.split('/').every((segment) => !segment.includes('@') || /^@(?:cf|hf)$/.test(segment));
}
