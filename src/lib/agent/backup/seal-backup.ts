/**
 * Records as a sealed backup, piece by piece, so that its size is nobody's memory. Chunks are as in a share
 * (the STREAM construction): none can be changed, left out, moved or added, and the last one says that it is.
 * A chunk begins with where the first record in it begins (4 bytes; all ones: none does): what comes after a
 * damaged chunk can still be read. A record is the length of its JSON and of its bytes (4 each) ‖ JSON ‖ bytes.
 */

import { joinBytes, utf8 } from '../../wire/bytes';
import { streamNonce } from '../../wire/share-seal';
import { contentKeys, type BackupKey } from './backup-key';
import { boundTo, writeHeader } from './header';

export const plainChunk = 262_144;
/** Before a chunk's records. */
export const leadBytes = 4;
export const noRecord = 0xffff_ffff;

export interface BackupRecord {
	readonly json: string;
	readonly bytes?: Uint8Array;
}

export interface Sealer {
	add(record: BackupRecord): Promise<void>;
	/** Answers how many bytes were written in all. Without it the backup has no end, and says so when it is opened. */
	end(): Promise<number>;
}

export async function createSealer(parts: {
	readonly key: BackupKey;
	readonly random: (length: number) => Uint8Array<ArrayBuffer>;
	readonly write: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>;
	/** Only for tests. */
	readonly chunk?: number;
}): Promise<Sealer> {
	const { key, random, write, chunk = plainChunk } = parts;
	const salt = random(16);
	const prefix = random(7);
	const { content, check } = await contentKeys(key, salt);
	const header = writeHeader({ kdf: key.kdf, salt, prefix, check, chunk });
	const additionalData = await boundTo(header);
	await write(header);
	let written = header.length;
	let index = 0;
	let plain = new Uint8Array(chunk);
	let used = leadBytes;
	let first = noRecord;

	async function seal(isLast: boolean): Promise<void> {
		new DataView(plain.buffer).setUint32(0, first);
		const iv = streamNonce(prefix, index++, isLast);
		const how = { name: 'AES-GCM', iv, additionalData };
		const sealed = new Uint8Array(await crypto.subtle.encrypt(how, content, plain.subarray(0, used)));
		await write(sealed);
		written += sealed.length;
		plain = new Uint8Array(chunk);
		used = leadBytes;
		first = noRecord;
	}

	async function put(bytes: Uint8Array, isStart: boolean): Promise<void> {
		for (let at = 0; at < bytes.length;) {
			// Only once there is more: the last chunk may be a full one.
			if (used === chunk) await seal(false);
			if (isStart && at === 0 && first === noRecord) first = used;
			const piece = bytes.subarray(at, at + chunk - used);
			plain.set(piece, used);
			used += piece.length;
			at += piece.length;
		}
	}

	return {
		async add({ json, bytes }) {
			const text = utf8(json);
			const lengths = new Uint8Array(8);
			new DataView(lengths.buffer).setUint32(0, text.length);
			new DataView(lengths.buffer).setUint32(4, bytes?.length ?? 0);
			await put(joinBytes([lengths, text]), true);
			if (bytes !== undefined) await put(bytes, false);
		},
		async end() {
			await seal(true);
			return written;
		}
	};
}
