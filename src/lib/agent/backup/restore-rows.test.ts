import { describe, expect, it } from 'vitest';
import {
	backup,
	code,
	codeKey,
	random,
	recordOf,
	restoreInto,
	ruleOf,
	sealed
} from '../../../../tests/fakes/backups';
import { createRecoveryCode } from '../home/recovery-code';
import { createMemoryStore } from '../storage/memory';
import type { Store } from '../storage/store';
import { newKdf, openBackupKey } from './backup-key';
import { lookInto } from './make-backup';

describe('a restored backup', () => {
	it('that brings a turn which is under way, whoever wrote it, leaves none to go on with', async () => {
		const open = (state: string) =>
			JSON.stringify({ t: 'turns', k: state, r: { v: 1, turnId: state, sessionId: 's', state } });
		const session = JSON.stringify({ t: 'sessions', k: 's', r: recordOf('s', 1, 'd', 'Kept') });
		const { whole } = await sealed([...['running', 'parked', 'new', 'ended'].map(open), session]);
		const store = createMemoryStore();
		await restoreInto(store, new Blob([whole]));
		expect((await store.range('turns', {})).map(({ key }) => key)).toEqual(['ended']);
	});

	it('brings what is done without asking only where that is wanted, and says it in words of ours before', async () => {
		const line = (t: string, k: string, r: object) => JSON.stringify({ t, k, r });
		const setting = (value: unknown) => ({ v: 1, value });
		const { whole } = await sealed([
			line('rules', 'a', ruleOf('a', 'allow', { destination: 'evil.example' })),
			line('rules', 'b', ruleOf('b', 'allow', { args: { url: 'https://evil.example' } })),
			line('rules', 'c', ruleOf('c', 'deny')),
			// No rules of this build.
			line('rules', 'd', ruleOf('another', 'allow')),
			line('rules', 'e', ruleOf('e', 'allow', { v: 2, onlyOn: 'Sundays' })),
			line('rules', 'f', { id: 'f', v: 1, verdict: 'allow', action: 'web_read' }),
			line('settings', 'providers/custom', setting({ baseUrl: 'https://evil.example/v1', model: 'm' })),
			line('settings', 'providers/openai', setting({ model: 'm' })),
			line('settings', 'theme', { v: 1 }),
			line('plugins', 'memory/a', { v: 1 }),
			line('settings', 'share/x', setting({ title: 't', live: { device: 'd', sessionId: 's' } })),
			JSON.stringify({
				secret: { id: 'openai', origin: 'https://a.example', kind: 'provider-key', key: 'k' }
			})
		]);
		const file = new Blob([whole]);
		const inside = await lookInto(file, code);
		expect(inside.permissions).toEqual([
			{ action: 'web_read', destination: 'evil.example' },
			{ action: 'web_read', args: '{"url":"https://evil.example"}' },
			{ provider: 'custom', address: 'https://evil.example/v1' }
		]);
		expect(inside).toMatchObject({ settings: 4, keys: 1, isOwn: false });
		const keysIn = async (store: Store) =>
			(await Promise.all([store.range('rules', {}), store.range('settings', {}), store.range('plugins', {})]))
				.flat()
				.map(({ key }) => key);
		const store = createMemoryStore();
		expect(await restoreInto(store, file, code, false)).toMatchObject({ withheld: 3 });
		expect(await keysIn(store)).toEqual(['c', 'providers/openai', 'share/x']);
		// A live share publishes nothing by itself.
		expect(await store.get('settings', 'share/x')).toMatchObject({
			value: { title: 't', live: { device: '' } }
		});
		expect(await restoreInto(store, file)).toMatchObject({ withheld: 0, others: 3 });
		expect(await keysIn(store)).toEqual(['a', 'b', 'c', 'providers/custom', 'providers/openai', 'share/x']);
	});

	it('is one\u2019s own where the key of this device made it, with a code or a passphrase', async () => {
		const kdf = newKdf('passphrase', random);
		const secret = 'correct horse battery';
		const other = await openBackupKey(createRecoveryCode(), { kind: 'code' });
		for (const [key, opens] of [
			[await codeKey, code],
			[await openBackupKey(secret, kdf), secret]
		] as const) {
			const file = await backup(createMemoryStore(), key);
			expect(await lookInto(file, opens, key)).toMatchObject({ isOwn: true });
			expect(await lookInto(file, opens, other)).toMatchObject({ isOwn: false });
			expect(await lookInto(file, opens)).toMatchObject({ isOwn: false });
		}
	}, 60_000);

	it('interrupted after any commit and done again puts a message that waited into the draft once', async () => {
		const text = (id: string) => ({
			v: 1,
			id,
			kind: 'queue',
			draft: { parts: [{ type: 'text', text: id }] }
		});
		const sessions = Array.from({ length: 3 }, (_, at) => `s${at}`);
		const { whole } = await sealed([
			...sessions.map((id) => JSON.stringify({ t: 'drafts', k: id, r: { v: 1, text: 'begun', files: [] } })),
			...sessions.map((id) => JSON.stringify({ t: 'queue', k: `${id}/q`, r: text('q') })),
			...Array.from({ length: 198 }, (_, at) =>
				JSON.stringify({ t: 'plugins', k: `memory/${at}`, r: { v: 1, value: at } })
			),
			...sessions.map((id) => JSON.stringify({ t: 'sessions', k: id, r: recordOf(id, 1, 'd', id) }))
		]);
		for (let commits = 0; commits < 4; commits++) {
			const store = createMemoryStore();
			let left = commits;
			const failing: Store = {
				...store,
				commit: (commit) => (left-- > 0 ? store.commit(commit) : Promise.reject(new Error('full')))
			};
			await restoreInto(failing, new Blob([whole])).catch(() => undefined);
			await restoreInto(store, new Blob([whole]));
			for (const id of sessions)
				expect(await store.get('drafts', id), `after ${commits}`).toMatchObject({ text: 'begun\n\nq' });
			expect(await store.range('queue', {})).toEqual([]);
		}
	});
});
