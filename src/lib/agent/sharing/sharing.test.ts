import { describe, expect, test } from 'vitest';
import { entryVersion, noUsage, type Entry, type Part } from '../../wire/entries';
import type { ShareOptions } from '../../wire/share';
import { sha256Bytes } from '../policy/hashes';
import { importFile } from '../sessions/interchange/import-file';
import { lookIntoFiles } from './look-into';
import { createMask } from './mask';
import { stretch } from './passphrase';
import { readShared } from './read-shared';
import { readingOf } from './reading';
import { redact } from './redact';
import { snapshotText } from './snapshot';

const key = 'sk-ant-api03-9fKq27LmZx81PpQwErTyUiOp';
const picture = new Uint8Array(
	Buffer.from(
		'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
		'base64'
	)
);
const blob = sha256Bytes(picture);

function entry(kind: Entry['kind'], parts: readonly Part[]): Entry {
	return {
		id: crypto.randomUUID(),
		sessionId: 'my-session',
		parentId: null,
		v: entryVersion,
		kind,
		author: { device: 'my-device', principal: 'user' },
		parts,
		labels: { integrity: 'user', private: true, sources: ['mail:me@example.com'] },
		lam: 1,
		at: 1_700_000_000_000,
		...(kind === 'assistant'
			? {
					response: {
						model: { provider: 'anthropic', model: 'claude-x' },
						stop: 'end' as const,
						usage: { ...noUsage, input: 4711 },
						durationMs: 5,
						responseId: 'resp-4711'
					}
				}
			: {})
	};
}
const branch = [
	entry('user', [
		{ type: 'text', text: `my key is ${key}, what now?` },
		{ type: 'file', blob, name: 'cat.png', mediaType: 'image/png', size: 4 }
	]),
	entry('assistant', [
		{ type: 'reasoning', text: 'a private thought', extras: { anthropic: { signature: 'zzz' } } },
		{ type: 'text', text: '**Let me** look. [x](javascript:alert(1))' },
		{
			type: 'call',
			callId: 'toolu_1',
			action: 'web',
			args: { url: 'https://q.example', k: [key] },
			via: 'native'
		}
	]),
	entry('result', [
		{
			type: 'result',
			callId: 'toolu_1',
			action: 'web',
			status: 'ok',
			output: { found: 'the answer' },
			startedAt: 1,
			durationMs: 1,
			effectKey: 'mine',
			undo: { label: 'back' }
		}
	])
];
const full: ShareOptions = { calls: 'full', reasoning: true, files: true };
const least: ShareOptions = { calls: 'names', reasoning: false, files: false };
const textOf = (options: ShareOptions) => {
	const mask = createMask();
	const kept = options.files ? [{ sha256: blob, mediaType: 'image/png', bytes: picture }] : [];
	const files = lookIntoFiles(kept, options, mask);
	const { title, entries } = redact(`Title ${key}`, branch, options, { mask, files });
	const blobs = [...files.values()];
	const reading = readingOf({ title, entries, blobs });
	return snapshotText({ title, entries, blobs, reading, now: 1 });
};

describe('what leaves with a share', () => {
	test('secrets are covered wherever they stand, and counted', () => {
		const { masked } = redact(`Title ${key}`, branch, full);
		expect(masked).toBe(3);
		expect(textOf(full)).not.toContain('9fKq27');
		const mask = createMask();
		expect(mask.text(`${key} and ${key}`)).toBe('[secret removed] and [secret removed]');
	});

	test('nothing of the device, its ids, other labels or a provider goes along', () => {
		const text = textOf(full);
		const mine = [...branch.map(({ id }) => id), 'my-session', 'my-device', 'me@example.com', 'toolu_1'];
		for (const own of [...mine, 'zzz', '4711', 'effectKey', 'back"']) expect(text).not.toContain(own);
	});

	test('what was not chosen is not in it', () => {
		const text = textOf(least);
		for (const left of ['private thought', 'q.example', 'the answer', 'cat.png', 'base64'])
			expect(text).not.toContain(left);
		expect(text).toContain('"action":"web"');
	});

	test('of a fence of actions that nobody read as a call nothing is left where calls are names', () => {
		const open = 'I look.\n```wherry-action\n{"action": "web", "args": {"url": "https://q.example"}}';
		const texts = [open, `${open}\n\`\`\`\nAnd then.`, `${open}\n\`\`\`\n~~~action\nq.example`];
		const shared = (options: ShareOptions) =>
			texts.map((text) => {
				const { entries } = redact('', [entry('assistant', [{ type: 'text', text }])], options);
				const [part] = entries[0]?.parts ?? [];
				return part?.type === 'text' ? part.text : '';
			});
		expect(shared(least)).toEqual(['I look.', 'I look.\nAnd then.', 'I look.']);
		expect(shared(full)).toEqual(texts);
		// What the person wrote is theirs, and other code stays.
		const js = 'See:\n```js\nlet a = 1;\n```';
		const kept = [
			entry('user', [{ type: 'text', text: open }]),
			entry('assistant', [{ type: 'text', text: js }])
		];
		const { entries } = redact('', kept, least);
		expect(entries.flatMap(({ parts }) => parts)).toMatchObject([{ text: open }, { text: js }]);
	});

	test('is read as articles, inert, with whose model it was', () => {
		const reading = readShared(textOf(full));
		expect(reading?.items.map(({ type }) => type)).toEqual(['you', 'wherry', 'call']);
		expect(reading?.models).toEqual(['anthropic · claude-x']);
		const [you, wherry, call] = reading?.items ?? [];
		expect(you?.type === 'you' && you.files[0]?.src).toMatch(/^data:image\/png;base64,/);
		expect(JSON.stringify(wherry)).not.toContain('"href":"javascript');
		expect(call).toMatchObject({ action: 'web', state: 'ok' });
		expect(JSON.stringify(call)).toContain('the answer');
		const names = readShared(textOf(least));
		expect(names?.items[2]).toMatchObject({ type: 'call', args: '', output: '' });
		expect(readShared('{"format":"other"}')).toBeUndefined();
	});

	test('of a hostile Wherry draws nothing that runs, lies or throws', () => {
		let deep: unknown = { k: 'p', c: [] };
		for (let n = 0; n < 1000; n++) deep = { k: 'quote', c: [deep] };
		const blocks = [
			{ k: 'p', c: [{ t: 'link', href: 'javascript:alert(1)', host: 'good.example', c: [] }] },
			{ k: 'p', c: [{ t: 'link', href: 'https://bad.example/', host: 'good.example', c: [] }] },
			{ k: 'p', c: [{ t: 'image', src: 'https://bad.example/pixel.png', alt: '' }] },
			{ k: 'h', level: 'script', c: 7 },
			{ k: 'html', html: '<script>' },
			deep,
			null
		];
		const reading = {
			title: 7,
			items: [
				{ type: 'wherry', blocks, at: 1e300 },
				{ type: 'you', files: [{ src: 'https://bad.example/' }] },
				5
			]
		};
		const read = readShared(`{}\n${JSON.stringify({ reading })}`);
		const [wherry, you] = read?.items ?? [];
		expect(wherry?.at).toBe(0);
		expect(you).toMatchObject({ text: '', files: [{ name: '' }] });
		const drawn = JSON.stringify(read);
		expect(drawn).toContain('"host":"bad.example"');
		for (const bad of ['javascript:', 'good.example', 'pixel', '<script', '"src"', 'script'])
			expect(drawn).not.toContain(bad);
	});

	test('becomes a session of the visitor, untrusted', async () => {
		let next = 0;
		const { sessions } = await importFile(
			{ name: 'share', text: textOf(full) },
			{
				ids: { next: () => `id-${next++}` },
				clock: { now: () => 1, sleep: () => Promise.resolve() },
				device: { id: 'visitor' },
				lam: 1
			}
		);
		const labels = sessions[0]?.entries.map((one) => one.labels) ?? [];
		expect(labels).toHaveLength(3);
		for (const { integrity, sources } of labels) {
			expect(integrity).toBe('untrusted');
			expect(sources).toContain('share');
		}
	});
});

test('a passphrase is stretched as the reference of Argon2id says', async () => {
	// From the reference implementation's own WebAssembly build, same parameters.
	const stretched = await stretch('correct horse', new Uint8Array(16).fill(3));
	expect(Buffer.from(stretched).toString('hex')).toBe(
		'c78a0653834a28970cef3be1c13c77279a7a9d8ef13d6a55ad7f42e14eb03ddb'
	);
});
