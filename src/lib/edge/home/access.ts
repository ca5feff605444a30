/**
 * Cloudflare Access as the gate: with `CF_ACCESS_TEAM_DOMAIN` and `CF_ACCESS_AUD` set, whoever brings an
 * assertion that the team's keys have signed is known by their address. To administer the relay takes a
 * device of it all the same: who may pass Access is decided elsewhere.
 * https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json/
 */

import * as z from 'zod/mini';
import { AppError } from '../../wire/errors';
import { fromBase64Url } from '../../wire/device';
import { parseJson } from '../../wire/json';
import { readVariable, type EdgeEnv } from '../env';

export type AccessFetch = (request: Request) => Promise<Response>;

const jwks = z.object({
	keys: z.array(z.object({ kid: z.string(), kty: z.literal('RSA'), n: z.string(), e: z.string() }))
});
const head = z.object({ alg: z.literal('RS256'), kid: z.string() });
const claims = z.object({
	iss: z.string(),
	aud: z.union([z.string(), z.array(z.string())]),
	exp: z.number(),
	nbf: z.optional(z.number()),
	sub: z.string(),
	email: z.optional(z.string())
});

interface Access {
	readonly issuer: string;
	readonly audience: string;
}

export function accessOf(env: EdgeEnv): Access | undefined {
	const team = readVariable(env, 'CF_ACCESS_TEAM_DOMAIN');
	const audience = readVariable(env, 'CF_ACCESS_AUD');
	if (team === undefined || audience === undefined) return undefined;
	return { issuer: `https://${team.replace(/^https:\/\//, '').replace(/\/+$/, '')}`, audience };
}

/** Clocks differ. */
const skewSeconds = 60;

/** Who it is; undefined where nothing is configured or nothing was brought. Throws for what is not genuine. */
export async function readAccess(
	env: EdgeEnv,
	headers: Headers,
	send: AccessFetch = (request) => fetch(request)
): Promise<string | undefined> {
	const access = accessOf(env);
	const assertion = headers.get('cf-access-jwt-assertion');
	if (access === undefined || assertion === null) return undefined;
	const [first = '', second = '', third = ''] = assertion.split('.');
	const header = head.safeParse(parseJson(textOf(first)));
	const said = claims.safeParse(parseJson(textOf(second)));
	const signature = fromBase64Url(third);
	if (!header.success || !said.success || signature === undefined) throw forged();
	const key = await keyOf(access.issuer, header.data.kid, send);
	const signed = new TextEncoder().encode(`${first}.${second}`);
	if (key === undefined || !(await crypto.subtle.verify('RSASSA-PKCS1-v1_5', key, signature, signed)))
		throw forged();
	const { iss, aud, exp, nbf = 0, sub, email } = said.data;
	const now = Date.now() / 1000;
	const isForUs = iss === access.issuer && [aud].flat().includes(access.audience);
	if (!isForUs || exp + skewSeconds < now || nbf - skewSeconds > now) throw forged();
	return email ?? sub;
}

function forged(): AppError {
	return new AppError('relay/not-authorized', {
		message: 'Cloudflare Access did not vouch for this request.',
		data: { code: 'access' }
	});
}

function textOf(part: string): string {
	return new TextDecoder().decode(fromBase64Url(part) ?? new Uint8Array());
}

/** A team's keys change every six weeks; an unknown one is asked for at most once a minute. */
const keysLifeMs = 60 * 60_000;
const pauseMs = 60_000;
let kept:
	{ readonly issuer: string; readonly at: number; readonly keys: ReadonlyMap<string, CryptoKey> } | undefined;

async function keyOf(issuer: string, kid: string, send: AccessFetch): Promise<CryptoKey | undefined> {
	const age = kept?.issuer === issuer ? Date.now() - kept.at : Infinity;
	if (age < keysLifeMs && kept?.keys.has(kid) === true) return kept.keys.get(kid);
	if (age < pauseMs) return undefined;
	const answer = await send(new Request(`${issuer}/cdn-cgi/access/certs`));
	const parsed = jwks.safeParse(parseJson(await answer.text()));
	if (!parsed.success) return undefined;
	const keys = new Map<string, CryptoKey>();
	for (const { kid: id, kty, n, e } of parsed.data.keys) {
		const key = await crypto.subtle.importKey(
			'jwk',
			{ kty, n, e, alg: 'RS256', ext: true },
			{ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
			false,
			['verify']
		);
		keys.set(id, key);
	}
	kept = { issuer, at: Date.now(), keys };
	return keys.get(kid);
}
