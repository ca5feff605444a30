/**
 * A backup's keys: from a recovery code, or from a passphrase made slow to guess, by HKDF-SHA-256. What is
 * kept on the device is a key that cannot be exported; the code and the passphrase are kept nowhere.
 */

import { toBase64Url, fromBase64Url } from '../../wire/base64';
import type { BackupSecretKind } from '../../wire/backup';
import { joinBytes, utf8 } from '../../wire/bytes';
import { readRecoveryCode } from '../home/recovery-code';
import { noCode } from './backup-errors';

/** How a secret becomes a key. Stands in the header of every backup, and is authenticated with each chunk. */
export type BackupKdf =
	| { readonly kind: 'code' }
	| {
			readonly kind: 'passphrase';
			readonly alg: 'argon2id';
			readonly m: 65536;
			readonly t: 3;
			readonly p: 1;
			/** 16 bytes in base64url. */
			readonly salt: string;
	  };

export interface BackupKey {
	/** HKDF, not to be exported. */
	readonly base: CryptoKey;
	readonly kdf: BackupKdf;
}

export function newKdf(kind: BackupSecretKind, random: (length: number) => Uint8Array): BackupKdf {
	if (kind === 'code') return { kind };
	return { kind, alg: 'argon2id', m: 65_536, t: 3, p: 1, salt: toBase64Url(random(16)) };
}

/** Throws `backup/unreadable` for what is no code. */
export async function openBackupKey(secret: string, kdf: BackupKdf): Promise<BackupKey> {
	let material: Uint8Array<ArrayBuffer>;
	if (kdf.kind === 'code') material = readCode(secret);
	else {
		const { stretch } = await import('../sharing/passphrase');
		material = await stretch(secret, fromBase64Url(kdf.salt) ?? new Uint8Array());
	}
	return { kdf, base: await crypto.subtle.importKey('raw', material, 'HKDF', false, ['deriveBits']) };
}

function readCode(typed: string): Uint8Array<ArrayBuffer> {
	try {
		return readRecoveryCode(typed);
	} catch (thrown) {
		throw noCode(thrown);
	}
}

export interface ContentKeys {
	/** AES-256-GCM over the chunks of one backup. */
	readonly content: CryptoKey;
	/** Says whether a secret belongs to a backup, before anything of it is opened. */
	readonly check: Uint8Array<ArrayBuffer>;
}

/** @param salt of this one backup: no two have a key in common. */
export async function contentKeys({ base }: BackupKey, salt: Uint8Array<ArrayBuffer>): Promise<ContentKeys> {
	const [raw, check] = await Promise.all([
		expand(base, salt, 'content', 32),
		expand(base, salt, 'check', 16)
	]);
	return {
		content: await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']),
		check
	};
}

/** Where this key's backups are at a relay, and what it takes to read and to write them: nothing says whose. */
export interface RelayPlace {
	readonly id: string;
	readonly readToken: string;
	readonly writeToken: string;
}

export async function relayPlace({ base }: BackupKey): Promise<RelayPlace> {
	const salt = utf8('relay');
	const [id, read, write] = await Promise.all([
		expand(base, salt, 'relay-id', 16),
		expand(base, salt, 'relay-read', 32),
		expand(base, salt, 'relay-write', 32)
	]);
	return { id: toBase64Url(id), readToken: toBase64Url(read), writeToken: toBase64Url(write) };
}

async function expand(
	base: CryptoKey,
	salt: Uint8Array<ArrayBuffer>,
	info: string,
	bytes: number
): Promise<Uint8Array<ArrayBuffer>> {
	const how = {
		name: 'HKDF',
		hash: 'SHA-256',
		salt: joinBytes([utf8('wherry-backup/v1'), salt]),
		info: utf8(info)
	};
	return new Uint8Array(await crypto.subtle.deriveBits(how, base, bytes * 8));
}
