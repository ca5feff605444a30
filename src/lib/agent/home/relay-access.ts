/**
 * This device at its relay: requests of its own, signed, and the token that every request to a provider
 * or page carries once the device is admitted. A chunk of its own: an unclaimed relay asks for neither.
 */

import { toAppError, AppError, isErrorId } from '../../wire/errors';
import { isJsonObject, parseJson, type Json } from '../../wire/json';
import { toBase64Url } from '../../wire/device';
import {
	passkeyChallenge,
	passkeyHeader,
	type PasskeyAssertion,
	type PasskeyQuestion
} from '../../wire/passkey';
import { authorizationHeader, hashBody, makeProof, type Signer } from '../../wire/proof';
import { relayToken, type RelayDevice } from '../../wire/relay';
import type { AgentPorts, NetworkPort } from '../ports';
import { epochOf } from '../storage/rules';
import type { Store } from '../storage/store';
import { openDeviceKey } from './device-key';
import { admittedRow } from './admitted';

export interface RelayAccess {
	/** `data` of one of the relay's own endpoints, asked with a fresh signature. Throws what it says. */
	ask(method: string, target: string, body?: Json, passkey?: PasskeyAssertion): Promise<Json>;
	/** What a passkey has to say yes to before that request is sent again with its word. */
	question(method: string, target: string, body?: Json): Promise<Omit<PasskeyQuestion, 'ids'>>;
	/** A request of the agent's, with this device's token. Without one where the relay gives none: then it says why. */
	readonly fetch: NetworkPort;
	readonly publicKey: () => Promise<Signer['publicKey']>;
	/** From now on requests carry a token. */
	admitted(device: Pick<RelayDevice, 'kid'>): Promise<void>;
}

export interface RelayAccessParts {
	readonly store: Store;
	readonly ports: Pick<AgentPorts, 'clock' | 'random' | 'fetch'>;
	readonly origin: string;
}

/** A minute before its end a new one is asked for; a minute later where the relay was not reached. */
const marginMs = 60_000;
/** Who was refused does not ask all the time: failures of one address are counted. */
const refusedMs = 10 * 60_000;
const clockErrorMs = 30_000;

export function createRelayAccess({ store, ports, origin }: RelayAccessParts): RelayAccess {
	const { clock, random, fetch } = ports;
	let signer: Promise<Signer> | undefined;
	let token: Promise<string | undefined> | undefined;
	let renewAt = 0;
	/** How far this device's clock is from the relay's. */
	let offset = 0;

	const device = (): Promise<Signer> => {
		signer ??= openDeviceKey(store);
		return signer;
	};

	async function send(
		method: string,
		target: string,
		body: string | undefined,
		passkey: PasskeyAssertion | undefined
	): Promise<Response> {
		const proof = await makeProof(
			await device(),
			{ method, target, bodyHash: await hashBody(body ?? ''), aud: origin },
			{ now: clock.now() + offset, random: random.bytes(16) }
		);
		const headers = {
			'x-wherry': '1',
			[authorizationHeader]: proof,
			...(passkey === undefined ? {} : { [passkeyHeader]: JSON.stringify(passkey) }),
			...(body === undefined ? {} : { 'content-type': 'application/json' })
		};
		return fetch(origin + target, { method, headers, ...(body === undefined ? {} : { body }) });
	}

	async function ask(method: string, target: string, body?: Json, passkey?: PasskeyAssertion): Promise<Json> {
		const text = body === undefined ? undefined : JSON.stringify(body);
		let answer = await send(method, target, text, passkey);
		const ahead = Date.parse(answer.headers.get('date') ?? '') - (clock.now() + offset);
		if (answer.status === 401 && Math.abs(ahead) > clockErrorMs) {
			// A proof is good for minutes, and many a clock is wrong by more.
			offset += ahead;
			answer = await send(method, target, text, passkey);
		}
		const said = parseJson(await answer.text());
		if (isJsonObject(said) && said['ok'] === true) return said['data'] ?? null;
		const error = isJsonObject(said) ? said['error'] : undefined;
		if (isJsonObject(error) && isErrorId(error['id']))
			throw new AppError(error['id'], {
				message: String(error['message']),
				...(error['data'] === undefined ? {} : { data: error['data'] })
			});
		throw new AppError('relay/upstream-unreachable');
	}

	async function newToken(): Promise<string | undefined> {
		try {
			const given = relayToken.safeParse(await ask('POST', '/api/token'));
			if (!given.success) return undefined;
			// By how long it lasts, not until when: the clocks differ.
			renewAt = clock.now() + given.data.expiresAt - (clock.now() + offset) - marginMs;
			return given.data.token;
		} catch (thrown) {
			// Revoked, perhaps, or not reached: the request itself will say so in its own words.
			if (toAppError(thrown).id === 'relay/not-authorized') renewAt = clock.now() + refusedMs;
			return undefined;
		}
	}

	function currentToken(): Promise<string | undefined> {
		if (token === undefined || clock.now() >= renewAt) {
			renewAt = clock.now() + marginMs;
			token = newToken();
		}
		return token;
	}

	return {
		ask,
		async question(method, target, body) {
			const text = body === undefined ? '' : JSON.stringify(body);
			const ts = Math.floor((clock.now() + offset) / 1000);
			const nonce = toBase64Url(random.bytes(16));
			const request = { method, target, bodyHash: await hashBody(text), aud: origin };
			return { challenge: await passkeyChallenge(request, { ts, nonce }), ts, nonce };
		},
		publicKey: async () => (await device()).publicKey,
		async fetch(to, init) {
			const current = await currentToken();
			if (current === undefined) return fetch(to, init);
			const headers = new Headers(typeof to === 'string' ? init?.headers : to.headers);
			headers.set(authorizationHeader, `Bearer ${current}`);
			const answer = await (typeof to === 'string'
				? fetch(to, { ...init, headers })
				: fetch(new Request(to, { headers }), init));
			const refused = answer.headers.get('x-wherry-error');
			// What it may do has changed, perhaps: the next one says so.
			if (refused === 'relay/not-authorized' || refused === 'relay/scope-missing') token = undefined;
			return answer;
		},
		async admitted({ kid }) {
			token = undefined;
			await store.commit({
				epoch: epochOf(await store.get('meta', 'epoch')),
				put: [{ table: 'vault', key: admittedRow, row: { v: 1, kid } }]
			});
		}
	};
}
