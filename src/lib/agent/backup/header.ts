/**
 * The beginning of a backup, in the clear: `WherryBackup` ‖ version (1 byte) ‖ length (4 bytes, big endian) ‖ JSON.
 * It says how a secret becomes the key, and is bound to every chunk: nothing of it can be changed.
 */

import * as z from 'zod/mini';
import { fromBase64Url, toBase64Url } from '../../wire/base64';
import { parseJson } from '../../wire/json';
import { joinBytes, utf8 } from '../../wire/bytes';
import { sha256 } from '../../wire/share-keys';
import { foreign, newer } from './backup-errors';
import type { BackupKdf } from './backup-key';

export const backupVersion = 1;
const magic = utf8('WherryBackup');
const maximumHeader = 4096;

export interface BackupHeader {
	readonly kdf: BackupKdf;
	readonly salt: Uint8Array<ArrayBuffer>;
	/** Of the nonces: 7 bytes. */
	readonly prefix: Uint8Array<ArrayBuffer>;
	readonly check: Uint8Array<ArrayBuffer>;
	/** Bytes of a chunk's plain text. */
	readonly chunk: number;
}

const bytesOf = (length: number) => z.string().check(z.regex(new RegExp(`^[\\w-]{${length}}$`)));
const schema = z.strictObject({
	kdf: z.union([
		z.strictObject({ kind: z.literal('code') }),
		z.strictObject({
			kind: z.literal('passphrase'),
			alg: z.literal('argon2id'),
			m: z.literal(65_536),
			t: z.literal(3),
			p: z.literal(1),
			salt: bytesOf(22)
		})
	]),
	salt: bytesOf(22),
	prefix: bytesOf(10),
	check: bytesOf(22),
	chunk: z.number().check(z.int(), z.gte(65_536), z.lte(1_048_576))
});

export function writeHeader({ kdf, salt, prefix, check, chunk }: BackupHeader): Uint8Array<ArrayBuffer> {
	const json = utf8(
		JSON.stringify({
			kdf,
			salt: toBase64Url(salt),
			prefix: toBase64Url(prefix),
			check: toBase64Url(check),
			chunk
		})
	);
	const length = new Uint8Array(4);
	new DataView(length.buffer).setUint32(0, json.length);
	return joinBytes([magic, new Uint8Array([backupVersion]), length, json]);
}

export interface ReadHeader {
	readonly header: BackupHeader;
	/** Where the chunks begin. */
	readonly end: number;
	/** Authenticated with each chunk. */
	readonly bound: Uint8Array<ArrayBuffer>;
}

/** Throws `backup/unreadable`, with a sentence that says why. */
export async function readHeader(file: Blob): Promise<ReadHeader> {
	const start = magic.length + 5;
	const head = new Uint8Array(await file.slice(0, start + maximumHeader).arrayBuffer());
	if (head.length < start || magic.some((byte, at) => head[at] !== byte)) throw foreign();
	if ((head[magic.length] ?? 0) > backupVersion) throw newer();
	const end = start + new DataView(head.buffer).getUint32(magic.length + 1);
	const read = schema.safeParse(parseJson(new TextDecoder().decode(head.subarray(start, end))));
	if (head[magic.length] !== backupVersion || !read.success) throw foreign();
	const { kdf, chunk, ...texts } = read.data;
	const bytes = (text: string): Uint8Array<ArrayBuffer> => fromBase64Url(text) ?? new Uint8Array();
	const header = {
		kdf,
		chunk,
		salt: bytes(texts.salt),
		prefix: bytes(texts.prefix),
		check: bytes(texts.check)
	};
	return { header, end, bound: await boundTo(head.slice(0, end)) };
}

export async function boundTo(header: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
	return joinBytes([new Uint8Array([backupVersion]), await sha256(header)]);
}
