import { expect, it } from 'vitest';
import { openTab, type TestTab } from '../../../../tests/fakes/agents';
import { createRecoveryCode } from '../home/recovery-code';
import { createMemoryStore } from '../storage/memory';
import type { StoreWrite } from '../storage/store';

const key = 'sk-ant-test-0123456789abcdef';

async function download(tab: TestTab): Promise<Blob> {
	const { file } = await tab.call('backup.change', { what: 'download' });
	if (file === undefined) throw new Error('no file');
	return file.blob;
}

async function hasKey(tab: TestTab): Promise<boolean | undefined> {
	const cards = await tab.call('providers.list', null);
	return cards.find(({ id }) => id === 'anthropic')?.hasKey;
}

async function say(tab: TestTab, sessionId: string, text: string, items: number): Promise<void> {
	await tab.call('session.send', { sessionId, text, files: [] });
	await tab.until(() => tab.state()?.turn === 'idle' && tab.items().length >= items);
}

it('keys of providers come along only where the person ticked it, and then they sign again', async () => {
	const secret = createRecoveryCode();
	const tab = await openTab({ store: createMemoryStore() });
	await tab.call('providers.saveKey', { provider: 'anthropic', key });
	expect(await hasKey(tab)).toBe(true);
	await tab.call('backup.change', { what: 'setUp', kind: 'code', secret });
	const without = await download(tab);
	await tab.call('backup.change', { what: 'withKeys', isOn: true });
	const withKeys = await download(tab);
	const other = await openTab({ store: createMemoryStore() });
	await other.call('backup.change', { what: 'restore', from: { file: without }, secret });
	expect(await hasKey(other)).toBe(false);
	await other.call('backup.change', { what: 'restore', from: { file: withKeys }, secret });
	expect(await hasKey(other)).toBe(true);
	let sent = '';
	const third = await openTab({
		store: createMemoryStore(),
		fetch(request) {
			sent += request.headers.get('x-api-key') ?? '';
			return Promise.reject(new TypeError('offline'));
		}
	});
	await third.call('backup.change', { what: 'restore', from: { file: withKeys }, secret });
	await third.call('providers.probe', { provider: 'anthropic' });
	expect(sent).toContain(key);
});

it('restored over what went on since, a session that is open keeps all of it and gets back what it lacks', async () => {
	const secret = createRecoveryCode();
	const tab = await openTab({ store: createMemoryStore() });
	const { sessionId } = await tab.call('session.open', { sessionId: null });
	await say(tab, sessionId, 'calculate 6 * 7', 2);
	await tab.call('backup.change', { what: 'setUp', kind: 'code', secret });
	const early = await download(tab);
	const other = await openTab({ store: createMemoryStore() });
	await other.call('backup.change', { what: 'restore', from: { file: early }, secret });
	await other.call('session.open', { sessionId });
	await other.until(() => other.items().length >= 2);
	const before = other.items().length;
	// It goes on here; what the first device has said since comes by a later backup.
	await say(tab, sessionId, 'calculate 2 * 2', 4);
	const late = await download(tab);
	const { restored } = await other.call('backup.change', { what: 'restore', from: { file: late }, secret });
	expect(restored?.messages).toBeGreaterThanOrEqual(2);
	await other.call('session.open', { sessionId });
	await other.until(() => other.items().length > before);
	const again = await other.call('backup.change', { what: 'restore', from: { file: early }, secret });
	expect(again.restored).toMatchObject({ sessions: 0, messages: 0, files: 0, others: 0 });
	await say(other, sessionId, 'calculate 3 * 3', before + 4);
	expect(JSON.stringify(other.items())).toContain('4');
});

it('a backup is refused in words: no key yet, no place yet, a passphrase and the relay', async () => {
	const tab = await openTab({ store: createMemoryStore() });
	const refused = (what: 'now' | 'download') =>
		tab.call('backup.change', { what }).then(
			() => '',
			(thrown: unknown) => (thrown instanceof Error ? thrown.message : '')
		);
	expect(await refused('download')).toContain('not set up');
	await tab.call('backup.change', { what: 'setUp', kind: 'passphrase', secret: 'correct horse battery' });
	expect(await refused('now')).toContain('No place');
	await tab.call('backup.change', { what: 'relay', isOn: true });
	expect(await refused('now')).toContain('only with a recovery code');
}, 60_000);

it('a message that waited when the backup was made is a draft after it, and nothing is sent by itself', async () => {
	const secret = createRecoveryCode();
	const store = createMemoryStore();
	const tab = await openTab({ store });
	const { sessionId } = await tab.call('session.open', { sessionId: null });
	await say(tab, sessionId, 'calculate 6 * 7', 2);
	const waiting = (id: string, text: string): StoreWrite => {
		const author = { device: 'd', principal: 'user' };
		const draft = { id, sessionId, v: 1, kind: 'user', author, parts: [{ type: 'text', text }], at: 1 };
		const row = { v: 1, id, kind: 'queue', draft };
		return { table: 'queue', key: `${sessionId}/${id}`, row };
	};
	const file = { type: 'file', blob: 'ab'.repeat(32), name: 'a.txt', mediaType: 'text/plain', size: 1 };
	await store.commit({
		epoch: 1,
		put: [
			{ table: 'drafts', key: sessionId, row: { v: 1, text: 'not finished', files: [file] } },
			waiting('q1', 'calculate 2 * 2'),
			waiting('q2', 'book the table')
		]
	});
	await tab.call('backup.change', { what: 'setUp', kind: 'code', secret });
	const from = { file: await download(tab) };
	const fresh = createMemoryStore();
	const other = await openTab({ store: fresh });
	const { restored } = await other.call('backup.change', { what: 'restore', from, secret });
	expect(restored).toMatchObject({ sessions: 1, unsent: 2 });
	// The next life looks for what an earlier one left.
	const next = await openTab({ store: fresh });
	await next.call('session.open', { sessionId });
	await next.until(() => next.items().length >= 2);
	await new Promise((resolve) => setTimeout(resolve, 100));
	expect(next.items()).toHaveLength(tab.items().length);
	expect(next.state()).toMatchObject({
		turn: 'idle',
		queued: [],
		draft: 'not finished\n\ncalculate 2 * 2\n\nbook the table',
		draftFiles: [file]
	});
	const again = await next.call('backup.change', { what: 'restore', from, secret });
	expect(again.restored).toMatchObject({ others: 0, unsent: 0 });
	expect(await fresh.get('drafts', sessionId)).toMatchObject({
		text: 'not finished\n\ncalculate 2 * 2\n\nbook the table'
	});
});

it('a rule that always allows comes back only when it is asked for', async () => {
	const secret = createRecoveryCode();
	const store = createMemoryStore();
	const said = { action: 'web_read', destination: 'example.com', text: '', createdAt: 1 };
	const row = { id: 'r', v: 1, verdict: 'allow', ...said };
	await store.commit({ epoch: 0, put: [{ table: 'rules', key: 'r', row }] });
	const tab = await openTab({ store });
	await tab.call('backup.change', { what: 'setUp', kind: 'code', secret });
	const from = { file: await download(tab) };
	expect((await tab.call('backup.ask', { what: 'look', from, secret })).contents?.isOwn).toBe(true);
	const fresh = createMemoryStore();
	const other = await openTab({ store: fresh });
	const { contents } = await other.call('backup.ask', { what: 'look', from, secret });
	expect(contents).toMatchObject({
		isOwn: false,
		permissions: [{ action: 'web_read', destination: 'example.com' }]
	});
	const without = await other.call('backup.change', { what: 'restore', from, secret });
	expect(without.restored?.withheld).toBe(1);
	expect(await fresh.range('rules', {})).toEqual([]);
	const all = await other.call('backup.change', { what: 'restore', from, secret, withPermissions: true });
	expect(all.restored?.withheld).toBe(0);
	expect(await fresh.get('rules', 'r')).toEqual(row);
});
