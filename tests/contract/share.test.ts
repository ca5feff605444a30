/** What leaves with a link, through the commands that a page gives: as it was previewed, and nothing that was not looked at. */

import { expect, test } from 'vitest';
import { createMemoryStore } from '../../src/lib/agent/storage/memory';
import { openTab } from '../fakes/agents';

const names = { calls: 'names', reasoning: false, files: false } as const;

test('a key of the sharer’s own is covered whatever it looks like, and said nowhere', async () => {
	const tab = await openTab({ store: createMemoryStore() });
	const { sessionId } = await tab.call('session.open', { sessionId: null });
	const key = 'just/some&letters"and$signs';
	const text = `is ${key} right, or ${encodeURIComponent(key)}?`;
	await tab.call('session.send', { sessionId, text, files: [] });
	await tab.until(() => tab.items().at(-1)?.turnEnd !== undefined);
	await tab.call('providers.saveKey', { provider: 'mistral', key });
	const entryId = tab.items().at(-1)?.entryId ?? '';
	const { reading, masked } = await tab.call('share.preview', {
		sessionId,
		entryId,
		kind: 'snapshot',
		options: names
	});
	expect(reading.items[0]).toMatchObject({ text: 'is [secret removed] right, or [secret removed]?' });
	expect(masked).toBeGreaterThanOrEqual(2);
	expect(JSON.stringify(reading)).not.toMatch(/some.{0,3}letters/);
});
