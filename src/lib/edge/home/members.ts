/**
 * Who somebody is that asks a relay: a device by its signature or its token, or whom Cloudflare Access let
 * through; and how often they may ask, and fail.
 */

import { fromBase64Url, toBase64Url, type DevicePublicKey } from '../../wire/device';
import { AppError } from '../../wire/errors';
import { verifyProof } from '../../wire/proof';
import { covers, guestScopes } from '../../wire/relay';
import { importTokenKey, readToken } from '../../wire/relay-token';
import { createBuckets, type BucketKind } from './buckets';
import { localMember } from './mcp-servers';
import type { KnownDevice, Registry } from './registry';
import type { Who } from './verbs';

export type Member = Pick<KnownDevice, 'kid' | 'home' | 'scopes'>;

interface MemberPorts {
	readonly now: () => number;
	readonly random: (length: number) => Uint8Array<ArrayBuffer>;
}

const seenEveryMs = 60_000;

export const notAdmitted =
	'This relay has an owner, and this device is not admitted. Ask for an invitation, or call the provider directly with a key of your own.';

export type Members = ReturnType<typeof createMembers>;

export function createMembers(registry: Registry, ports: MemberPorts) {
	const buckets = createBuckets();
	let tokenKey: Promise<CryptoKey> | undefined;

	function openTokenKey(): Promise<CryptoKey> {
		tokenKey ??= importTokenKey(
			fromBase64Url(registry.kept('tokenKey', () => toBase64Url(ports.random(32)))) ?? ports.random(32)
		);
		return tokenKey;
	}

	function lookForFailures(who: Who): void {
		const early = buckets.look('failure', who.address, ports.now());
		if (early !== undefined) throw tooMany(early.retryAfter);
	}
	function limit(kind: BucketKind, principal: string): void {
		const refusal = buckets.take(kind, principal, ports.now());
		if (refusal !== undefined) throw tooMany(refusal.retryAfter);
	}
	/** Each failure is counted against the address: guessing is slow. */
	function refuse(who: Who, code: string, message = notAdmitted): AppError {
		const refusal = buckets.take('failure', who.address, ports.now());
		return refusal === undefined
			? new AppError('relay/not-authorized', { message, data: { code } })
			: tooMany(refusal.retryAfter);
	}

	async function checkProof(who: Who, key: DevicePublicKey): Promise<void> {
		const { proof } = who;
		lookForFailures(who);
		if (proof === undefined) throw refuse(who, 'no-proof');
		if (!(await verifyProof(proof, key, who.request, ports.now()))) throw refuse(who, 'bad-proof');
		if (!registry.takeNonce(`${proof.kid} ${proof.nonce}`, ports.now())) throw refuse(who, 'replayed');
	}

	async function identify(who: Who): Promise<Member> {
		lookForFailures(who);
		if (who.local === true && registry.value('claimed') === undefined) return localMember;
		if (who.access !== undefined) {
			const id = `access:${who.access}`;
			return { kid: id, home: id, scopes: guestScopes };
		}
		let kid: string;
		let granted: readonly string[] | undefined;
		if (who.proof !== undefined) {
			const asked = registry.device(who.proof.kid);
			if (asked === undefined) throw refuse(who, 'unknown-device');
			await checkProof(who, asked.key);
			kid = asked.kid;
		} else {
			if (who.token === undefined) throw refuse(who, 'no-credential');
			const at = { now: ports.now(), aud: who.request.aud };
			const claims = await readToken(await openTokenKey(), who.token, at);
			if (claims === undefined) throw refuse(who, 'bad-token');
			kid = claims.dev;
			granted = claims.scope;
		}
		// Read after the last await: a revocation counts from that moment on.
		const device = registry.device(kid);
		if (device === undefined || device.isRevoked) throw refuse(who, 'revoked');
		const now = ports.now();
		if (now - device.lastSeen > seenEveryMs) registry.seen(kid, now);
		const { home, scopes } = device;
		return {
			kid,
			home,
			scopes: granted === undefined ? scopes : scopes.filter((one) => granted.includes(one))
		};
	}

	/** What changes who may do what is asked by a fresh signature: a token may be anywhere by now. */
	async function admin(who: Who): Promise<Member> {
		const member = await bySignature(who);
		if (!covers(member.scopes, 'admin')) throw new AppError('relay/scope-missing');
		limit('own', member.kid);
		return member;
	}

	function bySignature(who: Who): Promise<Member> {
		return identify({ ...who, token: undefined, access: undefined, local: undefined });
	}

	/** A device by its signature, or somebody at this machine while there are no devices. */
	function inPerson(who: Who): Promise<Member> {
		return identify({ ...who, token: undefined, access: undefined });
	}

	return { identify, admin, bySignature, inPerson, checkProof, refuse, limit, tokenKey: openTokenKey };
}

function tooMany(retryAfter: number): AppError {
	return new AppError('relay/rate-limited', { data: { retryAfter } });
}
