/**
 * What a device signs of an envelope, and the hash by which the next one names it. The room checks the same,
 * so nothing here knows a key that opens anything.
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { joinBytes, utf8 } from '../../wire/bytes';
import { fromBase64Url, toBase64Url, verifyDevice, type DevicePublicKey } from '../../wire/device';
import { canonicalJson } from '../../wire/json';
import type { Envelope, EnvelopeHeader } from '../../wire/sync';

/** What the first envelope of every device names as the one before it. */
export function genesisOf(room: string): string {
	return toBase64Url(sha256(utf8(`wherry-sync-room/v1|${room}`)));
}

export function headerBytes(header: EnvelopeHeader): Uint8Array<ArrayBuffer> {
	return utf8(canonicalJson(header));
}

/** By the platform, in a thread of its own: a snapshot is tens of megabytes. */
export async function hashOf(header: Uint8Array, ct: Uint8Array): Promise<string> {
	const whole = joinBytes([new Uint8Array(4), header, ct]);
	new DataView(whole.buffer).setUint32(0, header.length);
	return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', whole)));
}

export const signedBytes = (hash: string): Uint8Array<ArrayBuffer> => utf8(`wherry-sync-envelope/v1|${hash}`);

/**
 * The envelope's hash where `device` signed it, else undefined. What the room checks too.
 * @param sealed `ct` as bytes, where the caller needs them too.
 */
export async function verifyEnvelope(
	{ header, ct, sig }: Envelope,
	device: DevicePublicKey,
	sealed = fromBase64Url(ct)
): Promise<string | undefined> {
	const signature = fromBase64Url(sig);
	if (sealed === undefined || signature === undefined || device.kid !== header.dev) return undefined;
	const hash = await hashOf(headerBytes(header), sealed);
	return (await verifyDevice(device, signature, signedBytes(hash))) ? hash : undefined;
}
