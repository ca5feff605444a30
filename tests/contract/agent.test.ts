/** The whole agent in Node, as a page drives it: commands in, patches out. */

import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/lib/agent/storage/memory';
import { createOrigin, openTab } from '../fakes/agents';
import type { TestTab } from '../fakes/agents';
import { uuidv7 } from '../../src/lib/wire/uuid';

async function say(tab: TestTab, sessionId: string, text: string): Promise<void> {
	await tab.call('session.send', { sessionId, text, files: [] });
	await tab.until(() => tab.state()?.turn !== 'running' && tab.items().at(-1)?.turnEnd !== undefined);
}
const kinds = (tab: TestTab): string[] =>
	tab
		.items()
		.map((item) => (item.type === 'call' ? `call:${item.call.action}:${item.call.state}` : item.type));
const lastText = (tab: TestTab): string => JSON.stringify(tab.items().at(-1));

describe('the agent', () => {
	it('OT-58: runs two commands, one after the other, and shows them again in a new life', async () => {
		const store = createMemoryStore();
		const tab = await openTab({ store });
		const { sessionId } = await tab.call('session.open', { sessionId: null });
		await say(tab, sessionId, 'what time is it, then remember that I like tea');
		const shown = kinds(tab);
		expect(shown).toEqual(['you', 'call:clock:ok', 'call:memory_remember:ok', 'wherry']);
		const again = await openTab({ store });
		await again.call('session.open', { sessionId });
		await again.until(() => again.items().length > 0);
		expect(kinds(again)).toEqual(shown);
		expect(again.state()?.row.title).toBe('what time is it, then remember that I like tea');
	});

	it('acts once on a command that is sent twice, also in another life', async () => {
		const store = createMemoryStore();
		const tab = await openTab({ store });
		const { sessionId } = await tab.call('session.open', { sessionId: null });
		const id = uuidv7();
		const input = { sessionId, text: 'what time is it', files: [] };
		await Promise.all([tab.call('session.send', input, id), tab.call('session.send', input, id)]);
		await tab.until(() => tab.items().at(-1)?.turnEnd !== undefined);
		const next = await openTab({ store });
		await next.call('session.open', { sessionId });
		await next.call('session.send', input, id);
		expect(kinds(next).filter((kind) => kind === 'you')).toHaveLength(1);
	});

	it('OT-20: edit and retry make siblings; the switcher shows both', async () => {
		const tab = await openTab({ store: createMemoryStore() });
		const { sessionId } = await tab.call('session.open', { sessionId: null });
		await say(tab, sessionId, 'calculate 1 + 1');
		const [you] = tab.items();
		await tab.call('session.edit', { sessionId, entryId: you?.entryId ?? '', text: 'calculate 2 + 2' });
		await tab.until(() => lastText(tab).includes('4') && tab.items().at(-1)?.turnEnd !== undefined);
		const edited = tab.items()[0];
		expect(edited?.type === 'you' && edited.branch).toMatchObject({ index: 1 });
		const first = edited?.type === 'you' ? (edited.branch?.ids[0] ?? '') : '';
		await tab.call('session.switch', { sessionId, entryId: first });
		await tab.until(() => tab.items()[0]?.entryId === first);
		expect(lastText(tab)).toContain('2');
	});

	it('OT-21: a fork continues from a message in a session of its own', async () => {
		const tab = await openTab({ store: createMemoryStore() });
		const { sessionId } = await tab.call('session.open', { sessionId: null });
		await say(tab, sessionId, 'calculate 1 + 1');
		const at = tab.items().at(-1)?.entryId ?? '';
		const forked = await tab.call('session.fork', { sessionId, entryId: at });
		await tab.call('session.open', { sessionId: forked.sessionId });
		await tab.until(() => tab.state()?.row.id === forked.sessionId);
		await say(tab, forked.sessionId, 'calculate 3 + 3');
		expect(kinds(tab).filter((kind) => kind === 'you')).toHaveLength(2);
		await tab.call('session.open', { sessionId });
		await tab.until(() => tab.state()?.row.id === sessionId);
		expect(kinds(tab).filter((kind) => kind === 'you')).toHaveLength(1);
	});

	it('a session that is deleted while it waits for an answer asks nobody any more', async () => {
		const store = createMemoryStore();
		const tab = await openTab({ store });
		const { sessionId } = await tab.call('session.open', { sessionId: null });
		await tab.call('session.send', { sessionId, text: 'fetch https://harbour-news.test/', files: [] });
		await tab.until(() => tab.state()?.turn === 'held');
		await tab.call('session.update', { sessionId, hidden: true });
		const turns = await store.range('turns', {});
		expect(turns.map(({ row }) => row)).toMatchObject([{ state: 'ended' }]);
		await tab.call('session.update', { sessionId, hidden: false });
		await tab.until(() => tab.state()?.turn === 'idle');
		await say(tab, sessionId, 'calculate 1 + 1');
	});

	it('a name that a person gives is one line without direction overrides, like any other', async () => {
		const tab = await openTab({ store: createMemoryStore() });
		const { sessionId } = await tab.call('session.open', { sessionId: null });
		await say(tab, sessionId, 'calculate 1 + 1');
		await tab.call('session.update', {
			sessionId,
			title: ` up\u202e\n${'x'.repeat(300)}`,
			folder: 'a\u202eb',
			tags: ['\u202e', 'c\nd']
		});
		const file = await tab.call('file.attach', {
			name: 'photo\u202egpj.exe',
			mediaType: 'image/jpeg',
			bytes: new Uint8Array(1)
		});
		expect(file.name).toBe('photo gpj.exe');
		await tab.until(() => tab.state()?.row.folder === 'a b');
		expect(tab.state()?.row.title).toMatch(/^up x{90,}…$/);
		expect(tab.state()?.row.tags).toEqual(['c d']);
	});

	it('SAM-57: finds past words, exports, and imports what it exported', async () => {
		const tab = await openTab({ store: createMemoryStore() });
		const { sessionId } = await tab.call('session.open', { sessionId: null });
		await say(tab, sessionId, 'remember that the harbour opens at dawn');
		const hits = await tab.call('sessions.search', { text: 'harbour' });
		expect(hits[0]).toMatchObject({ sessionId });
		for (const format of ['jsonl', 'html'] as const) {
			const file = await tab.call('session.export', { sessionId, format });
			const other = await openTab({ store: createMemoryStore() });
			const { sessions, skipped } = await other.call('sessions.import', file);
			expect(skipped).toEqual([]);
			await other.call('session.open', { sessionId: sessions[0]?.id ?? '' });
			await other.until(() => other.items().length > 0);
			expect(kinds(other)).toEqual(kinds(tab));
		}
	});

	it('OT-103: undoes a remembered fact, once', async () => {
		const tab = await openTab({ store: createMemoryStore() });
		const { sessionId } = await tab.call('session.open', { sessionId: null });
		await say(tab, sessionId, 'remember that I like tea');
		const remembered = tab.items()[1];
		const effectKey = remembered?.type === 'call' ? (remembered.call.undo?.effectKey ?? '') : '';
		await tab.call('call.undo', { sessionId, effectKey });
		await tab.until(() => kinds(tab)[1] === 'call:memory_remember:undone');
		await expect(tab.call('call.undo', { sessionId, effectKey })).rejects.toMatchObject({
			id: 'entry/not-found'
		});
		await say(tab, sessionId, 'what do you know about tea');
		expect(lastText(tab)).not.toContain('I like tea');
	});

	/** The calls that can be undone, or done again, as the feed has them. */
	const remembered = (tab: TestTab, at = 0): { turnId: string; effectKey: string } => {
		const item = tab
			.items()
			.filter((one) => one.type === 'call' && (one.call.undo ?? one.call.redo) !== undefined)[at];
		const way = item?.type === 'call' ? (item.call.undo ?? item.call.redo) : undefined;
		return { turnId: item?.turnId ?? '', effectKey: way?.effectKey ?? '' };
	};

	it('OT-49: says before and after of an undo, undoes, does again, and undoes once more', async () => {
		const store = createMemoryStore();
		const tab = await openTab({ store });
		const { sessionId } = await tab.call('session.open', { sessionId: null });
		await say(tab, sessionId, 'remember that I like tea');
		const { turnId, effectKey } = remembered(tab);
		const rows = JSON.stringify(await store.range('plugins', {}));
		const preview = () => tab.call('undo.preview', { sessionId, turnId, effectKey });
		expect(await preview()).toMatchObject([
			{ action: 'memory_remember', can: 'undo', lines: [{ op: 'removed', text: 'I like tea' }] }
		]);
		expect(JSON.stringify(await store.range('plugins', {}))).toBe(rows);
		for (const _ of [1, 2]) {
			await tab.call('call.undo', { sessionId, effectKey });
			await tab.until(() => kinds(tab)[1] === 'call:memory_remember:undone');
			expect(await store.range('plugins', {})).toEqual([]);
			expect(await preview()).toMatchObject([{ can: 'redo', lines: [{ op: 'added', text: 'I like tea' }] }]);
			await tab.call('call.redo', { sessionId, effectKey });
			await tab.until(() => kinds(tab)[1] === 'call:memory_remember:ok');
			expect(JSON.stringify(await store.range('plugins', {}))).toBe(rows);
		}
		await expect(tab.call('call.redo', { sessionId, effectKey })).rejects.toMatchObject({
			id: 'entry/not-found'
		});
	});

	it('OT-49: an undo that no longer applies says what has changed since, and changes nothing', async () => {
		const store = createMemoryStore();
		const tab = await openTab({ store });
		const { sessionId } = await tab.call('session.open', { sessionId: null });
		await say(tab, sessionId, '/demo_write_note text=first');
		await say(tab, sessionId, '/demo_write_note text=second');
		const first = remembered(tab);
		expect(await tab.call('undo.preview', { sessionId, ...first })).toMatchObject([
			{
				can: 'changed',
				lines: [
					{ op: 'removed', text: 'first' },
					{ op: 'added', text: 'second' }
				]
			}
		]);
		const rows = await store.range('plugins', {});
		await expect(tab.call('call.undo', { sessionId, effectKey: first.effectKey })).rejects.toMatchObject({
			id: 'undo/changed-since'
		});
		expect(await store.range('plugins', {})).toEqual(rows);
		// Newest first it goes: what stood in its way is gone.
		await tab.call('call.undo', { sessionId, effectKey: remembered(tab, 1).effectKey });
		await tab.call('call.undo', { sessionId, effectKey: first.effectKey });
		expect(await store.range('plugins', {})).toEqual([]);
	});

	it('OT-49: a turn is previewed as it is undone, newest first, each upon the one before', async () => {
		const store = createMemoryStore();
		const tab = await openTab({ store });
		const { sessionId } = await tab.call('session.open', { sessionId: null });
		await say(tab, sessionId, 'remember that the fog is thick, then forget the fog, then what time is it');
		const { turnId } = remembered(tab);
		const previews = await tab.call('undo.preview', { sessionId, turnId });
		expect(previews).toMatchObject([
			{ action: 'memory_forget', can: 'undo', lines: [{ op: 'added', text: 'the fog is thick' }] },
			{ action: 'memory_remember', can: 'undo', lines: [{ op: 'removed', text: 'the fog is thick' }] }
		]);
		expect(await tab.call('turn.undo', { sessionId, turnId })).toEqual({ undone: 2, changed: 0 });
		expect(await store.range('plugins', {})).toEqual([]);
	});

	it('OT-49: what cannot be taken back is named', async () => {
		const tab = await openTab({ store: createMemoryStore() });
		const { sessionId } = await tab.call('session.open', { sessionId: null });
		const text = '/demo_send_postcard to=Ada text=hello';
		await tab.call('session.send', { sessionId, text, files: [] });
		await tab.until(() => tab.state()?.turn === 'held');
		const item = tab.items().find((one) => one.type === 'call');
		const approvalId = item?.type === 'call' ? (item.call.held?.approvalId ?? '') : '';
		await tab.call('call.decide', { sessionId, approvalId, decision: 'once' });
		await tab.until(() => tab.state()?.turn === 'idle');
		expect(await tab.call('undo.preview', { sessionId, turnId: item?.turnId ?? '' })).toMatchObject([
			{ action: 'demo_send_postcard', can: 'never', lines: [] }
		]);
	});

	it('OT-45: a held call says what it would change, and the card changes nothing', async () => {
		const store = createMemoryStore();
		const tab = await openTab({ store });
		const { sessionId } = await tab.call('session.open', { sessionId: null });
		await say(tab, sessionId, 'remember that I like tea');
		await tab.call('session.configure', { sessionId, mode: 'propose' });
		await tab.call('session.send', { sessionId, text: 'forget tea', files: [] });
		await tab.until(() => tab.state()?.turn === 'held');
		const held = tab.items().findLast((item) => item.type === 'call');
		const approvalId = held?.type === 'call' ? (held.call.held?.approvalId ?? '') : '';
		const rows = await store.range('plugins', {});
		expect(await tab.call('call.preview', { sessionId, approvalId })).toEqual([
			{ op: 'removed', text: 'I like tea' }
		]);
		expect(await store.range('plugins', {})).toEqual(rows);
		await expect(tab.call('call.preview', { sessionId: 'another', approvalId })).rejects.toMatchObject({
			id: 'entry/not-found'
		});
	});

	it('A5: a follower sees what the leader does, and its commands are run there', async () => {
		const store = createMemoryStore();
		const origin = createOrigin();
		const leader = await openTab({ store, origin });
		const { sessionId } = await leader.call('session.open', { sessionId: null });
		await say(leader, sessionId, 'calculate 1 + 1');
		const follower = await openTab({ store, origin });
		expect((await follower.call('app.status', null)).role).toBe('follower');
		await follower.call('session.open', { sessionId });
		await say(follower, sessionId, 'calculate 5 * 5');
		expect(lastText(follower)).toContain('25');
		await leader.until(() => lastText(leader).includes('25'));
		expect(kinds(leader)).toEqual(kinds(follower));
	});

	it('A5: takes over: the old leader follows, nothing is written twice', async () => {
		const store = createMemoryStore();
		const origin = createOrigin();
		const first = await openTab({ store, origin });
		const { sessionId } = await first.call('session.open', { sessionId: null });
		await say(first, sessionId, 'calculate 1 + 1');
		const second = await openTab({ store, origin });
		await second.call('session.open', { sessionId });
		await second.call('app.takeOver', null);
		await expect.poll(async () => (await second.call('app.status', null)).role).toBe('leader');
		await expect.poll(async () => (await first.call('app.status', null)).role).toBe('follower');
		await say(first, sessionId, 'calculate 6 * 7');
		await second.until(() => lastText(second).includes('42'));
		expect(kinds(second).filter((kind) => kind === 'you')).toHaveLength(2);
	});

	it('a key pasted into a message is neither stored nor sent', async () => {
		const store = createMemoryStore();
		const tab = await openTab({ store });
		const { sessionId } = await tab.call('session.open', { sessionId: null });
		const key = `sk-ant-api03-${'a1B2c3D4'.repeat(11)}-AA`;
		await expect(
			tab.call('session.send', { sessionId, text: `use ${key}`, files: [] })
		).rejects.toMatchObject({ id: 'vault/secret-in-message' });
		expect(await store.range('entries', {})).toEqual([]);
	});

	it('a temporary session leaves no trace in the store', async () => {
		const store = createMemoryStore();
		const tab = await openTab({ store });
		const { sessionId } = await tab.call('session.open', { sessionId: null, temporary: true });
		await say(tab, sessionId, 'calculate 1 + 1');
		for (const table of ['sessions', 'entries', 'turns', 'steps', 'effects'] as const)
			expect(await store.range(table, {})).toEqual([]);
	});
});
