import { expect, it } from 'vitest';
import { openTab } from '../../../../tests/fakes/agents';
import { keepHeader } from '../../wire/backup-api';
import { noBackups, fullerThan } from '../backup/backup-state';
import { createRecoveryCode } from '../home/recovery-code';
import { createMemoryStore } from '../storage/memory';

/** Keeps everything, and what it was asked to keep. */
function createRelay() {
	const kept: { at: number; sealed: Blob }[] = [];
	const asked: (string | null)[] = [];
	return {
		asked,
		async fetch(request: Request): Promise<Response> {
			const [id, at] = new URL(request.url).pathname.replace('/api/backups/', '').split('/');
			if (!/^[\w-]{22}$/.test(id ?? '')) throw new TypeError('offline');
			if (request.method === 'PUT') {
				asked.push(request.headers.get(keepHeader));
				kept.unshift({ at: 1000 + kept.length, sealed: await request.blob() });
			}
			if (at !== undefined) return new Response(kept.find((one) => String(one.at) === at)?.sealed ?? null);
			const data = kept.map((one) => ({ at: one.at, size: one.sealed.size }));
			return Response.json({ ok: true, data });
		}
	};
}

const titled = (id: string) => ({
	id,
	v: 1,
	createdAt: 1,
	temporary: false,
	registers: { title: { value: id, lam: 1, dev: 'd' } }
});

it('a backup with far fewer sessions is said so and keeps the one before at the relay, until the person says that it is right', async () => {
	const relay = createRelay();
	const secret = createRecoveryCode();
	const store = createMemoryStore();
	const ids = Array.from({ length: 8 }, (_, at) => `s${at}`);
	await store.commit({
		epoch: 0,
		put: ids.map((id) => ({ table: 'sessions', key: id, row: titled(id) }))
	});
	const tab = await openTab({ store, fetch: relay.fetch });
	const backUp = async () => {
		await tab.call('backup.change', { what: 'now' });
		return (await tab.call('backup.ask', { what: 'view' })).view;
	};
	await tab.call('backup.change', { what: 'setUp', kind: 'code', secret });
	await tab.call('backup.change', { what: 'relay', isOn: true });
	expect(await backUp()).toMatchObject({ sessions: 8, fuller: null });
	await store.commit({ epoch: 1, delete: ids.slice(2).map((key) => ({ table: 'sessions', key })) });
	expect(await backUp()).toMatchObject({ sessions: 2, fuller: { sessions: 8 } });
	expect(await backUp()).toMatchObject({ sessions: 2, fuller: { sessions: 8 } });
	expect(relay.asked).toEqual([null, '1000', '1000']);

	// Any of them can be looked into and put back.
	const other = await openTab({ store: createMemoryStore(), fetch: relay.fetch });
	const newest = await other.call('backup.ask', { what: 'look', from: { relay: null }, secret });
	expect(newest).toMatchObject({ contents: { sessions: 2 }, relay: { at: 1002 } });
	expect(newest.relay?.kept.map(({ at }) => at)).toEqual([1002, 1001, 1000]);
	const from = { relay: 1000 };
	expect(await other.call('backup.ask', { what: 'look', from, secret })).toMatchObject({
		contents: { sessions: 8 },
		relay: { at: 1000 }
	});
	const { restored } = await other.call('backup.change', { what: 'restore', from, secret });
	expect(restored?.sessions).toBe(8);
	await expect(other.call('backup.ask', { what: 'look', from: { relay: 5 }, secret })).rejects.toMatchObject({
		id: 'backup/unreadable'
	});

	await tab.call('backup.change', { what: 'fewer' });
	expect(await backUp()).toMatchObject({ sessions: 2, fuller: null });
	expect(relay.asked.at(-1)).toBe(null);
});

it('fewer sessions are far fewer when more than half of them are gone, and only until they are back', () => {
	const state = (sessions: number) => ({ ...noBackups, at: 5, sessions, relayName: 7 });
	expect(fullerThan(state(40), 19)).toEqual({ at: 5, sessions: 40, relayName: 7 });
	expect(fullerThan(state(40), 20)).toBeUndefined();
	expect(fullerThan(state(3), 1)).toBeUndefined();
	expect(fullerThan(noBackups, 0)).toBeUndefined();
	const fuller = { at: 3, sessions: 40, relayName: 6 };
	expect(fullerThan({ ...state(10), fuller }, 1)).toEqual(fuller);
	expect(fullerThan({ ...state(10), fuller }, 38)).toBeUndefined();
});
