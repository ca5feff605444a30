import { expect, it } from 'vitest';
import { openTab } from '../../../../tests/fakes/agents';
import { createFakeClock, createFakeIds, createSeededRandom } from '../../../../tests/fakes/ports';
import { createRecoveryCode } from '../home/recovery-code';
import { noBackups, readState, stateWrite } from '../backup/backup-state';
import { createMemoryStore } from '../storage/memory';
import { isBackupDue } from './keep-backups';

const hour = 60 * 60_000;
const offline = (): Promise<Response> => Promise.reject(new TypeError('offline'));

/** A tab with a session, whose relay answers as `fetch` does. */
async function backedUpTab(fetch: (request: Request) => Promise<Response>) {
	const store = createMemoryStore();
	const tab = await openTab({ store, fetch });
	const { sessionId } = await tab.call('session.open', { sessionId: null });
	await tab.call('session.send', { sessionId, text: 'calculate 6 * 7', files: [] });
	await tab.until(() => tab.state()?.turn === 'idle' && tab.items().length >= 2);
	const clock = createFakeClock(Date.now() + hour);
	const ports = { clock, ids: createFakeIds(), random: createSeededRandom(1), fetch: offline };
	return { store, tab, clock, isDue: () => isBackupDue({ store, ports }) };
}

it('a backup is due with a key, a place and something that has changed, and at most every hour', async () => {
	const put: Request[] = [];
	const { store, tab, clock, isDue } = await backedUpTab((request) => {
		if (request.method !== 'PUT') return offline();
		put.push(request);
		return Promise.resolve(Response.json({ ok: true, data: [{ at: 1, size: 1 }] }));
	});
	expect(await isDue()).toBe(false);
	await tab.call('backup.change', { what: 'setUp', kind: 'code', secret: createRecoveryCode() });
	expect(await isDue()).toBe(false);
	await tab.call('backup.change', { what: 'relay', isOn: true });
	expect(await isDue()).toBe(true);
	await tab.call('backup.change', { what: 'now' });
	expect(put.map(({ url }) => new URL(url).pathname)).toEqual([
		expect.stringMatching(/^\/api\/backups\/[\w-]{22}$/)
	]);
	expect(await isDue()).toBe(false);
	clock.advance(2 * hour);
	// Nothing has changed.
	expect(await isDue()).toBe(false);
	const state = await readState(store);
	const earlier = { ...state, relay: { at: 1, problem: '' } };
	await store.commit({ epoch: 1, put: [stateWrite({ ...earlier, triedAt: clock.now() - hour / 2 })] });
	expect(await isDue()).toBe(false);
	await store.commit({ epoch: 1, put: [stateWrite({ ...earlier, triedAt: clock.now() - 2 * hour })] });
	expect(await isDue()).toBe(true);
});

it('a relay that cannot be reached is said so, the key stays, and the next one is tried again', async () => {
	const { tab, clock, isDue } = await backedUpTab(offline);
	await tab.call('backup.change', { what: 'setUp', kind: 'code', secret: createRecoveryCode() });
	await tab.call('backup.change', { what: 'relay', isOn: true });
	await expect(tab.call('backup.change', { what: 'now' })).rejects.toMatchObject({ id: 'backup/failed' });
	const { view } = await tab.call('backup.ask', { what: 'view' });
	expect(view).toMatchObject({
		kind: 'code',
		at: noBackups.at,
		changedSince: 1,
		sync: 'no-home',
		progress: null
	});
	expect(view?.relay?.problem).toContain('could not be asked');
	expect(await isDue()).toBe(false);
	clock.advance(hour);
	expect(await isDue()).toBe(true);
});

it('a turn ends, and with nobody asking a backup of it is at the relay, which opens with the code', async () => {
	const code = createRecoveryCode();
	const sent: Blob[] = [];
	const tab = await openTab({
		store: createMemoryStore(),
		// Minutes pass as they do, what is waited for is over at once.
		clock: {
			now: () => Date.now(),
			sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 5)).unref())
		},
		async fetch(request) {
			if (request.method !== 'PUT') throw new TypeError('offline');
			sent.push(await request.blob());
			return Response.json({ ok: true, data: [{ at: 1, size: 1 }] });
		}
	});
	await tab.call('backup.change', { what: 'setUp', kind: 'code', secret: code });
	await tab.call('backup.change', { what: 'relay', isOn: true });
	const { sessionId } = await tab.call('session.open', { sessionId: null });
	await tab.call('session.send', { sessionId, text: 'calculate 6 * 7', files: [] });
	await expect.poll(() => sent.length, { timeout: 20_000 }).toBe(1);
	const [file] = sent;
	const other = await openTab({ store: createMemoryStore() });
	const secret = code.toLowerCase();
	const from = { file: file ?? new Blob() };
	const { contents } = await other.call('backup.ask', { what: 'look', from, secret });
	expect(contents).toMatchObject({ sessions: 1, damaged: 0, isCut: false });
	const { restored } = await other.call('backup.change', { what: 'restore', from, secret });
	expect(restored?.sessions).toBe(1);
	expect(restored?.messages).toBeGreaterThanOrEqual(2);
	await other.call('session.open', { sessionId });
	await other.until(() => other.items().length >= 2);
});
