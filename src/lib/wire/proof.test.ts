import { describe, expect, test } from 'vitest';
import { keyParameters, kidOf, signParameters, toBase64Url, type DeviceAlgorithm } from './device';
import { hashBody, makeProof, parseProof, verifyProof, type Signer } from './proof';
import { importTokenKey, makeToken, readToken, tokenOfProtocols } from './relay-token';
import { covers } from './relay';

const now = 1_700_000_000_000;
const random = new Uint8Array(16).fill(7);

async function signer(algorithm: DeviceAlgorithm): Promise<Signer> {
	const pair = await crypto.subtle.generateKey(keyParameters(algorithm), false, ['sign', 'verify']);
	if (!('privateKey' in pair)) throw new Error('no pair');
	const raw = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
	return {
		publicKey: { kid: await kidOf(algorithm, raw), algorithm, raw: toBase64Url(raw) },
		sign: async (bytes) =>
			new Uint8Array(await crypto.subtle.sign(signParameters(algorithm), pair.privateKey, bytes))
	};
}
const request = async () => ({
	method: 'POST',
	target: '/api/fetch?a=b',
	bodyHash: await hashBody('{"a":1}'),
	aud: 'https://relay.example'
});

describe('a proof', () => {
	test.each(['Ed25519', 'P-256'] as const)('by %s holds for its request and no other', async (algorithm) => {
		const device = await signer(algorithm);
		const asked = await request();
		const header = await makeProof(device, asked, { now, random });
		const proof = parseProof(header);
		if (proof === undefined) throw new Error(header);
		const by = device.publicKey;
		expect(await verifyProof(proof, by, asked, now)).toBe(true);
		expect(await verifyProof(proof, by, asked, now + 300_000)).toBe(true);
		expect(await verifyProof(proof, by, asked, now + 301_000)).toBe(false);
		expect(await verifyProof(proof, by, asked, now - 301_000)).toBe(false);
		const others = [
			{ ...asked, method: 'PUT' },
			{ ...asked, target: '/api/fetch?a=c' },
			{ ...asked, bodyHash: await hashBody('{"a":2}') },
			{ ...asked, aud: 'https://other.example' }
		];
		for (const other of others) expect(await verifyProof(proof, by, other, now)).toBe(false);
		const nonce = toBase64Url(new Uint8Array(16));
		expect(await verifyProof({ ...proof, nonce }, by, asked, now)).toBe(false);
		expect(await verifyProof(proof, (await signer(algorithm)).publicKey, asked, now)).toBe(false);
	});

	test('of which any character is another is none', async () => {
		const device = await signer('Ed25519');
		const asked = await request();
		const header = await makeProof(device, asked, { now, random });
		for (let at = 0; at < header.length; at++) {
			const changed = header.slice(0, at) + (header[at] === 'A' ? 'B' : 'A') + header.slice(at + 1);
			const proof = parseProof(changed);
			// The last character of 64 or 16 bytes in base64url has bits that no byte holds.
			if (proof === undefined || changed.length - at === 1) continue;
			expect(await verifyProof(proof, device.publicKey, asked, now), changed).toBe(false);
		}
	});

	test('cannot be made of parts that could be cut otherwise', async () => {
		const device = await signer('Ed25519');
		const asked = { ...(await request()), target: '/a\nb' };
		await expect(makeProof(device, asked, { now, random })).rejects.toThrow();
	});
});

describe('a token', () => {
	const claims = { dev: 'd', scope: ['fetch'], aud: 'https://relay.example', exp: now + 1000, jti: 'j' };
	const at = { now, aud: claims.aud };

	test('holds until its end, at its relay, under its key, unaltered', async () => {
		const key = await importTokenKey(new Uint8Array(32).fill(1));
		const token = await makeToken(key, claims);
		expect(await readToken(key, token, at)).toEqual(claims);
		expect(await readToken(key, token, { ...at, now: now + 1000 })).toBeUndefined();
		expect(await readToken(key, token, { ...at, aud: 'https://other.example' })).toBeUndefined();
		expect(await readToken(await importTokenKey(new Uint8Array(32)), token, at)).toBeUndefined();
		for (let i = 0; i < token.length - 1; i++) {
			const changed = token.slice(0, i) + (token[i] === 'A' ? 'B' : 'A') + token.slice(i + 1);
			expect(await readToken(key, changed, at), changed).toBeUndefined();
		}
		for (const bad of ['', '.', 'w1.', `${token}.x`, 'w1.e30.AAAA'])
			expect(await readToken(key, bad, at)).toBeUndefined();
	});

	test('is found among a WebSocket’s subprotocols', () => {
		expect(tokenOfProtocols('wherry, wherry-token.w1.a.b')).toBe('w1.a.b');
		expect(tokenOfProtocols('wherry')).toBeUndefined();
		expect(tokenOfProtocols(null)).toBeUndefined();
	});
});

test('a scope covers itself and what stands under it', () => {
	expect(covers(['provider.use'], 'provider.use:openai')).toBe(true);
	expect(covers(['provider.use:openai'], 'provider.use:openai')).toBe(true);
	expect(covers(['provider.use:openai'], 'provider.use:groq')).toBe(false);
	expect(covers(['provider.use:openai'], 'provider.use')).toBe(false);
	expect(covers(['admin'], 'fetch')).toBe(false);
});
