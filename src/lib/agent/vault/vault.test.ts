import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../wire/entries';
import { userLabels } from '../../wire/labels';
import { exportSessionHtml } from '../sessions/interchange/export-html';
import { exportSessionJsonl } from '../sessions/interchange/export-jsonl';
import { createMemoryStore } from '../storage/memory';
import { tables } from '../storage/store';
import { createVault } from './vault';

const origin = 'https://api.example.com';
const canary = `canary-${'9f8e7d6c5b4a'.repeat(3)}`;

function world(store = createMemoryStore(), epoch = () => 0) {
	const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };
	return { store, vault: createVault({ store, crypto, clock: { now: () => 77 }, random, epoch }) };
}
const place = (headers: Headers, key: string): void => headers.set('x-api-key', key);
const isRelayFor = (url: string, bound: string): boolean =>
	bound === origin && url.startsWith('https://my.app/api/relay/example/');
const errorOf = async (work: Promise<unknown>): Promise<unknown> =>
	work.then(
		() => undefined,
		(thrown: unknown) => thrown
	);

describe('vault', () => {
	it('takes a key out of the quotes that it was copied with', async () => {
		const { vault } = world();
		await vault.save({ id: 'example', origin, kind: 'provider-key', key: ` "${canary}"\n` });
		const signed = await vault.sign({ secretId: 'example', request: new Request(origin), place, isRelayFor });
		expect(signed.headers.get('x-api-key')).toBe(canary);
	});

	it('signs for the bound origin and the relay path of it, and for nothing else', async () => {
		const { vault } = world();
		await vault.save({ id: 'example', origin, kind: 'provider-key', key: ` ${canary}\n` });
		const sign = async (url: string): Promise<Request> =>
			vault.sign({
				secretId: 'example',
				request: new Request(url, { method: 'POST', body: 'hi', headers: { a: 'b' } }),
				place,
				isRelayFor
			});
		for (const url of [`${origin}/v1/messages`, 'https://my.app/api/relay/example/v1/messages']) {
			const signed = await sign(url);
			expect(signed.headers.get('x-api-key')).toBe(canary);
			expect(signed.headers.get('a')).toBe('b');
			expect(signed.redirect).toBe('manual');
			expect(signed.method).toBe('POST');
			expect(await signed.text()).toBe('hi');
		}
		for (const url of [
			'https://evil.example/',
			'http://api.example.com/',
			`${origin}:8443/`,
			'https://api.example.com.evil.org/',
			'https://my.app/api/relay/other/',
			'https://my.app/api/fetch'
		]) {
			await expect(sign(url)).rejects.toMatchObject({ id: 'vault/wrong-origin' });
		}
		await expect(
			vault.sign({ secretId: 'none', request: new Request(origin), place, isRelayFor })
		).rejects.toMatchObject({ id: 'vault/no-secret' });
	});

	it('lists, replaces and removes, and works on after it is opened again', async () => {
		const { store, vault } = world();
		await Promise.all([
			vault.save({ id: 'a', origin, kind: 'provider-key', key: 'first-key' }),
			vault.save({ id: 'b', origin: 'http://localhost:1234', kind: 'provider-key', key: 'other-key' })
		]);
		await vault.save({ id: 'a', origin, kind: 'provider-key', key: 'second-key' });
		const again = world(store).vault;
		expect(await again.list()).toEqual([
			{ id: 'a', origin, kind: 'provider-key', savedAt: 77 },
			{ id: 'b', origin: 'http://localhost:1234', kind: 'provider-key', savedAt: 77 }
		]);
		const signed = await again.sign({ secretId: 'a', request: new Request(origin), place, isRelayFor });
		expect(signed.headers.get('x-api-key')).toBe('second-key');
		await again.remove('a');
		expect(await again.has('a')).toBe(false);
		expect(await again.has('b')).toBe(true);
		expect(await again.has('kek/device')).toBe(false);
	});

	it('two vaults that start at once agree on one key', async () => {
		const store = createMemoryStore();
		const vaults = [world(store).vault, world(store).vault, world(store).vault];
		await Promise.all(
			vaults.map(async (vault, i) =>
				vault.save({ id: `k${i}`, origin, kind: 'provider-key', key: `key-number-${i}` })
			)
		);
		for (let i = 0; i < 3; i++) {
			const signed = await world(store).vault.sign({
				secretId: `k${i}`,
				request: new Request(origin),
				place,
				isRelayFor
			});
			expect(signed.headers.get('x-api-key')).toBe(`key-number-${i}`);
		}
	});

	it('signs bare headers for the same addresses, and judges an address as it will be sent', async () => {
		const { vault } = world();
		await vault.save({ id: 'example', origin, kind: 'provider-key', key: canary });
		const sign = (url: string): Promise<Headers> =>
			vault.signHeaders({ secretId: 'example', url, headers: new Headers({ a: 'b' }), place, isRelayFor });
		const signed = await sign('https://my.app/api/relay/example/v1/messages');
		expect([...signed]).toEqual([
			['a', 'b'],
			['x-api-key', canary]
		]);
		for (const url of [
			'https://evil.example/',
			'https://my.app/api/relay/example/../other/v1/messages',
			'https://my.app/api/relay/example/%2e%2e/other/v1/messages'
		]) {
			await expect(sign(url)).rejects.toMatchObject({ id: 'vault/wrong-origin' });
		}
	});

	it('does not open a record that was moved to another id, host or kind, or changed', async () => {
		const { store, vault } = world();
		await vault.save({ id: 'a', origin, kind: 'provider-key', key: canary });
		const row = await store.get('vault', 'a');
		if (typeof row !== 'object' || row === null || !('ct' in row) || !(row.ct instanceof Uint8Array))
			throw new Error('no row');
		const evil = 'https://evil.example';
		for (const change of [
			{ aad: `vault/v1|a|${evil}|provider-key` },
			{ aad: `vault/v1|a|${origin}|other` },
			{ ct: row.ct.with(3, (row.ct[3] ?? 0) ^ 1) },
			{ aad: 'x' },
			{ alg: 'none' }
		]) {
			await store.commit({ epoch: 0, put: [{ table: 'vault', key: 'a', row: { ...row, ...change } }] });
			for (const target of [origin, evil]) {
				await expect(
					vault.sign({ secretId: 'a', request: new Request(target), place, isRelayFor })
				).rejects.toMatchObject({ id: expect.stringMatching(/^vault\//) });
			}
		}
		await store.commit({
			epoch: 0,
			put: [{ table: 'vault', key: 'b', row: { ...row, id: 'b', aad: `vault/v1|b|${origin}|provider-key` } }]
		});
		await expect(
			vault.sign({ secretId: 'b', request: new Request(origin), place, isRelayFor })
		).rejects.toMatchObject({ id: 'vault/no-secret' });
	});

	it('keeps a device key that cannot be exported', async () => {
		const { store, vault } = world();
		await vault.save({ id: 'a', origin, kind: 'provider-key', key: canary });
		const row = await store.get('vault', 'kek/device');
		if (typeof row !== 'object' || row === null || !('key' in row) || !(row.key instanceof CryptoKey))
			throw new Error('no key');
		expect(row.key.extractable).toBe(false);
		await expect(crypto.subtle.exportKey('raw', row.key)).rejects.toThrow();
	});

	it('writes nothing under a stale epoch', async () => {
		const store = createMemoryStore();
		await store.commit({ epoch: 0, put: [{ table: 'meta', key: 'epoch', row: { v: 1, epoch: 3 } }] });
		const { vault } = world(store, () => 2);
		await expect(vault.save({ id: 'a', origin, kind: 'provider-key', key: canary })).rejects.toMatchObject({
			id: 'storage/stale-epoch'
		});
		expect(await store.range('vault', {})).toEqual([]);
	});

	it('lets a planted key be found nowhere: no row, no export, no error (A8)', async () => {
		const { store, vault } = world();
		const seen: unknown[] = [];
		await vault.save({ id: 'a', origin, kind: 'provider-key', key: canary });
		const attempts = [
			vault.save({ id: 'a b', origin, kind: 'provider-key', key: canary }),
			vault.save({ id: 'a', origin: 'nowhere', kind: 'provider-key', key: canary }),
			vault.save({ id: 'a', origin, kind: 'provider-key', key: `${canary}\r\nx: y` }),
			vault.save({ id: 'a', origin, kind: 'provider-key', key: `${canary}ü` }),
			vault.sign({ secretId: 'a', request: new Request('https://evil.example/'), place, isRelayFor }),
			vault.sign({
				secretId: 'a',
				request: new Request(origin),
				place: (headers, key) => headers.set('x', `${key}\n${key}`),
				isRelayFor
			}),
			vault.sign({
				secretId: 'a',
				request: new Request(origin),
				place: (_headers, key) => {
					throw new Error(key);
				},
				isRelayFor
			})
		];
		for (const thrown of await Promise.all(attempts.map(errorOf))) {
			expect(thrown).toBeDefined();
			seen.push(thrown);
		}
		seen.push(await vault.list(), await vault.has('a'), vault);
		const one: Entry = {
			id: 'e',
			sessionId: 's',
			parentId: null,
			v: 1,
			kind: 'user',
			author: { device: 'd', principal: 'user' },
			parts: [{ type: 'text', text: 'hi' }],
			labels: userLabels,
			lam: 1,
			at: 1
		};
		const exported = {
			record: { id: 's', v: 1, createdAt: 1, temporary: false, registers: {} },
			entries: [one]
		};
		seen.push(exportSessionJsonl(exported, 1), exportSessionHtml(exported, 1));
		for (const table of tables) seen.push(await store.range(table, {}));
		const forms = [
			canary,
			btoa(canary),
			encodeURIComponent(canary),
			canary.split('').reverse().join(''),
			[...new TextEncoder().encode(canary)].join(', ')
		];
		for (const thing of seen) {
			const text = inspect(thing, {
				depth: 20,
				maxArrayLength: null,
				maxStringLength: null,
				showHidden: true
			});
			for (const form of forms) expect(text.includes(form)).toBe(false);
		}
	});
});
