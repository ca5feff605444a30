/** Devices of one home as whole agents, with a relay in memory between them. */

import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../src/lib/agent/storage/memory';
import type { Store } from '../../src/lib/agent/storage/store';
import { openTab, type TestTab } from '../fakes/agents';
import { createMemoryRelay, type DeviceNetwork, type MemoryRelay } from '../fakes/memory-relay';

interface Profile {
	readonly store: Store;
	readonly network: DeviceNetwork;
	tab: TestTab;
}

async function profile(relay: MemoryRelay, name: string): Promise<Profile> {
	const store = createMemoryStore();
	const network = relay.network();
	return { store, network, tab: await openTab({ store, network, fetch: relay.fetch, device: name }) };
}

async function until(what: () => Promise<boolean>, why: string): Promise<void> {
	for (let tries = 0; tries < 1_000; tries++) {
		if (await what()) return;
		await new Promise((done) => setTimeout(done, 10));
	}
	throw new Error(`never: ${why}`);
}

async function pairUp(host: Profile, guest: Profile): Promise<void> {
	await host.tab.call('home.change', { what: 'invite', name: 'Desk' });
	const { pairing } = await host.tab.call('home.view', null);
	await guest.tab.call('home.change', { what: 'join', code: pairing?.phrase ?? '', name: 'Phone' });
	let kid = '';
	await until(async () => {
		const { asks } = (await host.tab.call('home.view', null)).pairing ?? {};
		kid = asks?.kid ?? '';
		return asks?.name === 'Phone';
	}, 'asked');
	await host.tab.call('home.change', { what: 'admit', kid, keys: [] });
	for (const one of [host, guest])
		await until(async () => {
			const view = await one.tab.call('home.view', null);
			return view.state === 'joined' && view.devices.length === 2 && !view.waiting;
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
});
