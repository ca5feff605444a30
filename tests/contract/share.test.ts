/** What leaves with a link, through the commands that a page gives: as it was previewed, and nothing that was not looked at. */

import { expect, test } from 'vitest';
import { createMemoryStore } from '../../src/lib/agent/storage/memory';
import { openShare } from '../../src/lib/agent/sharing/open-share';
import { readShared } from '../../src/lib/agent/sharing/read-shared';
import type { ShareOptions } from '../../src/lib/wire/share';
import { parseShareLink } from '../../src/lib/wire/share-link';
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

test('with files go texts with their secrets covered and pictures that are shown; others only where it is said', async () => {
	let sealed: ArrayBuffer | undefined;
	const fetch = async (request: Request) => {
		if (request.method === 'GET') return new Response(sealed ?? null);
		sealed = await request.arrayBuffer();
		return Response.json({ ok: true, data: {} });
	};
	const tab = await openTab({ store: createMemoryStore(), fetch });
	const { sessionId } = await tab.call('session.open', { sessionId: null });
	const secret = `sk-proj-${'a1B2c3D4e5'.repeat(4)}`;
	const attach = (name: string, mediaType: string, text: string) =>
		tab.call('file.attach', { name, mediaType, bytes: Uint8Array.from(Buffer.from(text, 'latin1')) });
	const files = [
		await attach('config.env', 'application/octet-stream', `MODE=on\nKEY=${secret}\n`),
		await attach('rows.csv', 'text/csv', 'name,age\nAna,7\n'),
		await attach('letter.pdf', 'application/pdf', '%PDF-1.4\nletters for iban'),
		await attach('photo.jpg', 'image/jpeg', '\xff\xd8\xff\xe1\x00\x10Exif\0\0GPS 52.5\xff\xd9'),
		await attach('old.bin', 'text/plain', '\xe4\0not text')
	];
	await tab.call('session.send', { sessionId, text: 'look', files });
	await tab.until(() => tab.items().at(-1)?.turnEnd !== undefined);
	const entryId = tab.items().at(-1)?.entryId ?? '';

	async function shared(options: ShareOptions) {
		const what = { sessionId, entryId, kind: 'snapshot', options } as const;
		const { reading, masked } = await tab.call('share.preview', what);
		const made = await tab.call('share.create', { ...what, mayAsk: false, passphrase: '', days: 1 });
		const link = parseShareLink(made.link);
		if (link === undefined) throw new Error('no link');
		const { text } = await openShare(link, '', (to, init) => fetch(new Request(to, init)));
		// It is what was previewed that is read.
		expect(readShared(text)).toEqual(reading);
		const theirs = await openTab({ store: createMemoryStore(), fetch });
		const brought = await theirs.call('share.import', { link: made.link, passphrase: '' });
		const exported = await theirs.call('session.export', { sessionId: brought.sessionId, format: 'jsonl' });
		const blobs = exported.text.split('\n').flatMap((line) => {
			const { base64 } = /"base64":"(?<base64>[^"]*)"/.exec(line)?.groups ?? {};
			return base64 === undefined ? [] : [Buffer.from(base64, 'base64').toString('latin1')];
		});
		const [said] = reading.items;
		return { masked, blobs, text, files: said?.type === 'you' ? said.files : [] };
	}

	const shy = await shared({ calls: 'full', reasoning: true, files: true });
	expect(shy.masked).toBe(1);
	expect(shy.files).toMatchObject([
		{ name: 'config.env', text: 'MODE=on\nKEY=[secret removed]\n' },
		{ name: 'rows.csv', text: 'name,age\nAna,7\n' },
		{ name: 'letter.pdf', how: 'left-out' },
		{ name: 'photo.jpg', src: expect.stringMatching(/^data:image\/jpeg;base64,/) },
		{ name: 'old.bin', how: 'left-out' }
	]);
	expect(shy.blobs.toSorted()).toEqual(
		['MODE=on\nKEY=[secret removed]\n', 'name,age\nAna,7\n', '\xff\xd8\xff\xd9'].toSorted()
	);
	for (const { blob, name } of files) expect(shy.text.includes(blob), name).toBe(name === 'rows.csv');

	const all = await shared({ calls: 'full', reasoning: true, files: true, unread: true });
	expect(all.files.map(({ how }) => how)).toEqual([undefined, undefined, 'unread', undefined, 'unread']);
	expect(all.blobs).toContain('%PDF-1.4\nletters for iban');
	expect(all.blobs.join()).not.toMatch(/GPS|a1B2/);

	const none = await shared({ calls: 'full', reasoning: true, files: false });
	expect(none.blobs).toEqual([]);
	expect(none.text).not.toContain('config.env');
});
