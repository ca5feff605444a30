import { describe, expect, test } from 'vitest';
import { fromBase64Url, toBase64Url, verifyDevice } from '../../wire/device';
import { createMemoryStore } from '../storage/memory';
import { openDeviceKey } from './device-key';

const bytes = new TextEncoder().encode('what is signed');

describe('a device’s key', () => {
	test('is made once, also when two tabs ask in the same moment', async () => {
		const store = createMemoryStore();
		const [one, other] = await Promise.all([openDeviceKey(store), openDeviceKey(store)]);
		expect(other.publicKey).toEqual(one.publicKey);
		expect((await openDeviceKey(store)).publicKey).toEqual(one.publicKey);
	});

	test('signs what everybody can verify, and nothing else', async () => {
		const key = await openDeviceKey(createMemoryStore());
		const signature = await key.sign(bytes);
		expect(signature.length).toBe(64);
		expect(await verifyDevice(key.publicKey, signature, bytes)).toBe(true);
		expect(await verifyDevice(key.publicKey, signature, bytes.slice(1))).toBe(false);
		const other = await openDeviceKey(createMemoryStore());
		expect(await verifyDevice(other.publicKey, signature, bytes)).toBe(false);
		expect(
			await verifyDevice({ ...other.publicKey, kid: key.publicKey.kid }, await other.sign(bytes), bytes)
		).toBe(false);
		expect(await verifyDevice({ ...key.publicKey, raw: 'x'.repeat(43) }, signature, bytes)).toBe(false);
	});

	test('cannot be taken out of the store', async () => {
		const store = createMemoryStore();
		await openDeviceKey(store);
		const row = await store.get('vault', 'device/sign');
		if (typeof row !== 'object' || row === null || !('privateKey' in row)) throw new Error('no row');
		if (!(row.privateKey instanceof CryptoKey)) throw new Error('no key');
		expect(row.privateKey.extractable).toBe(false);
		await expect(crypto.subtle.exportKey('pkcs8', row.privateKey)).rejects.toThrow();
	});

	test('base64url goes there and back', () => {
		const all = Uint8Array.from({ length: 256 }, (_, i) => i);
		expect(fromBase64Url(toBase64Url(all))).toEqual(all);
		expect(toBase64Url(all)).toMatch(/^[A-Za-z0-9_-]+$/);
	});
});
