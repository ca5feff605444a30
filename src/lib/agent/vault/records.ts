/** What the `vault` table holds. Bytes and a CryptoKey are stored as such (structured clone). */

export const vaultVersion = 1;

/** `kek/device`: never leaves this browser profile; it cannot be exported. */
export interface DeviceKeyRow {
	readonly v: number;
	readonly key: CryptoKey;
}

/** `dek/1`: the data key, wrapped once for every slot that may open the vault. */
export interface DataKeyRow {
	readonly v: number;
	readonly slots: readonly { readonly kind: 'device'; readonly wrapped: Uint8Array<ArrayBuffer> }[];
}

/** `{secretId}`. */
export interface SecretRow {
	readonly v: number;
	readonly id: string;
	readonly alg: 'A256GCM';
	readonly iv: Uint8Array<ArrayBuffer>;
	readonly ct: Uint8Array<ArrayBuffer>;
	/** `vault/v1|id|origin|kind`, authenticated: a record that is copied under another name or host does not open. */
	readonly aad: string;
	readonly savedAt: number;
}

export interface SecretFacts {
	readonly id: string;
	/** The provider's host that the key may go to. */
	readonly origin: string;
	readonly kind: string;
	readonly savedAt: number;
}

const format = 'vault/v1';

export function aadOf(id: string, origin: string, kind: string): string {
	return `${format}|${id}|${origin}|${kind}`;
}

export function readSecret(
	value: unknown
): { readonly row: SecretRow; readonly facts: SecretFacts } | undefined {
	if (typeof value !== 'object' || value === null) return undefined;
	if (!('v' in value && 'id' in value && 'alg' in value && 'iv' in value && 'ct' in value && 'aad' in value))
		return undefined;
	const { v, id, alg, aad } = value;
	const iv = bytesOf(value.iv);
	const ct = bytesOf(value.ct);
	if (
		v !== vaultVersion ||
		typeof id !== 'string' ||
		alg !== 'A256GCM' ||
		typeof aad !== 'string' ||
		iv === undefined ||
		ct === undefined
	)
		return undefined;
	const [name, boundId, origin, kind, ...more] = aad.split('|');
	if (name !== format || boundId !== id || origin === undefined || kind === undefined || more.length > 0)
		return undefined;
	const savedAt = 'savedAt' in value && typeof value.savedAt === 'number' ? value.savedAt : 0;
	return { row: { v, id, alg, iv, ct, aad, savedAt }, facts: { id, origin, kind, savedAt } };
}

export function readDeviceKey(value: unknown): CryptoKey | undefined {
	if (typeof value !== 'object' || value === null || !('key' in value)) return undefined;
	return isCryptoKey(value.key) ? value.key : undefined;
}

export function readWrapped(value: unknown): Uint8Array<ArrayBuffer> | undefined {
	if (typeof value !== 'object' || value === null || !('slots' in value) || !Array.isArray(value.slots))
		return undefined;
	const slots: readonly unknown[] = value.slots;
	for (const slot of slots) {
		if (
			typeof slot === 'object' &&
			slot !== null &&
			'kind' in slot &&
			slot.kind === 'device' &&
			'wrapped' in slot
		)
			return bytesOf(slot.wrapped);
	}
	return undefined;
}

function bytesOf(value: unknown): Uint8Array<ArrayBuffer> | undefined {
	return value instanceof Uint8Array ? Uint8Array.from(value) : undefined;
}

function isCryptoKey(value: unknown): value is CryptoKey {
	return typeof CryptoKey !== 'undefined' && value instanceof CryptoKey;
}
