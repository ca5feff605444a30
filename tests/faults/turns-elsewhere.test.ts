/** A turn that one device runs, as another device of the same home sees it, decides on it, and takes it over. */

import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../src/lib/agent/storage/memory';
import type { Store } from '../../src/lib/agent/storage/store';
import { openTab, type TestTab } from '../fakes/agents';
import { createMemoryRelay, type DeviceNetwork, type MemoryRelay } from '../fakes/memory-relay';

interface Profile {
	readonly store: Store;
	readonly network: DeviceNetwork;
	readonly name: string;
	tab: TestTab;
}

async function profile(relay: MemoryRelay, name: string): Promise<Profile> {
	const store = createMemoryStore();
	const network = relay.network();
	return {
		store,
		network,
		name,
		tab: await openTab({ store, network, fetch: relay.fetch, device: name })
	};
}

async function until(what: () => Promise<boolean> | boolean, why: string): Promise<void> {
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
		return kid !== '';
	}, 'asked');
	await host.tab.call('home.change', { what: 'admit', kid, keys: [] });
	for (const one of [host, guest])
		await until(async () => {
			const view = await one.tab.call('home.view', null);
			return view.state === 'joined' && view.devices.length === 2 && !view.waiting;
		}, 'both joined');
}

/** The desk waits for a person: the other one has been told. */
async function heldAtTheDesk(): Promise<{ desk: Profile; phone: Profile; sessionId: string }> {
	const relay = createMemoryRelay();
	const [desk, phone] = [await profile(relay, 'd1'), await profile(relay, 'd2')];
	await pairUp(desk, phone);
	const { sessionId } = await desk.tab.call('session.open', { sessionId: null });
	await desk.tab.call('session.configure', { sessionId, mode: 'propose' });
	await desk.tab.call('session.send', { sessionId, text: 'remember that I like tea', files: [] });
	await desk.tab.until(() => desk.tab.state()?.turn === 'held');
	await until(
		async () => (await phone.tab.call('sessions.list', {})).rows.some(({ turn }) => turn === 'held'),
		'held on the phone'
	);
	await phone.tab.call('session.open', { sessionId });
	await phone.tab.until(() => phone.tab.state()?.elsewhere === 'Desk');
	return { desk, phone, sessionId };
}

function heldCall({ tab }: Profile) {
	for (const item of tab.items())
		if (item.type === 'call' && item.call.held !== undefined) return item.call.held;
	return undefined;
}

const openTurns = async ({ store }: Profile): Promise<number> =>
	(await store.range('turns', {})).filter(({ row }) => (row as { state: string }).state !== 'ended').length;

const results = (one: Profile): readonly string[] =>
	one.tab.items().flatMap((item) => (item.type === 'call' ? [item.call.state] : []));

describe('a turn of another device', () => {
	test('waits on both; approved on the phone it runs at the desk, once, and ends on both', async () => {
		const { desk, phone, sessionId } = await heldAtTheDesk();
		expect(heldCall(phone)).toEqual(heldCall(desk));
		const approvalId = heldCall(phone)?.approvalId ?? '';
		await phone.tab.call('call.decide', { sessionId, approvalId, decision: 'once' });
		for (const { tab } of [desk, phone]) {
			await tab.until(() => tab.state()?.turn === 'idle');
			await tab.until(() => tab.items().some((item) => item.type === 'wherry' && item.turnEnd !== undefined));
			expect(tab.state()?.elsewhere).toBeUndefined();
		}
		expect(results(desk)).toEqual(['ok']);
		expect(results(phone)).toEqual(['ok']);
		expect(await openTurns(phone)).toBe(0);
		// By whom it was decided stands in the journal of the device that ran it.
		const [approval] = await desk.store.range('approvals', {});
		const { devices } = await phone.tab.call('home.view', null);
		expect(approval?.row).toMatchObject({
			state: 'used',
			decidedBy: devices.find(({ isThis }) => isThis)?.kid
		});
	});

	test('is stopped from the phone', async () => {
		const { desk, phone, sessionId } = await heldAtTheDesk();
		await phone.tab.call('session.stop', { sessionId });
		for (const { tab } of [desk, phone]) await tab.until(() => tab.state()?.turn === 'idle');
		expect(results(desk)).toEqual(['not-run']);
		await phone.tab.until(() => results(phone)[0] === 'not-run');
	});

	test('keeps others from beginning one of their own in its session, with a sentence that says who', async () => {
		const { phone, sessionId } = await heldAtTheDesk();
		await expect(
			phone.tab.call('session.send', { sessionId, text: 'calculate 6 * 7', files: [] })
		).rejects.toMatchObject({ id: 'turn/elsewhere', data: { device: 'Desk' } });
	});

	test('is taken over while the desk is away; the desk lets go of it when it is back, and nothing is there twice', async () => {
		const { desk, phone, sessionId } = await heldAtTheDesk();
		desk.network.setOnline(false);
		await phone.tab.call('home.change', { what: 'takeTurn', sessionId });
		await phone.tab.until(() => phone.tab.state()?.elsewhere === undefined);
		expect(await openTurns(phone)).toBe(1);
		const approvalId = heldCall(phone)?.approvalId ?? '';
		await phone.tab.call('call.decide', { sessionId, approvalId, decision: 'once' });
		await phone.tab.until(() => phone.tab.state()?.turn === 'idle');
		expect(results(phone)).toEqual(['ok']);
		expect(desk.tab.state()?.turn).toBe('held');

		desk.network.setOnline(true);
		await desk.tab.until(() => desk.tab.state()?.turn === 'idle');
		expect(await openTurns(desk)).toBe(0);
		await desk.tab.until(() => results(desk)[0] === 'ok');
		expect(desk.tab.items().map(({ type }) => type)).toEqual(phone.tab.items().map(({ type }) => type));
		const nodes = await desk.tab.call('session.tree', { sessionId });
		expect(new Set(nodes.nodes.map(({ parentId }) => parentId)).size).toBe(nodes.nodes.length);
	});

	test('approved from the phone, then taken over and rejected there before the desk hears of either: nothing runs', async () => {
		const { desk, phone, sessionId } = await heldAtTheDesk();
		desk.network.setOnline(false);
		const approvalId = heldCall(phone)?.approvalId ?? '';
		await phone.tab.call('call.decide', { sessionId, approvalId, decision: 'once' });
		await phone.tab.call('home.change', { what: 'takeTurn', sessionId });
		await phone.tab.until(() => phone.tab.state()?.elsewhere === undefined);
		await phone.tab.call('call.decide', { sessionId, approvalId, decision: 'reject' });
		await phone.tab.until(() => phone.tab.state()?.turn === 'idle');
		desk.network.setOnline(true);
		await desk.tab.until(() => desk.tab.state()?.turn === 'idle');
		await desk.tab.until(() => results(desk)[0] !== 'held');
		expect([results(desk), results(phone)]).toEqual([['rejected'], ['rejected']]);
		expect(JSON.stringify(await desk.store.range('plugins', {}))).not.toContain('like tea');
	});

	test('a desk that begins anew while its turn is on the phone reads that first, and runs nothing of it', async () => {
		const { desk, phone, sessionId } = await heldAtTheDesk();
		desk.network.setOnline(false);
		await phone.tab.call('home.change', { what: 'takeTurn', sessionId });
		await phone.tab.until(() => phone.tab.state()?.elsewhere === undefined);
		desk.network.setOnline(true);
		desk.tab = await openTab({ store: desk.store, network: desk.network, device: desk.name });
		await desk.tab.call('session.open', { sessionId });
		await desk.tab.until(() => desk.tab.state()?.elsewhere === 'Phone');
		expect(await openTurns(desk)).toBe(0);
		expect(await openTurns(phone)).toBe(1);
		const approvalId = heldCall(phone)?.approvalId ?? '';
		await phone.tab.call('call.decide', { sessionId, approvalId, decision: 'once' });
		for (const one of [desk, phone]) await one.tab.until(() => results(one)[0] === 'ok');
		const { nodes } = await desk.tab.call('session.tree', { sessionId });
		expect(new Set(nodes.map(({ parentId }) => parentId)).size).toBe(nodes.length);
	});

	test('is still another’s after the phone was started anew; while it is apart nobody is kept from going on', async () => {
		const { desk, phone, sessionId } = await heldAtTheDesk();
		phone.network.setOnline(false);
		phone.tab = await openTab({ store: phone.store, network: phone.network, device: phone.name });
		await phone.tab.call('session.open', { sessionId });
		await phone.tab.until(() => phone.tab.state()?.turn === 'held');
		expect(phone.tab.state()?.elsewhere).toBeUndefined();
		expect(await openTurns(phone)).toBe(0);
		phone.network.setOnline(true);
		await phone.tab.until(() => phone.tab.state()?.elsewhere === 'Desk');
		expect(await openTurns(desk)).toBe(1);

		phone.network.setOnline(false);
		await phone.tab.until(() => phone.tab.state()?.elsewhere === undefined);
		await phone.tab.call('session.send', { sessionId, text: 'good morning', files: [] });
		await phone.tab.until(() => phone.tab.state()?.turn === 'idle');
		phone.network.setOnline(true);
		await until(
			async () => (await desk.tab.call('session.tree', { sessionId })).nodes.length > 3,
			'what the phone said, at the desk'
		);
		// It was a branch of its own: the desk still waits for its person.
		expect(await openTurns(desk)).toBe(1);
	});
});
