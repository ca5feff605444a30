/**
 * The keys of a home's room: one secret an epoch, and from it one key a device, so that no two devices
 * ever use a key together and random nonces stay safe.
 */

const text = new TextEncoder();

export interface RoomKeys {
	/**
	 * When these keys were handed over, something stood in the room's log that was sealed with this epoch's: what shows
	 * itself as that log and has nothing of the kind is another.
	 */
	readonly since: number;
	/** Undefined where the epoch's secret was never given to this device. */
	keyOf(epoch: number, dev: string): Promise<CryptoKey | undefined>;
	/** As the log tells it, which alone says what an epoch's secret is; but for those that were handed over. */
	learn(epoch: number, secret: Uint8Array<ArrayBuffer>): void;
	/** For handing them on to a new device. Another map once something was learnt. */
	secrets(): ReadonlyMap<number, Uint8Array<ArrayBuffer>>;
}

export function createRoomKeys(
	room: string,
	known: Iterable<readonly [number, Uint8Array<ArrayBuffer>]>,
	since = 1
): RoomKeys {
	let secrets: ReadonlyMap<number, Uint8Array<ArrayBuffer>> = new Map(known);
	const derived = new Map<string, Promise<CryptoKey>>();

	async function derive(epoch: number, dev: string, secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
		const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
		return crypto.subtle.deriveKey(
			{
				name: 'HKDF',
				hash: 'SHA-256',
				salt: text.encode(`wherry-sync/v1|${room}`),
				info: text.encode(`ops|${String(epoch)}|${dev}`)
			},
			base,
			{ name: 'AES-GCM', length: 256 },
			false,
			['encrypt', 'decrypt']
		);
	}

	return {
		since,
		async keyOf(epoch, dev) {
			const secret = secrets.get(epoch);
			if (secret === undefined) return undefined;
			const name = `${String(epoch)}|${dev}`;
			let key = derived.get(name);
			if (key === undefined) derived.set(name, (key = derive(epoch, dev, secret)));
			return key;
		},
		learn(epoch, secret) {
			if (epoch <= since) return;
			secrets = new Map([...secrets, [epoch, secret]]);
			derived.clear();
		},
		secrets: () => secrets
	};
}
