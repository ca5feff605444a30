import { describe, expect, test } from 'vitest';
import { createFakeClock, createFakeIds } from '../../../../tests/fakes/ports';
import { createSyncDevice, newRoom } from '../../../../tests/fakes/sync-devices';
import type { Entry } from '../../wire/entries';
import { facts, setFacts } from '../sessions/facts';
import { openLamClock } from '../sessions/lam';
import type { SessionRecord } from '../sessions/records';
import { createSessionWriter } from '../sessions/writer';
import { createMemoryStore } from '../storage/memory';
import type { Store } from '../storage/store';
import { createOutgoingStore } from '../storage/outgoing';
import { tellCommit } from './commit-operations';
import { sealEnvelope } from './envelope';
import { createKeeper, readOutbox } from './outbox';
import { createReplica, type Replica } from './replica';
import { genesisOf } from './signature';

const entryOf = (id: string, parentId: string | null): Entry => ({
	id,
	sessionId: 's1',
	parentId,
	v: 1,
	kind: 'user',
	author: { device: 'd', principal: 'user' },
	parts: [{ type: 'text', text: `words of ${id}` }],
	labels: { integrity: 'user', private: false, sources: [] },
	lam: 1,
	at: 0
});

async function world(temporary = false) {
	const store = createMemoryStore();
	const room = newRoom();
	const device = await createSyncDevice(room, new Uint8Array(32));
	const lamport = await openLamClock(store);
	const ports = { dev: device.kid, clock: createFakeClock(), ids: createFakeIds(), lamport };
	const outgoing = createOutgoingStore(store);
	outgoing.tell(
		Promise.resolve(async (commit) => ({
			...(await tellCommit(commit, store, ports)),
			committed: () => undefined
		}))
	);
	let record: SessionRecord = { id: 's1', v: 1, createdAt: 5, temporary, registers: {} };
	const writer = createSessionWriter('s1', {
		store: outgoing,
		epoch: () => 0,
		lamport,
		record: () => record,
		facts,
		withFacts: (of, patch, lam) => setFacts(of, patch, { lam, dev: device.kid }),
		branch: () => [],
		applied: (next) => {
			record = next;
		}
	});
	return { store, room, device, writer };
}

const contentFrom = (store: Store) => async (sessionId: string, entryId: string) => {
	const row = (await store.get('entries', `${sessionId}/${entryId}`)) as Entry | undefined;
	return row === undefined ? undefined : { parts: JSON.parse(JSON.stringify(row.parts)) };
};

const rowsOf = async (store: Store, prefix = '') =>
	(await store.range('ops', { prefix })).map(({ key }) => key);

describe('A1 what was written and not yet synced', () => {
	test('is queued in the same commit as the change, without a second copy of the words', async () => {
		const { store, writer } = await world();
		await writer.commit(() => ({ entries: [entryOf('e1', null)], facts: { title: 'Tea', tags: ['a'] } }));
		const { queued } = await readOutbox(store, contentFrom(store));
		expect(queued.map(({ op }) => [op.type, op.body])).toEqual([
			['node.add', { node: 'e1', parent: null, session: 's1', content: { parts: [expect.anything()] } }],
			['reg.set', { key: 'session/s1/title', value: 'Tea' }],
			['reg.set', { key: 'session/s1/tags', value: ['a'] }],
			['reg.set', { key: 'session/s1/born', value: { createdAt: 5, origin: null } }]
		]);
		expect(JSON.stringify(await store.range('ops', {}))).not.toContain('words of');
	});

	test('is not there where the change is not', async () => {
		const { store, writer } = await world();
		const expectation = { table: 'meta' as const, key: 'nothing', field: 'x', is: 1 };
		await expect(
			writer.commit(() => ({ entries: [entryOf('e1', null)], expect: [expectation] }))
		).rejects.toMatchObject({ id: 'storage/conflict' });
		expect(await rowsOf(store)).toEqual([]);
	});

	test('is nothing in a session that leaves no trace', async () => {
		const { store, writer } = await world(true);
		await writer.commit(() => ({ entries: [entryOf('e1', null)], facts: { title: 'x' } }));
		expect(await rowsOf(store)).toEqual([]);
	});

	test('survives the end of the app at every step: sent again as it was, gone once it is kept', async () => {
		const { store, writer, room, device } = await world();
		const open = async (): Promise<Replica> =>
			createReplica({
				room,
				dev: device.kid,
				genesis: genesisOf(room),
				...(await readOutbox(store, contentFrom(store)))
			});
		for (let n = 0; n < 20; n++)
			await writer.commit(() => ({ entries: [entryOf(`e${n}`, n === 0 ? null : `e${n - 1}`)] }));
		let replica = await open();
		const keeper = createKeeper(
			store,
			() => 0,
			() => replica
		);
		const by = { room, keys: device.reading.keys, signer: device.signer };
		const draft = replica.draft();
		const sealed = draft === undefined ? undefined : await sealEnvelope(draft, by);
		if (sealed === undefined) throw new Error('nothing sealed');
		await keeper.sealed(sealed);
		replica = await open();
		expect(replica.unacknowledged().map(({ envelope }) => envelope)).toEqual([sealed.envelope]);
		expect(replica.unacknowledged()[0]?.draft.operations).toHaveLength(16);
		expect(replica.draft()).toMatchObject({ devSeq: 2, prevHash: sealed.hash });
		replica.ack(1);
		await keeper.acknowledged(1);
		replica = await open();
		expect(replica.unacknowledged()).toEqual([]);
		expect(replica.acknowledged()).toEqual({ devSeq: 1, hash: sealed.hash });
		expect(replica.draft()).toMatchObject({ devSeq: 2, prevHash: sealed.hash });
		expect(await rowsOf(store, 's/')).toEqual([]);
		expect((await rowsOf(store, 'q/')).length).toBe(replica.draft()?.operations.length);
	});

	test('a tab that lost the lead keeps nothing, so that it sends nothing', async () => {
		const { store, device, room } = await world();
		await store.commit({ epoch: 0, put: [{ table: 'meta', key: 'epoch', row: { v: 1, epoch: 4 } }] });
		const keeper = createKeeper(
			store,
			() => 3,
			() => device.replica
		);
		device.set('a', 'b');
		const draft = device.replica.draft();
		const by = { room, keys: device.reading.keys, signer: device.signer };
		const sealed = draft === undefined ? undefined : await sealEnvelope(draft, by);
		if (sealed === undefined) throw new Error('nothing sealed');
		await expect(keeper.sealed(sealed)).rejects.toMatchObject({ id: 'storage/stale-epoch' });
	});

	test('a room that has less than this device once read went back in time, also after a new start', async () => {
		const { store, room, device } = await world();
		await store.commit({ epoch: 0, put: [{ table: 'meta', key: 'sync', row: { v: 1, cursor: 7 } }] });
		const outbox = await readOutbox(store, contentFrom(store));
		const replica = createReplica({ room, dev: device.kid, genesis: genesisOf(room), ...outbox });
		const yours = { devSeq: 0, hash: genesisOf(room) };
		expect(replica.welcome({ type: 'welcome', seq: 6, yours })).toMatchObject({ kind: 'rolled-back' });
	});
});
