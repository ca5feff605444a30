/** Devices of one home as whole agents, with a relay in memory between them. */

import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/lib/agent/ports';
import { createMemoryStore } from '../../src/lib/agent/storage/memory';
import type { Store } from '../../src/lib/agent/storage/store';
import { seeded } from '../contract/random';
import { openTab, type TestTab } from '../fakes/agents';
import { AppError } from '../../src/lib/wire/errors';
import { createCrashingStore } from './crashing-store';
import { createMemoryRelay, type DeviceNetwork, type MemoryRelay } from '../fakes/memory-relay';

interface Profile {
	readonly relay: MemoryRelay;
	readonly name: string;
	readonly store: Store;
	network: DeviceNetwork;
	tab: TestTab;
}

async function profile(
	relay: MemoryRelay,
	name: string,
	{ store = createMemoryStore(), clock }: { readonly store?: Store; readonly clock?: Clock } = {}
): Promise<Profile> {
	const network = relay.network();
	const ticking = clock === undefined ? {} : { clock };
	const tab = await openTab({ store, network, fetch: relay.fetch, device: name, ...ticking });
	return { relay, name, store, network, tab };
}

/** The process ends, in the middle of whatever it does, and another one goes on from what is on disk. */
async function restart(one: Profile): Promise<void> {
	one.network.setOnline(false);
	one.network = one.relay.network();
	const { store, network, relay, name } = one;
	one.tab = await openTab({ store, network, fetch: relay.fetch, device: name });
}

async function until(what: () => Promise<boolean>, why: string): Promise<void> {
	for (let tries = 0; tries < 2_000; tries++) {
		if (await what()) return;
		await new Promise((done) => setTimeout(done, 10));
	}
	throw new Error(`never: ${why}`);
}

async function pairUp(host: Profile, guest: Profile, count = 2, keys: readonly string[] = []): Promise<void> {
	await host.tab.call('home.change', { what: 'invite', name: 'Desk' });
	const { pairing } = await host.tab.call('home.view', null);
	await guest.tab.call('home.change', { what: 'join', code: pairing?.phrase ?? '', name: 'Phone' });
	let kid = '';
	await until(async () => {
		const { asks } = (await host.tab.call('home.view', null)).pairing ?? {};
		kid = asks?.kid ?? '';
		return asks?.name === 'Phone';
	}, 'asked');
	await host.tab.call('home.change', { what: 'admit', kid, keys });
	for (const one of [host, guest])
		await until(async () => {
			const view = await one.tab.call('home.view', null);
			return view.state === 'joined' && view.devices.length === count && !view.waiting;
		}, 'both joined');
}

/** What a person would compare, and what the next merge rests on. */
async function canonical({ store }: Profile): Promise<unknown> {
	const sessions = (await store.range('sessions', {})).map(({ row }) => {
		const { registers, ...rest } = row as { registers: Record<string, unknown> };
		const { entryCount, ...others } = registers as { entryCount?: { value: number } };
		return { ...rest, others, entryCount: entryCount?.value };
	});
	const entries = (await store.range('entries', {})).map(({ row }) => row);
	const packed = (await store.range('segments', {})).flatMap(
		({ row }) => (row as { entries: unknown[] }).entries
	);
	const all = [...entries, ...packed] as { id: string }[];
	const plugins = await store.range('plugins', {});
	const registers = await store.range('ops', { prefix: 'r/' });
	return JSON.parse(
		JSON.stringify({ sessions, entries: all.sort((a, b) => (a.id < b.id ? -1 : 1)), plugins, registers })
	);
}

async function agree(...profiles: readonly Profile[]): Promise<void> {
	let last: unknown[] = [];
	await until(async () => {
		last = await Promise.all(profiles.map(canonical));
		const views = await Promise.all(profiles.map(({ tab }) => tab.call('home.view', null)));
		return (
			views.every(({ waiting, state }) => !waiting && state === 'joined') &&
			last.every((one) => sorted(one) === sorted(last[0]))
		);
	}, 'agreed').catch((thrown: unknown) => {
		expect(last[1]).toEqual(last[0]);
		throw thrown;
	});
}
const sorted = (value: unknown): string =>
	JSON.stringify(value, (_key, one: unknown) =>
		typeof one === 'object' && one !== null && !Array.isArray(one)
			? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
			: one
	);

async function say(tab: TestTab, sessionId: string | null, text: string): Promise<string> {
	const opened = await tab.call('session.open', { sessionId });
	await tab.call('session.send', { sessionId: opened.sessionId, text, files: [] });
	await tab.until(() => tab.state()?.turn === 'idle');
	return opened.sessionId;
}

/** A message with a file; answers the file's hash. */
async function send({ tab }: Profile, content: Uint8Array<ArrayBuffer>): Promise<string> {
	const file = await tab.call('file.attach', { name: 'a.bin', mediaType: 'image/png', bytes: content });
	const { sessionId } = await tab.call('session.open', { sessionId: null });
	await tab.call('session.send', { sessionId, text: 'look', files: [file] });
	await tab.until(() => tab.state()?.turn !== 'running');
	return file.blob;
}

function has(one: Profile, blob: string, content: Uint8Array): Promise<void> {
	return until(async () => {
		const row = (await one.store.get('blobs', blob)) as { bytes: Uint8Array } | undefined;
		return row !== undefined && Buffer.compare(row.bytes, content) === 0;
	}, 'the file came');
}

/** The mark of the first telling, past its beginning. */
const hasBegun = (row: unknown): boolean => (row as { after: string }).after !== '';

describe('two devices of one person', () => {
	test('pair by code, write apart, meet, and have the same', async () => {
		const relay = createMemoryRelay();
		const [desk, phone] = [await profile(relay, 'd1'), await profile(relay, 'd2')];
		const sessionId = await say(desk.tab, null, 'before they knew each other');
		await pairUp(desk, phone);
		await agree(desk, phone);
		expect((await phone.tab.call('sessions.list', {})).rows.map(({ id }) => id)).toEqual([sessionId]);
		desk.network.setOnline(false);
		phone.network.setOnline(false);
		await say(desk.tab, sessionId, 'from the desk');
		await say(phone.tab, sessionId, 'from the phone');
		await desk.tab.call('session.update', { sessionId, title: 'Named at the desk' });
		await phone.tab.call('session.update', { sessionId, pinned: true });
		desk.network.setOnline(true);
		phone.network.setOnline(true);
		await agree(desk, phone);
		for (const { tab } of [desk, phone]) {
			const { rows } = await tab.call('sessions.list', {});
			expect(rows).toMatchObject([{ title: 'Named at the desk', pinned: true }]);
			const { nodes } = await tab.call('session.tree', { sessionId });
			expect(nodes.map(({ label }) => label)).toEqual(
				expect.arrayContaining(['from the desk', 'from the phone'])
			);
		}
	});

	test('whatever they do, wherever their processes end and their lines break, all have the same at last', async () => {
		const random = seeded('devices');
		const relay = createMemoryRelay();
		const all = [await profile(relay, 'd1'), await profile(relay, 'd2'), await profile(relay, 'd3')] as const;
		const [desk, phone, tablet] = all;
		for (const { tab } of all) await say(tab, null, 'before');
		await pairUp(desk, phone);
		await pairUp(desk, tablet, 3);
		await agree(...all);
		let made = 0;
		const act = async ({ tab }: Profile): Promise<void> => {
			const { rows } = await tab.call('sessions.list', {});
			const sessionId = random.pick(rows).id;
			const text = `words ${String(++made)}`;
			switch (random.int(9)) {
				case 0:
					await say(tab, null, text);
					return;
				case 1:
					await say(tab, null, `remember that ${text}`);
					return;
				case 2: {
					const { nodes } = await tab.call('session.tree', { sessionId });
					const { id } = random.pick(nodes);
					await tab.call('session.fork', { sessionId, entryId: id });
					return;
				}
				case 3:
					await tab.call('settings.set', { name: 'turns/steps', value: made });
					return;
				case 4:
					await tab.call('session.update', { sessionId, pinned: made % 2 === 0 });
					return;
				case 5:
					await tab.call('session.update', { sessionId, title: text, tags: [text] });
					return;
				default:
					await say(tab, sessionId, text);
			}
		};
		for (let step = 0; step < 60; step++) {
			const one = random.pick(all);
			const dice = random.int(12);
			// Abandoned in the middle: what was not acknowledged need not be there, and must then be nowhere.
			if (dice === 0) void act(one).catch(() => undefined);
			if (dice <= 1) await restart(one);
			else if (dice === 2) one.network.cut();
			else if (dice <= 4) one.network.setOnline(dice === 4);
			else await act(one);
		}
		for (const { network } of all) network.setOnline(true);
		await agree(...all);
		for (const one of all) await restart(one);
		await agree(...all);
		const { rows } = await desk.tab.call('sessions.list', {});
		for (const { tab } of [phone, tablet])
			expect((await tab.call('sessions.list', {})).rows.map(({ id }) => id)).toEqual(
				rows.map(({ id }) => id)
			);
	}, 60_000);

	test('what cannot be read is kept, and stops nothing of what comes with it', async () => {
		const relay = createMemoryRelay();
		const [desk, phone] = [await profile(relay, 'd1'), await profile(relay, 'd2')];
		const sessionId = await say(desk.tab, null, 'a good one');
		await pairUp(desk, phone);
		await agree(desk, phone);
		const kid = (await desk.tab.call('home.view', null)).devices.find(({ isThis }) => isThis)?.kid ?? '';
		desk.network.setOnline(false);
		const common = { v: 1, dev: kid, lam: 900, hlc: [0, 0], deps: [] };
		const node = { parent: null, session: sessionId };
		const bad = [
			{ type: 'node.add', body: { ...node, node: 'n1', content: 'no entry' } },
			{
				type: 'node.add',
				body: { ...node, node: 'n2', content: { id: 'another', sessionId, parentId: null } }
			},
			{ type: 'reg.set', body: { key: `session/${sessionId}/title`, value: { not: 'a title' } } },
			{ type: 'reg.set', body: { key: 'plugins/memory/x', value: 'no row' } },
			{ type: 'reg.set', body: { key: 'settings/vault', value: { v: 1, value: 'not synced' } } },
			{ type: 'reg.set', body: { key: 'rules/r1', value: { id: 'r2' } } },
			{ type: 'reg.set', body: { key: 'session/../x', value: 1 } },
			{ type: 'of.tomorrow', body: { some: 'thing' } }
		];
		const put = bad.map((op, n) => ({
			table: 'ops' as const,
			key: `q/0000000000000900/bad-${String(n)}`,
			row: { v: 1, op: { ...common, opId: `bad-${String(n)}`, ...op } }
		}));
		const epoch = ((await desk.store.get('meta', 'epoch')) as { epoch: number }).epoch;
		await desk.store.commit({ epoch, put });
		await restart(desk);
		await say(desk.tab, sessionId, 'and one after it');
		const read = async () =>
			(await phone.tab.call('session.tree', { sessionId })).nodes.map(({ label }) => label);
		await until(async () => (await read()).includes('and one after it'), 'the good one came');
		expect(await phone.store.get('settings', 'vault')).toBeUndefined();
		expect(await phone.store.get('rules', 'r1')).toBeUndefined();
		expect(await phone.store.get('plugins', 'memory/x')).toBeUndefined();
		expect((await phone.tab.call('sessions.list', {})).badRows).toBe(0);
		const kept = JSON.stringify(await phone.store.get('meta', 'sync-kept'));
		for (const word of ['no entry', 'another', 'of.tomorrow']) expect(kept).toContain(word);
		await restart(phone);
		expect(await read()).toContain('and one after it');
	});

	test('a device that is removed is out, also after a new start; paired anew, it brings what it wrote', async () => {
		const relay = createMemoryRelay();
		const [desk, phone] = [await profile(relay, 'd1'), await profile(relay, 'd2')];
		const sessionId = await say(desk.tab, null, 'ours');
		await pairUp(desk, phone);
		await agree(desk, phone);
		const other = (await desk.tab.call('home.view', null)).devices.find(({ isThis }) => !isThis);
		await desk.tab.call('home.change', { what: 'revoke', kid: other?.kid ?? '' });
		const state = async ({ tab }: Profile) => (await tab.call('home.view', null)).state;
		const trouble = async ({ tab }: Profile) => (await tab.call('app.status', null)).home;
		await until(async () => (await state(phone)) === 'revoked', 'told');
		expect(await trouble(phone)).toBe('revoked');
		await restart(phone);
		await until(async () => (await state(phone)) === 'revoked', 'known');
		expect(await trouble(phone)).toBe('revoked');
		// A line that is down is no trouble.
		desk.network.setOnline(false);
		await until(async () => (await state(desk)) === 'apart', 'apart');
		expect(await trouble(desk)).toBeUndefined();
		desk.network.setOnline(true);
		await say(desk.tab, sessionId, 'without the phone');
		await say(phone.tab, sessionId, 'without the desk');
		await phone.tab.call('home.change', { what: 'leave' });
		expect(await state(phone)).toBe('none');
		await desk.tab.call('home.change', { what: 'invite', name: 'Desk' });
		const phrase = (await desk.tab.call('home.view', null)).pairing?.phrase ?? '';
		await phone.tab.call('home.change', { what: 'join', code: phrase, name: 'Phone' });
		let kid = '';
		await until(async () => {
			kid = (await desk.tab.call('home.view', null)).pairing?.asks?.kid ?? '';
			return kid !== '';
		}, 'asked');
		await desk.tab.call('home.change', { what: 'admit', kid, keys: [] });
		const labels = async ({ tab }: Profile) =>
			(await tab.call('session.tree', { sessionId })).nodes.map(({ label }) => label);
		for (const one of [desk, phone])
			await until(async () => {
				const found = await labels(one);
				return found.includes('without the phone') && found.includes('without the desk');
			}, 'both have both');
		// A code is good once.
		await expect(
			(await profile(relay, 'd3')).tab.call('home.change', { what: 'join', code: phrase, name: 'Thief' })
		).rejects.toMatchObject({ id: 'pair/taken' });
	}, 30_000);

	test('keys go along only where they were chosen, and a temporary session goes nowhere', async () => {
		const relay = createMemoryRelay();
		const [desk, phone] = [await profile(relay, 'd1'), await profile(relay, 'd2')];
		for (const provider of ['anthropic', 'openai'])
			await desk.tab.call('providers.saveKey', { provider, key: `sk-canary-${provider}` });
		const { sessionId } = await desk.tab.call('session.open', { sessionId: null, temporary: true });
		await desk.tab.call('session.send', { sessionId, text: 'nobody shall know', files: [] });
		// Its keys are good for nothing, and what was said stays all the same.
		await desk.tab.until(() => desk.tab.state()?.turn === 'failed');
		await pairUp(desk, phone, 2, ['openai']);
		await agree(desk, phone);
		await until(async () => (await phone.tab.call('home.view', null)).keys.length > 0, 'the key came');
		expect((await phone.tab.call('home.view', null)).keys).toEqual(['openai']);
		const cards = await phone.tab.call('providers.list', null);
		expect(cards.filter(({ hasKey }) => hasKey).map(({ id }) => id)).toEqual(['openai']);
		for (const { store } of [desk, phone]) {
			const rows = JSON.stringify([await store.range('ops', {}), await store.range('entries', {})]);
			expect(rows).not.toContain('sk-canary');
			expect(rows).not.toContain('nobody shall know');
		}
	});

	test('a message that is longer than an envelope arrives whole', async () => {
		const relay = createMemoryRelay();
		const [desk, phone] = [await profile(relay, 'd1'), await profile(relay, 'd2')];
		await pairUp(desk, phone);
		const long = Array.from({ length: 60_000 }, (_, n) => `word${String(n)}`).join(' ');
		const sessionId = await say(desk.tab, null, long);
		await agree(desk, phone);
		const entries = await phone.store.range('entries', { prefix: `${sessionId}/` });
		expect(JSON.stringify(entries)).toContain(long);
	});

	test('files go with the entries that speak of them, those from before and long ones too', async () => {
		const relay = createMemoryRelay();
		const [desk, phone] = [await profile(relay, 'd1'), await profile(relay, 'd2')];
		const bytes = crypto.getRandomValues(new Uint8Array(60_000));
		const large = new Uint8Array(700_000).map((_, n) => n % 251);
		const before = await send(desk, bytes);
		await pairUp(desk, phone);
		const after = await send(phone, large);
		await has(phone, before, bytes);
		await has(desk, after, large);
		await agree(desk, phone);
	});

	test('what was here before is told when the disk takes it, and until then nothing is in step', async () => {
		const relay = createMemoryRelay();
		let isFull = true;
		const store = createCrashingStore(createMemoryStore(), {
			refuse: ({ put = [] }) =>
				isFull && put.some(({ table, key, row }) => key === 'home-birth' && table === 'meta' && hasBegun(row))
					? new AppError('storage/quota-exceeded')
					: undefined
		});
		const clock = {
			now: () => Date.now(),
			sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, ms / 20).unref())
		};
		const [desk, phone] = [await profile(relay, 'd1', { store, clock }), await profile(relay, 'd2')];
		const sessionId = await say(desk.tab, null, 'from before');
		await desk.tab.call('home.change', { what: 'invite', name: 'Desk' });
		const view = () => desk.tab.call('home.view', null);
		const sync = async () => (await desk.tab.call('backup.ask', { what: 'view' })).view?.sync;
		await until(async () => (await view()).state === 'joined', 'joined');
		await new Promise((done) => setTimeout(done, 300));
		expect((await view()).waiting).toBe(true);
		isFull = false;
		await until(async () => !(await view()).waiting, 'told');
		// A code is a member, but holds nothing.
		await desk.tab.call('home.change', { what: 'recovery' });
		await until(async () => !(await view()).waiting, 'the code is made');
		expect(await sync()).toBe('behind');
		await pairUp(desk, phone, 3);
		await agree(desk, phone);
		expect((await phone.tab.call('sessions.list', {})).rows.map(({ id }) => id)).toEqual([sessionId]);
		expect(await sync()).toBe('current');
	});

	test('when all devices are gone, a recovery code brings everything back, once', async () => {
		const relay = createMemoryRelay();
		const [desk, phone] = [await profile(relay, 'd1'), await profile(relay, 'd2')];
		const sessionId = await say(desk.tab, null, 'what shall not be lost');
		await pairUp(desk, phone);
		const { code: older } = await desk.tab.call('home.change', { what: 'recovery' });
		const { code } = await desk.tab.call('home.change', { what: 'recovery' });
		await say(phone.tab, sessionId, 'and this, from after the code was made');
		await agree(desk, phone);
		for (const { network } of [desk, phone]) network.setOnline(false);
		const tablet = await profile(relay, 'd3');
		const recover = (typed: string, { tab } = tablet) =>
			tab.call('home.change', { what: 'recover', code: typed, name: 'Tablet' });
		await expect(recover('0000-0000')).rejects.toMatchObject({ id: 'pair/code-incomplete' });
		await expect(
			recover(`${code?.slice(0, -1) ?? ''}${code?.endsWith('0') === true ? '1' : '0'}`)
		).rejects.toMatchObject({
			id: 'pair/code-unknown'
		});
		await expect(recover(older ?? '')).rejects.toMatchObject({ id: 'pair/refused' });
		expect((await tablet.tab.call('home.view', null)).state).toBe('none');
		await recover(code?.toLowerCase() ?? '');
		const labels = async () =>
			(await tablet.tab.call('session.tree', { sessionId })).nodes.map(({ label }) => label);
		await until(async () => (await tablet.tab.call('sessions.list', {})).rows.length === 1, 'came back');
		await until(async () => (await labels()).some((label) => label.startsWith('and this')), 'all of it');
		await until(async () => {
			const { devices } = await tablet.tab.call('home.view', null);
			return devices.filter(({ isRevoked }) => !isRevoked).every(({ isRecovery }) => !isRecovery);
		}, 'the code is used up');
		await expect(recover(code ?? '', await profile(relay, 'd4'))).rejects.toMatchObject({
			id: 'pair/refused'
		});
	}, 30_000);

	test('after a thousand envelopes one of them writes everything down, and a newcomer begins there', async () => {
		const relay = createMemoryRelay();
		const [desk, phone] = [await profile(relay, 'd1'), await profile(relay, 'd2')];
		const sessionId = await say(desk.tab, null, 'first');
		await desk.tab.call('session.update', { sessionId, pinned: true });
		await pairUp(desk, phone);
		const bytes = crypto.getRandomValues(new Uint8Array(1_000));
		const large = new Uint8Array(700_000).map((_, n) => n % 251);
		const [file, long] = [await send(desk, bytes), await send(desk, large)];
		const { code } = await desk.tab.call('home.change', { what: 'recovery' });
		const [id = ''] = relay.rooms();
		const hasMore = (): boolean => relay.room(id).meta().seq > 1_002;
		for (let n = 0; n < 5_000 && !hasMore(); n++) {
			await desk.tab.call('session.update', { sessionId, title: `title ${String(n)}` });
			// An envelope each, as when a person does it.
			await new Promise((done) => setTimeout(done, 3));
		}
		expect(hasMore()).toBe(true);
		await until(() => Promise.resolve(relay.room(id).meta().upTo > 0), 'written down');
		await say(phone.tab, sessionId, 'last');
		await agree(desk, phone);
		// A snapshot holds no files: the room kept them, and nobody else is there to ask.
		for (const { network } of [desk, phone]) network.setOnline(false);
		const alone = await profile(relay, 'd3');
		await alone.tab.call('home.change', { what: 'recover', code: code ?? '', name: 'Found again' });
		await has(alone, file, bytes);
		await has(alone, long, large);
		expect(await alone.store.range('ops', { prefix: 'm/' })).toEqual([]);
		for (const { network } of [desk, phone]) network.setOnline(true);
		const tablet = await profile(relay, 'd4');
		await pairUp(phone, tablet, 5);
		await agree(desk, phone, tablet);
		await has(tablet, file, bytes);
	}, 120_000);
});
