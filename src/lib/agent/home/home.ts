/**
 * A home: one person's devices together. It is born here, of 256 random bits that no server ever sees;
 * the room's address and its first key follow from them. Later keys are random, and travel sealed.
 */

import * as z from 'zod/mini';
import { fromBase64Url, toBase64Url } from '../../wire/device';
import { parseJson } from '../../wire/json';
import { createRoomKeys, type RoomKeys } from '../sync/room-keys';

export interface Home {
	readonly root: Uint8Array<ArrayBuffer>;
	readonly room: string;
	readonly keys: RoomKeys;
}

const text = new TextEncoder();

export function createHome(): Promise<Home> {
	return homeOf(crypto.getRandomValues(new Uint8Array(32)), []);
}

async function homeOf(
	root: Uint8Array<ArrayBuffer>,
	later: Iterable<readonly [number, Uint8Array<ArrayBuffer>]>,
	since?: number
): Promise<Home> {
	const room = toBase64Url(await derive(root, 'room', 16));
	const first = await derive(root, 'epoch|1', 32);
	return { root, room, keys: createRoomKeys(room, [[1, first], ...later], since) };
}

export async function derive(
	secret: Uint8Array<ArrayBuffer>,
	what: string,
	bytes: number
): Promise<Uint8Array<ArrayBuffer>> {
	const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
	const salt = text.encode('wherry-home/v1');
	const info = text.encode(what);
	return new Uint8Array(
		await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, base, bytes * 8)
	);
}

const schema = z.object({
	v: z.literal(1),
	root: z.string(),
	epochs: z.array(z.tuple([z.number(), z.string()])),
	/** Missing in what was handed over before there was one. */
	since: z.optional(z.number())
});

/**
 * All that another device needs to read everything: only ever sealed.
 * @param since something in the room's log is sealed with this epoch's key.
 */
export function homeBytes({ root, keys }: Home, since = keys.since): Uint8Array<ArrayBuffer> {
	const epochs = [...keys.secrets()].filter(([epoch]) => epoch > 1);
	const content = {
		v: 1,
		root: toBase64Url(root),
		epochs: epochs.map(([epoch, secret]) => [epoch, toBase64Url(secret)]),
		since
	};
	return new Uint8Array(text.encode(JSON.stringify(content)));
}

/** Undefined where these are no home's. */
export async function readHome(bytes: Uint8Array<ArrayBuffer>): Promise<Home | undefined> {
	const read = schema.safeParse(parseJson(new TextDecoder().decode(bytes)));
	const root = read.success ? fromBase64Url(read.data.root) : undefined;
	if (!read.success || root?.length !== 32) return undefined;
	const later: [number, Uint8Array<ArrayBuffer>][] = [];
	for (const [epoch, encoded] of read.data.epochs) {
		const secret = fromBase64Url(encoded);
		if (secret?.length !== 32) return undefined;
		later.push([epoch, secret]);
	}
	return homeOf(root, later, read.data.since);
}
