import { expect, test } from 'vitest';
import { AppError } from '../../src/lib/wire/errors';
import { createMemoryStore } from '../../src/lib/agent/storage/memory';
import { openTab } from '../fakes/agents';

test('a relay that makes no link for this device says in its own words why, and none is left in the list', async () => {
	const message = 'This relay keeps links of its own devices alone.';
	const asked: string[] = [];
	const tab = await openTab({
		store: createMemoryStore(),
		fetch(request) {
			asked.push(`${request.method} ${new URL(request.url).pathname.slice(0, 11)}`);
			const error = { id: 'relay/not-authorized', message };
			return Promise.resolve(Response.json({ ok: false, error }, { status: 401 }));
		}
	});
	const { sessionId } = await tab.call('session.open', { sessionId: null });
	await tab.call('session.send', { sessionId, text: 'calculate 1 + 1', files: [] });
	await tab.until(() => tab.items().at(-1)?.turnEnd !== undefined);
	const created = tab.call('share.create', {
		sessionId,
		entryId: tab.items().at(-1)?.entryId ?? '',
		kind: 'snapshot',
		options: { calls: 'names', reasoning: false, files: false },
		mayAsk: false,
		passphrase: '',
		days: 1
	});
	const thrown: unknown = await created.catch((error: unknown) => error);
	expect(thrown).toBeInstanceOf(AppError);
	expect(thrown).toMatchObject({ id: 'relay/not-authorized', message });
	expect(asked).toContain('POST /api/shares');
	expect(await tab.call('share.list', null)).toEqual([]);
});
