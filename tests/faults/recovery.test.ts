/** Recovery codes, where the relay or the process fails in the middle. */

import { expect, test } from 'vitest';
import { createMemoryStore } from '../../src/lib/agent/storage/memory';
import { openTab, type TestTab } from '../fakes/agents';
import { createMemoryRelay, type MemoryRelay } from '../fakes/memory-relay';

async function until(what: () => Promise<boolean>, why: string): Promise<void> {
	for (let tries = 0; tries < 1_000; tries++) {
		if (await what()) return;
		await new Promise((done) => setTimeout(done, 10));
	}
	throw new Error(`never: ${why}`);
}

async function profile(relay: MemoryRelay, device: string) {
	const store = createMemoryStore();
	let isDown = false;
	const open = async () => {
		const network = relay.network();
		const fetch = (request: Request): Promise<Response> =>
			isDown ? Promise.reject(new TypeError('no relay')) : relay.fetch(request);
		return { network, tab: await openTab({ store, network, fetch, device }) };
	};
	let now = await open();
	return {
		store,
		tab: () => now.tab,
		setDown: (down: boolean) => (isDown = down),
		async restart() {
			now.network.setOnline(false);
			now = await open();
		}
	};
}

const living = async (tab: TestTab) => {
	const { devices } = await tab.call('home.view', null);
	return devices.filter(({ isRevoked }) => !isRevoked);
};
const codes = async (tab: TestTab) => (await living(tab)).filter(({ isRecovery }) => isRecovery).length;

async function found(relay: MemoryRelay) {
	const desk = await profile(relay, 'd1');
	await desk.tab().call('home.change', { what: 'invite', name: 'Desk' });
	await desk.tab().call('home.change', { what: 'cancel' });
	await until(async () => {
		const { state, waiting } = await desk.tab().call('home.view', null);
		return state === 'joined' && !waiting;
	}, 'founded');
	return desk;
}

const make = async (tab: TestTab): Promise<string> =>
	(await tab.call('home.change', { what: 'recovery' })).code ?? '';

test('a code stays good where the next one came to nothing', async () => {
	const relay = createMemoryRelay();
	const desk = await found(relay);
	const code = await make(desk.tab());
	desk.setDown(true);
	await expect(make(desk.tab())).rejects.toMatchObject({ id: expect.any(String) });
	desk.setDown(false);
	await until(async () => (await codes(desk.tab())) === 1, 'what came to nothing is gone again');
	const tablet = await profile(relay, 'd2');
	await tablet.tab().call('home.change', { what: 'recover', code, name: 'Tablet' });
	await until(async () => (await living(tablet.tab())).length > 0, 'it opens the home');
}, 30_000);

test('a code that was used is out and its note is gone, also where the tab ended right after', async () => {
	const relay = createMemoryRelay();
	const desk = await found(relay);
	const code = await make(desk.tab());
	const others = relay.places().length - 1;
	const tablet = await profile(relay, 'd2');
	await tablet.tab().call('home.change', { what: 'recover', code, name: 'Tablet' });
	await tablet.restart();
	await until(async () => (await codes(desk.tab())) === 0, 'the code is out');
	await until(() => Promise.resolve(relay.places().length === others), 'the note is gone');
	await until(
		async () => (await tablet.store.range('meta', { prefix: 'home-leaving/' })).length === 0,
		'done'
	);
	const thief = await profile(relay, 'd3');
	await expect(
		thief.tab().call('home.change', { what: 'recover', code, name: 'Thief' })
	).rejects.toMatchObject({ id: 'pair/refused' });
}, 30_000);
