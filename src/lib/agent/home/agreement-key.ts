/**
 * The key to which others seal something for this device alone (a new epoch's secret): P-256, non-extractable,
 * made once. Sealing is ephemeral ECDH → HKDF-SHA-256 → AES-256-GCM, each key used for one message.
 */

import { fromBase64Url, toBase64Url } from '../../wire/device';
import { toAppError } from '../../wire/errors';
import type { WrappedKey } from '../../wire/sync';
import { epochOf } from '../storage/rules';
import type { Store } from '../storage/store';

export interface AgreementKey {
	/** The public point, base64url. */
	readonly raw: string;
	readonly privateKey: CryptoKey;
}

/** A row of the vault; a device that leaves its home leaves it behind. */
export const agreementRow = 'home/agree';
const curve = { name: 'ECDH', namedCurve: 'P-256' } as const;
const text = new TextEncoder();

export async function makeAgreementKey(): Promise<AgreementKey> {
	const pair = await crypto.subtle.generateKey(curve, false, ['deriveBits']);
	if (!('privateKey' in pair)) throw new TypeError('no key pair');
	const exported = await crypto.subtle.exportKey('raw', pair.publicKey);
	if (!(exported instanceof ArrayBuffer)) throw new TypeError('no raw key');
	const raw = new Uint8Array(exported);
	return { raw: toBase64Url(raw), privateKey: pair.privateKey };
}

/** Two tabs that ask at once get the same key. */
export async function openAgreementKey(store: Store): Promise<AgreementKey> {
	for (;;) {
		const row = await store.get('vault', agreementRow);
		if (typeof row === 'object' && row !== null && 'raw' in row && 'privateKey' in row) {
			const { raw, privateKey } = row;
			if (typeof raw === 'string' && privateKey instanceof CryptoKey) return { raw, privateKey };
		}
		const made = await makeAgreementKey();
		try {
			await store.commit({
				epoch: epochOf(await store.get('meta', 'epoch')),
				expect: [{ table: 'vault', key: agreementRow, absent: true }],
				put: [{ table: 'vault', key: agreementRow, row: { v: 1, ...made } }]
			});
		} catch (thrown) {
			const { id } = toAppError(thrown);
			if (id !== 'storage/conflict' && id !== 'storage/stale-epoch') throw thrown;
		}
	}
}

/** Binds the sealed bytes to what they are for: `context` must be the same to open them. */
export async function sealTo(
	raw: string,
	content: Uint8Array<ArrayBuffer>,
	context: string
): Promise<{ readonly ephemeral: string; readonly sealed: string } | undefined> {
	const to = await importPublic(raw);
	if (to === undefined) return undefined;
	const ephemeral = await makeAgreementKey();
	const key = await keyBetween(ephemeral.privateKey, to, `${context}|${ephemeral.raw}|${raw}`);
	const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, content);
	return { ephemeral: ephemeral.raw, sealed: toBase64Url(new Uint8Array(sealed)) };
}

/** Undefined where it was sealed for another, for something else, or was touched. */
export async function openFrom(
	mine: AgreementKey,
	{ ephemeral, sealed }: { readonly ephemeral: string; readonly sealed: string },
	context: string
): Promise<Uint8Array<ArrayBuffer> | undefined> {
	const from = await importPublic(ephemeral);
	const bytes = fromBase64Url(sealed);
	if (from === undefined || bytes === undefined) return undefined;
	const key = await keyBetween(mine.privateKey, from, `${context}|${ephemeral}|${mine.raw}`);
	try {
		return new Uint8Array(
			await crypto.subtle.decrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, bytes)
		);
	} catch {
		// It was not meant for this device.
		return undefined;
	}
}

export async function wrapEpoch(
	to: { readonly kid: string; readonly agree: string },
	secret: Uint8Array<ArrayBuffer>,
	room: string,
	epoch: number
): Promise<WrappedKey | undefined> {
	const sealed = await sealTo(to.agree, secret, epochContext(room, epoch, to.kid));
	return sealed === undefined ? undefined : { kid: to.kid, ...sealed };
}

export function unwrapEpoch(
	mine: AgreementKey,
	key: WrappedKey,
	room: string,
	epoch: number
): Promise<Uint8Array<ArrayBuffer> | undefined> {
	return openFrom(mine, key, epochContext(room, epoch, key.kid));
}

const epochContext = (room: string, epoch: number, kid: string): string =>
	`wherry-sync-epoch/v1|${room}|${String(epoch)}|${kid}`;

async function importPublic(raw: string): Promise<CryptoKey | undefined> {
	const bytes = fromBase64Url(raw);
	if (bytes === undefined) return undefined;
	try {
		return await crypto.subtle.importKey('raw', bytes, curve, false, []);
	} catch {
		// No point on the curve.
		return undefined;
	}
}

async function keyBetween(mine: CryptoKey, theirs: CryptoKey, info: string): Promise<CryptoKey> {
	const algorithm = { name: 'ECDH', public: theirs };
	const shared = await crypto.subtle.deriveBits(algorithm, mine, 256);
	const base = await crypto.subtle.importKey('raw', shared, 'HKDF', false, ['deriveKey']);
	return crypto.subtle.deriveKey(
		{ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: text.encode(info) },
		base,
		{ name: 'AES-GCM', length: 256 },
		false,
		['encrypt', 'decrypt']
	);
}
