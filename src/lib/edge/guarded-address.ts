/** One hop's address against the guard's table, its name resolved first where this runtime does that (trust.md C8). */

import { AppError } from '../wire/errors';
import type { Caller } from './caller';
import { resolveByDoh } from './doh';
import { readVariable, type EdgeEnv } from './env';
import { checkUrl, isPublicAddress, type UrlPolicy, type UrlRefusal } from './ssrf';

export interface AddressPorts {
	readonly policy: UrlPolicy;
	/** All addresses of a name, or undefined where this runtime does not resolve beforehand. */
	readonly resolve?: (host: string, signal: AbortSignal) => Promise<readonly string[]>;
}

/** Throws AppError `fetch/…`, always with a reason in `data.code`. */
export async function admitAddress(address: string, ports: AddressPorts, signal: AbortSignal): Promise<URL> {
	const verdict = checkUrl(address, ports.policy);
	if (!verdict.ok) throw notAllowed(verdict.reason);
	if (ports.resolve !== undefined && !/^\[|^[\d.]+$/.test(verdict.url.hostname)) {
		const addresses = await ports.resolve(verdict.url.hostname, signal).catch((thrown: unknown) => {
			throw new AppError('fetch/failed', { data: { code: 'unresolved' }, cause: thrown });
		});
		if (addresses.length === 0) throw new AppError('fetch/failed', { data: { code: 'unresolved' } });
		if (!addresses.every(isPublicAddress)) throw notAllowed('private-address');
	}
	return verdict.url;
}

export function notAllowed(code: UrlRefusal): AppError {
	return new AppError('fetch/url-not-allowed', { data: { code } });
}

/** A deployed Worker asks a public resolver first; a local one only where it is told to. */
export function resolverFor(
	env: EdgeEnv,
	caller: Caller,
	send: (request: Request) => Promise<Response>
): AddressPorts['resolve'] {
	const configured =
		readVariable(env, 'FETCH_DOH') ?? (caller.isLoopback ? 'off' : 'https://cloudflare-dns.com/dns-query');
	if (configured === 'off') return undefined;
	return (host, signal) => resolveByDoh(configured, host, signal, send);
}
