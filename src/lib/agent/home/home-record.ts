/**
 * Where this device keeps its home: sealed under a key that cannot be taken out of this browser, so that a
 * copied profile or an export of the database holds nothing to read.
 */

import { toAppError } from '../../wire/errors';
import { epochOf } from '../storage/rules';
import type { Store } from '../storage/store';
import { homeBytes, readHome, type Home } from './home';

const keyRow = 'home/kek';
const homeRow = 'home/secret';
const additionalData = new TextEncoder().encode('wherry-home-record/v1');

/** Undefined where this device belongs to none. */
export async function loadHome(store: Store): Promise<Home | undefined> {
	const [key, row] = await store.getMany('vault', [keyRow, homeRow]);
	const sealing = readKey(key);
	if (sealing === undefined || typeof row !== 'object' || row === null) return undefined;
	if (!('iv' in row) || !('ct' in row)) return undefined;
	const { iv, ct } = row;
	if (!(iv instanceof Uint8Array) || !(ct instanceof Uint8Array)) return undefined;
	const parameters = { name: 'AES-GCM', iv: new Uint8Array(iv), additionalData };
	const plain = await crypto.subtle.decrypt(parameters, sealing, new Uint8Array(ct));
	return readHome(new Uint8Array(plain));
}

/** Keys of later epochs included: call again when one was learnt. */
export async function saveHome(store: Store, home: Home): Promise<void> {
	const sealing = await openKey(store);
	const iv = crypto.getRandomValues(new Uint8Array(12));
	const sealed = await crypto.subtle.encrypt(
		{ name: 'AES-GCM', iv, additionalData },
		sealing,
		homeBytes(home)
	);
	await store.commit({
		epoch: epochOf(await store.get('meta', 'epoch')),
		put: [{ table: 'vault', key: homeRow, row: { v: 1, iv, ct: new Uint8Array(sealed) } }]
	});
}

/** Two tabs that ask at once get the same key. */
async function openKey(store: Store): Promise<CryptoKey> {
	for (;;) {
		const found = readKey(await store.get('vault', keyRow));
		if (found !== undefined) return found;
		const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
			'encrypt',
			'decrypt'
		]);
		try {
			await store.commit({
				epoch: epochOf(await store.get('meta', 'epoch')),
				expect: [{ table: 'vault', key: keyRow, absent: true }],
				put: [{ table: 'vault', key: keyRow, row: { v: 1, key } }]
			});
		} catch (thrown) {
			const { id } = toAppError(thrown);
			if (id !== 'storage/conflict' && id !== 'storage/stale-epoch') throw thrown;
		}
	}
}

function readKey(row: unknown): CryptoKey | undefined {
	if (typeof row !== 'object' || row === null || !('key' in row)) return undefined;
	return row.key instanceof CryptoKey ? row.key : undefined;
}
