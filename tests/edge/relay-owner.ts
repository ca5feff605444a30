/** A relay of one test's own, devices with real keys, and what they ask of it. */

import { env, runInDurableObject } from 'cloudflare:test';
import {
	fromBase64Url,
	keyParameters,
	kidOf,
	signParameters,
	toBase64Url,
	type DeviceAlgorithm
} from '../../src/lib/wire/device';
import type { EdgeEnv, ObjectNamespace } from '../../src/lib/edge/env';
import { answerHome } from '../../src/lib/edge/home/home-routes.server';
import { importTokenKey } from '../../src/lib/wire/relay-token';
import { authorizationHeader, hashBody, makeProof, type Signer } from '../../src/lib/wire/proof';

export const origin = 'https://relay.example.net';
export const claimCode = 'the-code-of-the-tests';

/** The object that another isolate would ask, under a name of this test. */
export function newRelay() {
	const name = crypto.randomUUID();
	const HOME: ObjectNamespace = { getByName: () => env.HOME.getByName(name) };
	return { ...env, HOME, homeName: name };
}

export async function newDevice(algorithm: DeviceAlgorithm = 'Ed25519'): Promise<Signer> {
	const pair = await crypto.subtle.generateKey(keyParameters(algorithm), false, ['sign', 'verify']);
	if (!('privateKey' in pair)) throw new Error('no pair');
	const exported = await crypto.subtle.exportKey('raw', pair.publicKey);
	if (!(exported instanceof ArrayBuffer)) throw new Error('not raw');
	const raw = new Uint8Array(exported);
	return {
		publicKey: { kid: await kidOf(algorithm, raw), algorithm, raw: toBase64Url(raw) },
		sign: async (bytes) =>
			new Uint8Array(await crypto.subtle.sign(signParameters(algorithm), pair.privateKey, bytes))
	};
}

export interface Asking {
	readonly device?: Signer;
	readonly method?: string;
	readonly body?: unknown;
	readonly headers?: Record<string, string>;
	readonly now?: number;
	readonly aud?: string;
	/** Signed instead of what is sent. */
	readonly signed?: { readonly method?: string; readonly target?: string; readonly body?: string };
	readonly address?: string;
}

export async function proofFor(path: string, asking: Asking): Promise<string> {
	const { device, method = 'GET', body, now = Date.now(), aud = origin, signed = {} } = asking;
	if (device === undefined) throw new Error('nobody signs');
	const text = body === undefined ? '' : JSON.stringify(body);
	const request = {
		method: signed.method ?? method,
		target: signed.target ?? path,
		bodyHash: await hashBody(signed.body ?? text),
		aud
	};
	return makeProof(device, request, { now, random: crypto.getRandomValues(new Uint8Array(16)) });
}

export async function requestFor(path: string, asking: Asking = {}): Promise<Request> {
	const { device, method = 'GET', body, headers = {}, address = '203.0.113.9' } = asking;
	return new Request(origin + path, {
		method,
		headers: {
			'x-wherry': '1',
			'cf-connecting-ip': address,
			...(body === undefined ? {} : { 'content-type': 'application/json' }),
			...(device === undefined ? {} : { [authorizationHeader]: await proofFor(path, asking) }),
			...headers
		},
		...(body === undefined ? {} : { body: JSON.stringify(body) })
	});
}

export async function ask(relay: EdgeEnv, path: string, asking: Asking = {}): Promise<Response> {
	const request = await requestFor(path, asking);
	return answerHome(request, relay, { url: new URL(request.url), log: () => {} });
}

export interface Said {
	readonly ok: boolean;
	readonly data?: unknown;
	readonly error?: { readonly id: string; readonly message: string; readonly data?: unknown };
}
export const say = async (response: Response): Promise<Said> => response.json();

export async function claim(
	relay: EdgeEnv,
	device: Signer,
	code = claimCode,
	address?: string
): Promise<Response> {
	return ask(relay, '/api/claim', {
		device,
		method: 'POST',
		body: { code, name: 'Laptop', key: device.publicKey },
		...(address === undefined ? {} : { address })
	});
}

/** A relay that somebody owns, and somebody whom they invited. */
export async function ownedRelay(relay = newRelay()): Promise<{
	relay: ReturnType<typeof newRelay>;
	owner: Signer;
	guest: Signer;
}> {
	const [owner, guest] = [await newDevice(), await newDevice('P-256')];
	const claimed = await claim(relay, owner);
	if (!claimed.ok) throw new Error(await claimed.text());
	const invited = await say(await ask(relay, '/api/invites', { device: owner, method: 'POST' }));
	const { data } = invited;
	const invite = typeof data === 'object' && data !== null && 'code' in data ? data.code : '';
	const joined = await ask(relay, '/api/devices', {
		device: guest,
		method: 'POST',
		body: { key: guest.publicKey, name: 'Friend', invite }
	});
	if (!joined.ok) throw new Error(await joined.text());
	return { relay, owner, guest };
}

export async function tokenOf(relay: EdgeEnv, device: Signer): Promise<string> {
	const { data } = await say(await ask(relay, '/api/token', { device, method: 'POST' }));
	if (typeof data !== 'object' || data === null || !('token' in data)) throw new Error('no token');
	return String(data.token);
}

/** The object itself, to look into. */
export function homeOf({ homeName }: { readonly homeName: string }): DurableObjectStub {
	return env.HOME.get(env.HOME.idFromName(homeName));
}

/** What the relay signs its tokens with: to make one that it never would. */
export async function tokenKeyOf({ homeName }: { readonly homeName: string }): Promise<CryptoKey> {
	const stored = await runInDurableObject(
		homeOf({ homeName }),
		(_, { storage }) => [...storage.sql.exec("SELECT value FROM facts WHERE name = 'tokenKey'")][0]?.['value']
	);
	const bytes = fromBase64Url(String(stored));
	if (bytes === undefined) throw new Error('no key');
	return importTokenKey(bytes);
}
