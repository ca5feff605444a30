/**
 * Keys of providers, encrypted at rest and used only to sign: there is no way to read one back.
 * A data key encrypts them; it is wrapped by a device key that cannot be exported (`trust.md`
 * C5, device slot). That protects copies of the store, exports and sync. It does not protect
 * against code that runs in this origin: such code could have requests signed, too.
 */

import { AppError } from '../../wire/errors';
import type { Clock, Random } from '../ports';
import type { Store } from '../storage/store';
import { aadOf, readDeviceKey, readSecret, readWrapped, vaultVersion } from './records';
import type { DataKeyRow, DeviceKeyRow, SecretFacts, SecretRow } from './records';

export interface SecretInput {
	/** Letters, digits, `.`, `_`, `-`. Saving under an id that is there replaces it. */
	readonly id: string;
	/** `https://api.example.com`: the only host the key may go to, besides the relay's path for it. */
	readonly origin: string;
	/** What it is, e.g. `provider-key`. */
	readonly kind: string;
	readonly key: string;
}

/** Puts the key where the provider wants it; must not keep it. */
export type PlaceKey = (headers: Headers, key: string) => void;

interface SignWith {
	readonly secretId: string;
	readonly place: PlaceKey;
	/** Whether an address is the app's own relay path for the provider at that origin. */
	readonly isRelayFor: (url: string, origin: string) => boolean;
}

export interface SignInput extends SignWith {
	/** Its body goes over to the answer. */
	readonly request: Request;
}

export interface SignHeadersInput extends SignWith {
	/** Where the headers will go: to this very address, with redirects not followed. */
	readonly url: string;
	readonly headers: Headers;
}

export interface Vault {
	/** Throws `input/invalid` where id, origin or key cannot be, and what the store throws. Never names the key. */
	save(secret: SecretInput): Promise<void>;
	remove(id: string): Promise<void>;
	has(id: string): Promise<boolean>;
	/** What is there, never the keys. */
	list(): Promise<SecretFacts[]>;
	/**
	 * The same request with the key in its headers, redirects left to the caller (a followed one
	 * would carry the header to another host). Throws `vault/wrong-origin`, `vault/no-secret`.
	 */
	sign(input: SignInput): Promise<Request>;
	/** The same for a request that is still an address and headers: a copy of them with the key. */
	signHeaders(input: SignHeadersInput): Promise<Headers>;
}

export interface VaultServices {
	readonly store: Store;
	readonly crypto: { readonly subtle: SubtleCrypto };
	readonly clock: Pick<Clock, 'now'>;
	/** Must be cryptographic outside tests. */
	readonly random: Pick<Random, 'bytes'>;
	readonly epoch: () => number;
}

const deviceKeyName = 'kek/device';
const dataKeyName = 'dek/1';
const idShape = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const kindShape = /^[a-z][a-z0-9-]{0,40}$/;
/** Visible ASCII: what a header takes. Anything else would be repeated in the header's own error. */
const keyShape = /^[\x21-\x7e]{4,8192}$/;

export function createVault({ store, crypto, clock, random, epoch }: VaultServices): Vault {
	const { subtle } = crypto;

	/** The data key, not exportable; undefined where the vault is empty. */
	async function read(): Promise<CryptoKey | undefined> {
		const [deviceRow, dataRow] = await store.getMany('vault', [deviceKeyName, dataKeyName]);
		const deviceKey = readDeviceKey(deviceRow);
		const wrapped = readWrapped(dataRow);
		if (deviceKey === undefined || wrapped === undefined) return undefined;
		try {
			return await subtle.unwrapKey('raw', wrapped, deviceKey, 'AES-KW', 'AES-GCM', false, [
				'encrypt',
				'decrypt'
			]);
		} catch {
			// Damaged: the keys in it are lost, but new ones can be saved.
			return undefined;
		}
	}

	async function make(): Promise<CryptoKey> {
		const deviceKey = await subtle.generateKey({ name: 'AES-KW', length: 256 }, false, [
			'wrapKey',
			'unwrapKey'
		]);
		const dataKey = await subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt', 'decrypt']);
		const wrapped = new Uint8Array(await subtle.wrapKey('raw', dataKey, deviceKey, 'AES-KW'));
		const deviceRow: DeviceKeyRow = { v: vaultVersion, key: deviceKey };
		const dataRow: DataKeyRow = { v: vaultVersion, slots: [{ kind: 'device', wrapped }] };
		const isEmpty = (await store.get('vault', deviceKeyName)) === undefined;
		// Another tab's save may have come first: its key is the one.
		const known = isEmpty ? undefined : await read();
		if (known !== undefined) return known;
		try {
			await store.commit({
				epoch: epoch(),
				...(isEmpty ? { expect: [{ table: 'vault', key: deviceKeyName, absent: true }] } : {}),
				put: [
					{ table: 'vault', key: deviceKeyName, row: deviceRow },
					{ table: 'vault', key: dataKeyName, row: dataRow }
				]
			});
		} catch (thrown) {
			const theirs =
				thrown instanceof AppError && thrown.id === 'storage/conflict' ? await read() : undefined;
			if (theirs !== undefined) return theirs;
			throw thrown;
		}
		const made = await read();
		if (made === undefined) throw new AppError('storage/failed');
		return made;
	}

	/** Kept once it is there; an empty vault is looked at again every time. */
	let dataKey: Promise<CryptoKey> | undefined;

	async function open(): Promise<CryptoKey | undefined> {
		if (dataKey !== undefined) return dataKey;
		const known = await read();
		if (known !== undefined) dataKey ??= Promise.resolve(known);
		return known;
	}

	function openOrMake(): Promise<CryptoKey> {
		dataKey ??= read()
			.then((known) => known ?? make())
			.catch((thrown: unknown) => {
				dataKey = undefined;
				throw thrown;
			});
		return dataKey;
	}

	return {
		async save({ id, origin, kind, key }) {
			if (!idShape.test(id) || !kindShape.test(kind))
				throw new AppError('input/invalid', { data: { field: 'id' } });
			if (!isOrigin(origin))
				throw new AppError('input/invalid', {
					message: 'This is no address of a provider.',
					data: { field: 'origin' }
				});
			// As it stands in an .env file.
			const clean = key.trim().replace(/^(["'`])(.*)\1$/, '$2');
			if (!keyShape.test(clean))
				throw new AppError('input/invalid', {
					message: 'This does not look like a key: it has blanks or letters that no key has.',
					data: { field: 'key' }
				});
			const sealing = await openOrMake();
			const aad = aadOf(id, origin, kind);
			const encoder = new TextEncoder();
			const iv = random.bytes(12);
			const algorithm = { name: 'AES-GCM', iv, additionalData: encoder.encode(aad) };
			const ct = new Uint8Array(await subtle.encrypt(algorithm, sealing, encoder.encode(clean)));
			const row: SecretRow = { v: vaultVersion, id, alg: 'A256GCM', iv, ct, aad, savedAt: clock.now() };
			await store.commit({ epoch: epoch(), put: [{ table: 'vault', key: id, row }] });
		},

		async remove(id) {
			if (!idShape.test(id)) return;
			await store.commit({ epoch: epoch(), delete: [{ table: 'vault', key: id }] });
		},

		async has(id) {
			return idShape.test(id) && readSecret(await store.get('vault', id))?.facts.id === id;
		},

		async list() {
			const rows = await store.range('vault', {});
			const facts: SecretFacts[] = [];
			for (const { key, row } of rows) {
				const secret = readSecret(row);
				if (secret !== undefined && secret.facts.id === key) facts.push(secret.facts);
			}
			return facts;
		},

		async sign({ request, ...input }) {
			const headers = await signHeaders({ ...input, url: request.url, headers: request.headers });
			return new Request(request, { headers, redirect: 'manual' });
		},

		signHeaders
	};

	async function signHeaders(input: SignHeadersInput): Promise<Headers> {
		const { secretId, url, place, isRelayFor } = input;
		const secret = idShape.test(secretId) ? readSecret(await store.get('vault', secretId)) : undefined;
		if (secret === undefined || secret.facts.id !== secretId)
			throw new AppError('vault/no-secret', { data: { secretId } });
		const { row, facts } = secret;
		// Judged as it will be sent: without dot segments.
		const target = new URL(url);
		const hasUser = target.username !== '' || target.password !== '';
		if (hasUser || (target.origin !== facts.origin && !isRelayFor(target.href, facts.origin))) {
			throw new AppError('vault/wrong-origin', {
				data: { secretId, origin: target.origin, bound: facts.origin }
			});
		}
		const opener = await open();
		if (opener === undefined) throw new AppError('vault/no-secret', { data: { secretId } });
		let key: string;
		try {
			const algorithm = { name: 'AES-GCM', iv: row.iv, additionalData: new TextEncoder().encode(row.aad) };
			key = new TextDecoder().decode(await subtle.decrypt(algorithm, opener, row.ct));
		} catch {
			throw new AppError('vault/no-secret', {
				message: 'This key cannot be opened here any more.',
				data: { secretId }
			});
		}
		const headers = new Headers(input.headers);
		try {
			place(headers, key);
		} catch {
			// No cause: an error about a header's value holds the value.
			throw new AppError('internal/unexpected', { message: 'The key could not be put into the request.' });
		}
		return headers;
	}
}

function isOrigin(text: string): boolean {
	if (!URL.canParse(text) || text.includes('|')) return false;
	const url = new URL(text);
	return (url.protocol === 'https:' || url.protocol === 'http:') && url.origin === text;
}
