/**
 * Provider keys that a relay holds, sealed at rest: AES-256-GCM under a key derived from the Worker's own
 * secret, bound to the provider. Whoever copies the object's storage has nothing.
 */

import { joinBytes, utf8 } from '../../wire/bytes';

export interface KeySeal {
	seal(provider: string, key: string): Promise<Uint8Array<ArrayBuffer>>;
	/** Undefined where it was sealed with another secret, or for another provider. */
	open(provider: string, sealed: Uint8Array<ArrayBuffer>): Promise<string | undefined>;
}

const ivBytes = 12;
/** Less is no secret but a password. */
const minimumCharacters = 32;

/** Undefined where the secret is missing or too short to be one. */
export function createKeySeal(secret: string | undefined): KeySeal | undefined {
	if (secret === undefined || secret.length < minimumCharacters) return undefined;
	const key = derive(secret);
	const parameters = (provider: string, iv: Uint8Array<ArrayBuffer>) => ({
		name: 'AES-GCM',
		iv,
		additionalData: utf8(`wherry-relay-key/v1|${provider}`)
	});
	return {
		async seal(provider, plain) {
			const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
			const sealed = await crypto.subtle.encrypt(parameters(provider, iv), await key, utf8(plain));
			return joinBytes([iv, new Uint8Array(sealed)]);
		},
		async open(provider, sealed) {
			try {
				const iv = sealed.slice(0, ivBytes);
				const plain = await crypto.subtle.decrypt(parameters(provider, iv), await key, sealed.slice(ivBytes));
				return new TextDecoder().decode(plain);
			} catch {
				return undefined;
			}
		}
	};
}

async function derive(secret: string): Promise<CryptoKey> {
	const base = await crypto.subtle.importKey('raw', utf8(secret), 'HKDF', false, ['deriveKey']);
	return crypto.subtle.deriveKey(
		{
			name: 'HKDF',
			hash: 'SHA-256',
			salt: utf8('wherry-relay/v1'),
			info: utf8('provider keys')
		},
		base,
		{ name: 'AES-GCM', length: 256 },
		false,
		['encrypt', 'decrypt']
	);
}
