/**
 * Who may use this relay: its one claim, its devices, what they may do and spend. Every decision is made
 * here, by one object a relay; nothing of HTTP, and no Durable Object (`home.server.ts` is the shell).
 *
 * Verifying is asynchronous, deciding is not: between the last read and the write there is no await, so
 * that of a hundred claims one wins, and a nonce is taken once.
 */

import { kidOf, fromBase64Url, toBase64Url, type DevicePublicKey } from '../../wire/device';
import { AppError } from '../../wire/errors';
import { parseJson, type Json } from '../../wire/json';
import { hashBody } from '../../wire/proof';
import {
	claimRequest,
	covers,
	defaultRules,
	deviceRequest,
	guestScopes,
	ownerScopes,
	relayRules,
	secretRequest,
	type RelayRules
} from '../../wire/relay';
import { makeToken, tokenLifeMs } from '../../wire/relay-token';
import type { SqlStorage } from '../hub/sql';
import { alertWindowMinutes, createCounters, isFailing, type Counters } from './counters';
import { createIdempotency, type Begun } from './idempotency';
import { createAdmit } from './admit';
import { createMcpServers, serverVerbs } from './mcp-servers';
import { createMembers } from './members';
import { createPasskeys } from './passkeys';
import { createRegistry, type KnownDevice } from './registry';
import type { KeySeal } from './seal-key';
import { createSpending } from './spending';
import { createTransfer } from './transfer';
import { giveBackInput, idempotencyInput, parse, settleInput, type HomeState, type Who } from './verbs';

export interface HomePorts {
	readonly now: () => number;
	readonly random: (length: number) => Uint8Array<ArrayBuffer>;
	/** The operator's own code; without it one is made. */
	readonly claimCode: string | undefined;
	readonly seal: KeySeal | undefined;
	/** Passkeys are not asked for, whatever there is. */
	readonly isPasskeyOff: boolean;
	/** Where the operator reads the one that was made, and nobody else. */
	readonly announceCode: (code: string) => void;
}

type Verb = (who: Who, input: unknown) => Promise<unknown>;

export interface RelayHome {
	state(): HomeState;
	readonly verbs: Readonly<Record<string, Verb>>;
	readonly counters: Counters;
	rules(): RelayRules;
}

const inviteLifeMs = 7 * 86_400_000;

export function createRelayHome(sql: SqlStorage, ports: HomePorts): RelayHome {
	const registry = createRegistry(sql);
	const spending = createSpending(sql);
	const idempotency = createIdempotency(sql);
	const counters = createCounters(sql);
	const servers = createMcpServers(sql);
	const transfer = createTransfer(sql);
	let announced = false;

	const members = createMembers(registry, ports);
	const { identify, admin, bySignature, inPerson, checkProof, refuse, limit, tokenKey } = members;

	const passkeys = createPasskeys(sql, members, {
		now: ports.now,
		isOff: ports.isPasskeyOff,
		takeNonce: registry.takeNonce
	});
	const { confirmed } = passkeys;

	const isClaimed = (): boolean => registry.value('claimed') !== undefined;
	const secret = (): string => toBase64Url(ports.random(16));

	function rules(): RelayRules {
		const parsed = relayRules.safeParse(parseJson(registry.value('rules') ?? ''));
		return parsed.success ? parsed.data : defaultRules;
	}
	function claimCode(): string {
		return ports.claimCode ?? registry.kept('claimCode', secret);
	}

	async function claim(who: Who, input: unknown): Promise<Json> {
		const { code, name, key } = parse(claimRequest, input);
		if (isClaimed()) throw new AppError('relay/already-claimed');
		limit('claim', who.address);
		if ((await hashBody(code.trim())) !== (await hashBody(claimCode())))
			throw new AppError('relay/wrong-code');
		await checkKid(key);
		await checkProof(who, key);
		if (isClaimed()) throw new AppError('relay/already-claimed');
		registry.setValue('claimed', key.kid);
		registry.setValue('claimCode', undefined);
		servers.adopt(key.kid);
		return addDevice(key, { name, home: secret(), scopes: ownerScopes });
	}

	function addDevice(key: DevicePublicKey, of: Pick<KnownDevice, 'name' | 'home' | 'scopes'>): Json {
		const addedAt = ports.now();
		registry.add({ ...of, kid: key.kid, key, addedAt, lastSeen: addedAt, isRevoked: false });
		return { kid: key.kid, home: of.home, scopes: [...of.scopes] };
	}

	async function join(who: Who, input: unknown): Promise<Json> {
		const { key, name, invite, scopes } = parse(deviceRequest, input);
		await checkKid(key);
		const known = registry.device(key.kid);
		if (invite === undefined) {
			const { home } = await confirmed(who);
			return addDevice(key, { name, home: known?.home ?? home, scopes: scopes ?? guestScopes });
		}
		if (!isClaimed() || rules().admission === 'closed') throw refuse(who, 'closed');
		if (known !== undefined) throw refuse(who, known.isRevoked ? 'revoked' : 'known');
		await checkProof(who, key);
		const hash = await hashBody(invite.trim());
		if (!registry.takeInvite(hash, ports.now())) {
			refuse(who, 'invitation');
			throw new AppError('relay/wrong-code');
		}
		return addDevice(key, { name, home: secret(), scopes: guestScopes });
	}

	async function revoke(who: Who, input: unknown): Promise<null> {
		const kid = typeof input === 'string' ? input : '';
		const member = await bySignature(who);
		if (member.kid !== kid && !covers(member.scopes, 'admin')) throw new AppError('relay/scope-missing');
		const device = registry.device(kid);
		if (device === undefined) throw new AppError('http/not-found');
		const isLast =
			device.scopes.includes('admin') &&
			!registry
				.devices()
				.some((other) => other.kid !== kid && !other.isRevoked && other.scopes.includes('admin'));
		if (isLast) {
			const message = 'The last device that manages this relay cannot be removed.';
			throw new AppError('input/invalid', { message });
		}
		registry.revoke(kid);
		return null;
	}

	async function makeInvite(): Promise<Json> {
		if (rules().admission === 'closed') {
			throw new AppError('input/invalid', { message: 'This relay is closed to others: open it first.' });
		}
		const code = secret();
		const expiresAt = ports.now() + inviteLifeMs;
		registry.addInvite(await hashBody(code), expiresAt);
		return { code, expiresAt };
	}

	async function token(who: Who): Promise<Json> {
		const { kid, scopes } = await bySignature(who);
		limit('own', kid);
		// What administers is never in a token.
		const scope = scopes.filter((one) => one !== 'admin');
		const exp = ports.now() + tokenLifeMs;
		const claims = { dev: kid, scope, aud: who.request.aud, exp, jti: secret() };
		return { token: await makeToken(await tokenKey(), claims), expiresAt: exp, scopes: [...scopes] };
	}

	async function setSecret(who: Who, input: unknown): Promise<null> {
		await confirmed(who);
		const { provider, key } = parse(secretRequest, input);
		if (ports.seal === undefined) throw new AppError('relay/no-secret');
		registry.setSecret(provider, await ports.seal.seal(provider, key));
		return null;
	}

	const verbs: Record<string, Verb> = {
		claim,
		admit: createAdmit({
			members,
			confirmed,
			registry,
			servers,
			transfer,
			spending,
			rules,
			seal: ports.seal,
			now: ports.now
		}),
		token,
		join,
		revoke,
		async devices(who) {
			const member = await identify(who);
			limit('own', member.kid);
			const isAdmin = covers(member.scopes, 'admin') || registry.device(member.kid)?.scopes.includes('admin');
			return registry
				.devices()
				.filter(({ home }) => isAdmin === true || home === member.home)
				.map(({ key: _key, ...shown }) => shown);
		},
		async invite(who) {
			await confirmed(who);
			return makeInvite();
		},
		// For the front, which has admitted who asks.
		makeInvite: () => makeInvite(),
		async secrets(who) {
			await admin(who);
			return { canKeep: ports.seal !== undefined, providers: registry.secrets() };
		},
		setSecret,
		async removeSecret(who, input) {
			await confirmed(who);
			registry.setSecret(String(input), undefined);
			return null;
		},
		async rules(who) {
			await admin(who);
			return rules();
		},
		async setRules(who, input) {
			await confirmed(who);
			const next = parse(relayRules, input);
			registry.setValue('rules', JSON.stringify(next));
			return next;
		},
		async metrics(who) {
			await admin(who);
			const now = ports.now();
			const recent = counters.sum(alertWindowMinutes, now);
			return {
				lastMinutes: recent,
				lastHour: counters.sum(60, now),
				lastDay: counters.sum(24 * 60, now),
				isFailing: isFailing(recent),
				spentToday: spending.today(now)
			};
		},
		...passkeys.verbs,
		...serverVerbs(servers, { inPerson, limit, grant: registry.grant }),
		giveBack(_, input) {
			const { principal, bytes, reservedAt } = parse(giveBackInput, input);
			transfer.giveBack(principal, bytes, reservedAt);
			return Promise.resolve(null);
		},
		settle(_, input) {
			const { home, at, reserved, spent } = parse(settleInput, input);
			spending.settle(home, reserved, spent, at);
			return Promise.resolve(null);
		},
		begin(_, input): Promise<Begun> {
			const { key, bodyHash = '' } = parse(idempotencyInput, input);
			return Promise.resolve(idempotency.begin(key, bodyHash, ports.now()));
		},
		end(_, input) {
			const { key, answer } = parse(idempotencyInput, input);
			if (answer === undefined) idempotency.forget(key);
			else idempotency.end(key, answer);
			return Promise.resolve(null);
		}
	};

	return {
		verbs,
		counters,
		rules,
		state() {
			if (ports.claimCode === undefined && !isClaimed() && !announced) {
				announced = true;
				ports.announceCode(claimCode());
			}
			const { admission, tokensPerDay, microDollarsPerDay } = rules();
			return {
				isClaimed: isClaimed(),
				admission,
				isCapped: tokensPerDay !== null || microDollarsPerDay !== null,
				salt: registry.kept('counterSalt', secret),
				secrets: registry.secrets()
			};
		}
	};
}

/** Nobody brings another device's name for a key of their own. */
async function checkKid(key: DevicePublicKey): Promise<void> {
	const raw = fromBase64Url(key.raw);
	if (raw === undefined || (await kidOf(key.algorithm, raw)) !== key.kid) throw new AppError('input/invalid');
}
