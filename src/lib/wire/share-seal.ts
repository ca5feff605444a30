/**
 * A snapshot as sealed bytes: a manifest, then chunks of 64 KiB in the STREAM construction (Hoang et al. 2015).
 * Nonce = 7 random bytes ‖ counter, 4 bytes ‖ 1 on the last chunk. Each chunk is bound to the version, the share
 * and the manifest: nothing can be changed, left out, moved, added or taken from another share.
 * Layout: length of the manifest (4 bytes, big endian) ‖ manifest (JSON) ‖ chunks.
 */

import { fromBase64Url, toBase64Url } from './base64';
import { isJsonObject, parseJson } from './json';
import { shareLimits } from './share';
import { joinBytes, utf8 } from './bytes';
import { sha256, type ShareKeys } from './share-keys';

export const chunkBytes = 65_536;
const tagBytes = 16;
const version = 1;
const maximumManifest = 4096;

interface Manifest {
	/** Of the nonces: 7 bytes. */
	readonly prefix: Uint8Array<ArrayBuffer>;
	/** Bytes of the plain text. */
	readonly size: number;
	/** The title: 12 bytes of nonce, then AES-256-GCM under the key `meta`. */
	readonly meta: Uint8Array<ArrayBuffer>;
}

/** By hand, as the page that opens a share is small; what is accepted here is still bound to every chunk. */
function readManifest(bytes: Uint8Array): Manifest | undefined {
	const value = parseJson(new TextDecoder().decode(bytes));
	if (!isJsonObject(value) || value['v'] !== version || value['kind'] !== 'snapshot') return undefined;
	const { prefix: prefixText, size, meta: metaText } = value;
	if (typeof prefixText !== 'string' || typeof metaText !== 'string' || typeof size !== 'number')
		return undefined;
	const prefix = fromBase64Url(prefixText);
	const meta = fromBase64Url(metaText);
	const isSize = Number.isSafeInteger(size) && size >= 0 && size <= shareLimits.bytes;
	return prefix?.length === 7 && meta !== undefined && isSize ? { prefix, size, meta } : undefined;
}

export interface Snapshot {
	readonly title: string;
	readonly bytes: Uint8Array<ArrayBuffer>;
}
export interface SealPorts {
	readonly shareId: string;
	readonly keys: Pick<ShareKeys, 'content' | 'meta'>;
}

export async function sealSnapshot(
	snapshot: Snapshot,
	{ shareId, keys }: SealPorts,
	random: (length: number) => Uint8Array<ArrayBuffer>
): Promise<Uint8Array<ArrayBuffer>> {
	const prefix = random(7);
	const iv = random(12);
	const title = await crypto.subtle.encrypt(
		{ name: 'AES-GCM', iv, additionalData: metaData(shareId) },
		keys.meta,
		utf8(snapshot.title)
	);
	const manifest = utf8(
		JSON.stringify({
			v: version,
			kind: 'snapshot',
			prefix: toBase64Url(prefix),
			size: snapshot.bytes.length,
			meta: toBase64Url(joinBytes([iv, new Uint8Array(title)]))
		})
	);
	const additionalData = await chunkData(shareId, manifest);
	const count = chunkCount(snapshot.bytes.length);
	const length = new Uint8Array(4);
	new DataView(length.buffer).setUint32(0, manifest.length);
	const parts: Uint8Array[] = [length, manifest];
	for (let index = 0; index < count; index++) {
		const plain = snapshot.bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes);
		const iv = streamNonce(prefix, index, index === count - 1);
		parts.push(
			new Uint8Array(
				await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, keys.content, plain)
			)
		);
	}
	return joinBytes(parts);
}

/** Undefined where a single bit is not as it was sealed. */
export async function openSnapshot(
	sealed: Uint8Array<ArrayBuffer>,
	{ shareId, keys }: SealPorts
): Promise<Snapshot | undefined> {
	if (sealed.length < 4) return undefined;
	const length = new DataView(sealed.buffer, sealed.byteOffset).getUint32(0);
	if (length > maximumManifest || 4 + length > sealed.length) return undefined;
	const manifest = sealed.slice(4, 4 + length);
	const read = readManifest(manifest);
	if (read === undefined) return undefined;
	const { size, prefix, meta } = read;
	const count = chunkCount(size);
	const body = sealed.subarray(4 + length);
	if (body.length !== size + count * tagBytes) return undefined;
	const additionalData = await chunkData(shareId, manifest);
	const bytes = new Uint8Array(size);
	try {
		const title = await crypto.subtle.decrypt(
			{ name: 'AES-GCM', iv: meta.subarray(0, 12), additionalData: metaData(shareId) },
			keys.meta,
			meta.subarray(12)
		);
		for (let index = 0; index < count; index++) {
			const at = index * (chunkBytes + tagBytes);
			const iv = streamNonce(prefix, index, index === count - 1);
			const plain = await crypto.subtle.decrypt(
				{ name: 'AES-GCM', iv, additionalData },
				keys.content,
				body.subarray(at, at + chunkBytes + tagBytes)
			);
			bytes.set(new Uint8Array(plain), index * chunkBytes);
		}
		return { title: new TextDecoder().decode(title), bytes };
	} catch {
		// What does not fit its tag is damaged; WebCrypto says no more than that.
		return undefined;
	}
}

/** An empty text is one empty chunk, so that it has a tag too. */
const chunkCount = (size: number): number => Math.max(1, Math.ceil(size / chunkBytes));

/** Of the STREAM construction: where a chunk stands, and whether it is the last, cannot be changed. */
export function streamNonce(prefix: Uint8Array, index: number, isLast: boolean): Uint8Array<ArrayBuffer> {
	const iv = new Uint8Array(12);
	iv.set(prefix);
	new DataView(iv.buffer).setUint32(7, index);
	iv[11] = isLast ? 1 : 0;
	return iv;
}

async function chunkData(
	shareId: string,
	manifest: Uint8Array<ArrayBuffer>
): Promise<Uint8Array<ArrayBuffer>> {
	return joinBytes([new Uint8Array([version]), utf8(shareId), await sha256(manifest)]);
}

const metaData = (shareId: string): Uint8Array<ArrayBuffer> =>
	joinBytes([new Uint8Array([version]), utf8(`${shareId}meta`)]);
