/**
 * Which headers cross the relay. Unknown ones do, untouched: providers add beta headers every month.
 * What stays behind is what says who and where the caller is, what belongs to one connection, and
 * every credential but the provider's own.
 */

import type { RelayProvider } from '../wire/providers';

/** RFC 9110 §7.6.1, and what a runtime sets by itself. */
const perConnection = [
	'connection',
	'keep-alive',
	'proxy-authenticate',
	'proxy-authorization',
	'proxy-connection',
	'te',
	'trailer',
	'transfer-encoding',
	'upgrade',
	'expect',
	'content-length',
	'host'
];
const droppedUpstream = new Set([
	...perConnection,
	'cookie',
	'cookie2',
	'origin',
	'referer',
	'forwarded',
	'via',
	'true-client-ip',
	'x-real-ip',
	'x-client-ip',
	'x-cluster-client-ip',
	'cdn-loop',
	'dnt',
	'access-control-request-method',
	'access-control-request-headers',
	'access-control-request-private-network',
	'upgrade-insecure-requests',
	// Ours to choose: see cleanUpstream.
	'accept-encoding'
]);
const droppedUpstreamPrefixes = ['cf-', 'x-forwarded-', 'sec-', 'x-wherry-', 'mf-'];
const credentials = new Set([
	'authorization',
	'x-api-key',
	'api-key',
	'x-goog-api-key',
	'cf-aig-authorization',
	'x-auth-key',
	'x-auth-email'
]);

/** Leaves in a copy of the caller's headers what goes to the provider. */
export function cleanUpstream(headers: Headers, provider: RelayProvider): void {
	const isDropped = (name: string): boolean => {
		if (droppedUpstream.has(name)) return true;
		if (credentials.has(name) && !provider.authHeaders.includes(name)) return true;
		// AI Gateway's options are `cf-aig-*`: the one family of cf- headers that is for the provider.
		const isGatewayOption =
			name.startsWith('cf-aig-') && provider.authHeaders.includes('cf-aig-authorization');
		return !isGatewayOption && droppedUpstreamPrefixes.some((prefix) => name.startsWith(prefix));
	};
	drop(headers, isDropped);
	// A compressed event stream arrives in lumps, and the runtime overwrites what the client said anyway.
	headers.set('accept-encoding', 'identity');
}

const droppedDownstream = new Set([
	...perConnection.filter((name) => name !== 'content-length'),
	'set-cookie',
	'set-cookie2',
	'alt-svc',
	'clear-site-data',
	'content-security-policy',
	'content-security-policy-report-only',
	'cross-origin-embedder-policy',
	'cross-origin-opener-policy',
	'cross-origin-resource-policy',
	'feature-policy',
	'link',
	'location',
	'nel',
	'origin-agent-cluster',
	'origin-trial',
	'permissions-policy',
	'public-key-pins',
	'refresh',
	'report-to',
	'reporting-endpoints',
	'service-worker-allowed',
	'set-login',
	'sourcemap',
	'x-sourcemap',
	'speculation-rules',
	'strict-transport-security',
	'timing-allow-origin',
	'vary',
	// With `Basic` it would open the browser's own password dialog on our origin.
	'www-authenticate',
	'x-frame-options'
]);

const droppedDownstreamPrefixes = ['x-wherry-', 'access-control-', 'cf-'];

/** Leaves in a copy of the headers of a provider or a fetched page what goes back to the caller. */
export function cleanDownstream(headers: Headers): void {
	drop(
		headers,
		(name) =>
			droppedDownstream.has(name) ||
			// Whether AI Gateway answered from its cache, and which of several providers did.
			(!name.startsWith('cf-aig-') && droppedDownstreamPrefixes.some((prefix) => name.startsWith(prefix)))
	);
}

/**
 * In place: the runtime copies a whole request or answer in a third of the time that its headers take one by
 * one. Found first and taken out then, because what is being iterated must not change.
 */
function drop(headers: Headers, isDropped: (name: string) => boolean): void {
	const named = connectionNames(headers);
	const names: string[] = [];
	// `forEach`: each step of an iterator is a call into the runtime by itself.
	headers.forEach((_, name) => {
		if (named.has(name) || isDropped(name)) names.push(name);
	});
	for (const name of names) headers.delete(name);
}

/** Headers that `Connection` names are per connection too. */
function connectionNames(headers: Headers): ReadonlySet<string> {
	const value = headers.get('connection');
	if (value === null) return none;
	return new Set(value.split(',').map((name) => name.trim().toLowerCase()));
}
const none: ReadonlySet<string> = new Set();
