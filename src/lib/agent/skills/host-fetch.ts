/**
 * The only network a plugin has: https, to the hosts that it declared, and no further. A
 * redirect to another host is refused, because following it would reach somebody that nobody
 * was asked about. (`*` is for actions whose destinations the gate judges one by one.)
 */

import { AppError } from '../../wire/errors';
import type { FetchPort } from '../ports';

const maximumRedirects = 5;
const maximumUrlLength = 2048;

export interface HostFetchOptions {
	readonly hosts: readonly string[];
	readonly fetch: FetchPort;
	readonly signal: AbortSignal;
}

export function createHostFetch({ hosts, fetch, signal }: HostFetchOptions): FetchPort {
	return async (request) => {
		assertAllowed(request.url, hosts);
		// `manual` in a browser hides where to; elsewhere the same host may redirect within itself.
		let next = new Request(request, {
			redirect: 'manual',
			signal: AbortSignal.any([signal, request.signal])
		});
		for (let hops = 0; hops <= maximumRedirects; hops++) {
			const { url, method } = next;
			const response = await fetch(next);
			if (response.type === 'opaqueredirect') throw redirected(url);
			const location =
				response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
			if (location === null) return response;
			await response.body?.cancel();
			const target = URL.parse(location, url);
			if (target === null || target.host !== new URL(url).host || (method !== 'GET' && method !== 'HEAD')) {
				throw redirected(url);
			}
			assertAllowed(target.href, hosts);
			next = new Request(target.href, {
				method,
				headers: next.headers,
				redirect: 'manual',
				signal: next.signal
			});
		}
		throw new AppError('fetch/too-many-redirects');
	};
}

function redirected(url: string): AppError {
	return new AppError('fetch/url-not-allowed', {
		message: `${new URL(url).host} redirects elsewhere, which is not followed.`,
		data: { reason: 'redirect' }
	});
}

/** Throws `fetch/url-not-allowed` with the reason. */
export function assertAllowed(address: string, hosts: readonly string[]): void {
	const reason = refusal(address, hosts);
	if (reason !== undefined) throw new AppError('fetch/url-not-allowed', { data: { reason } });
}

function refusal(address: string, hosts: readonly string[]): string | undefined {
	const url = address.length > maximumUrlLength ? null : URL.parse(address);
	if (url === null) return 'unreadable';
	if (url.protocol !== 'https:') return 'not-https';
	if (url.username !== '' || url.password !== '') return 'credentials';
	if (hosts.includes(url.host)) return undefined;
	if (!hosts.includes('*')) return 'host-not-declared';
	return isPublicName(url) ? undefined : 'not-public';
}

/**
 * A first filter by name, for `*`. What an address resolves to is for the relay's guard and the
 * browser's local-network rules: here nothing can be resolved.
 */
function isPublicName({ hostname, port }: URL): boolean {
	if (port !== '' && port !== '8443') return false;
	if (!hostname.includes('.') || hostname.endsWith('.') || hostname.startsWith('[')) return false;
	if (/^[\d.]+$/.test(hostname)) return false;
	return !/(?:^|\.)(?:localhost|local|internal|lan|home\.arpa|test|invalid)$|^metadata\./.test(hostname);
}
