/**
 * Operations sealed for the room and opened again. AES-256-GCM under a key of one device and epoch; the
 * header, which names the envelope before it, is authenticated with it, and the device signs both. The
 * length is padded (Padmé), so that it tells little of what is inside.
 */

import * as z from 'zod/mini';
import { fromBase64Url, toBase64Url } from '../../wire/device';
import { parseJson } from '../../wire/json';
import { readOperation } from '../../wire/operations';
import { maxSealed, type Envelope, type EnvelopeHeader } from '../../wire/sync';
import type { DeviceKey } from '../home/device-key';
import type { Heads } from './log';
import type { Draft, Opened, Sealed } from './replica';
import type { RoomKeys } from './room-keys';
import { hashOf, headerBytes, signedBytes } from './signature';

const text = new TextEncoder();
const nonceLength = 12;
const tagLength = 16;

/** At most 12 % longer, and one of few lengths (Padmé: as many low bits are zero as the length's log needs). */
export function padded(length: number): number {
	if (length < 2) return 2;
	const exponent = Math.floor(Math.log2(length));
	const bits = exponent - (Math.floor(Math.log2(exponent)) + 1);
	const step = 2 ** Math.max(0, bits);
	return Math.ceil(length / step) * step;
}

/** Undefined where it would be larger than an envelope may be. */
export async function sealEnvelope(
	draft: Draft,
	by: { readonly room: string; readonly keys: RoomKeys; readonly signer: DeviceKey }
): Promise<Sealed | undefined> {
	const { devSeq, prevHash, keyEpoch, purpose, heads, operations } = draft;
	const content =
		draft.text === undefined ? { heads, ops: operations.map(({ op }) => op) } : { heads, text: draft.text };
	const bytes = text.encode(JSON.stringify(content));
	const lenBucket = padded(bytes.length);
	if (lenBucket + nonceLength + tagLength > maxSealed) return undefined;
	// White space at the end is nothing to JSON.
	const plain = new Uint8Array(lenBucket).fill(0x20);
	plain.set(bytes);
	const dev = by.signer.publicKey.kid;
	const key = await by.keys.keyOf(keyEpoch, dev);
	if (key === undefined) return undefined;
	const header: EnvelopeHeader = {
		v: 1,
		room: by.room,
		dev,
		devSeq,
		keyEpoch,
		lenBucket,
		prevHash,
		purpose
	};
	const additionalData = headerBytes(header);
	const iv = crypto.getRandomValues(new Uint8Array(nonceLength));
	const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, plain);
	const ct = new Uint8Array(nonceLength + sealed.byteLength);
	ct.set(iv);
	ct.set(new Uint8Array(sealed), nonceLength);
	const hash = await hashOf(additionalData, ct);
	const sig = toBase64Url(await by.signer.sign(signedBytes(hash)));
	return { envelope: { header, ct: toBase64Url(ct), sig }, hash, draft };
}

const head = z.object({ devSeq: z.number(), hash: z.string() });
const contentSchema = z.object({
	heads: z.record(z.string(), head),
	ops: z.optional(z.array(z.unknown())),
	text: z.optional(z.string())
});

export interface OpenedEnvelope extends Opened {
	/** A snapshot's part. */
	readonly text?: string;
}

/** `hash` is what `verifyEnvelope` gave. Undefined where no key of this home opens it. */
export async function openEnvelope(
	{ header, ct }: Envelope,
	hash: string,
	keys: RoomKeys,
	sealed = fromBase64Url(ct)
): Promise<OpenedEnvelope | undefined> {
	const key = await keys.keyOf(header.keyEpoch, header.dev);
	if (sealed === undefined || key === undefined) return undefined;
	const plain = await decrypt(key, sealed, headerBytes(header));
	const read = contentSchema.safeParse(plain === undefined ? undefined : parseJson(plain));
	if (!read.success || plain?.length === undefined) return undefined;
	const heads: Heads = read.data.heads;
	const operations = (read.data.ops ?? []).flatMap((value) => readOperation(value) ?? []);
	const part = read.data.text;
	return { header, hash, heads, operations, ...(part === undefined ? {} : { text: part }) };
}

async function decrypt(
	key: CryptoKey,
	sealed: Uint8Array<ArrayBuffer>,
	additionalData: Uint8Array<ArrayBuffer>
): Promise<string | undefined> {
	const iv = sealed.subarray(0, nonceLength);
	try {
		const plain = await crypto.subtle.decrypt(
			{ name: 'AES-GCM', iv, additionalData },
			key,
			sealed.subarray(nonceLength)
		);
		return new TextDecoder().decode(plain);
	} catch {
		// Whoever asks learns only that it did not open.
		return undefined;
	}
}
