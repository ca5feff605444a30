import { describe, expect, test } from 'vitest';
import { seeded } from '../../../../tests/contract/random';
import { cover, createMask } from './mask';
import { createOwnSecrets } from './own-secrets';

const random = seeded('mask');
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** Made up at run time, so that no file holds what looks like a key. */
const body = (length: number) =>
	`a7Kq9${Array.from({ length }, () => letters[random.int(62)] ?? 'a').join('')}`;
const masked = (text: string) => createMask().text(text);

describe('what is covered before it leaves', () => {
	const keys = [`sk-ant-api03-${body(60)}`, `sk-proj-${body(60)}`, `AIza${body(30)}`, `ghp_${body(40)}`];

	test('a key of a known shape, whatever an address, JSON in JSON, a terminal or a name puts around it', () => {
		for (const key of keys)
			for (const [before, after] of [
				['Bearer%20', ''],
				['key%3D', '%26x=1'],
				['"out":"one\\n', '\\ntwo"'],
				['\\t', '\\r\\n'],
				['\\u0022', '\\u0022'],
				['\u001b[31m', '\u001b[0m'],
				['x_', ''],
				['old.', ' '],
				['-', ' and so on'],
				['/', '/x']
			] as const)
				expect(masked(before + key + after), before).toBe(before + cover + after);
	});

	test('a placeholder is let be, and is no way around for a key', () => {
		for (const key of keys.slice(0, 2))
			for (const ending of ['-example', '-xxxxxxxx', '_your-api-key'])
				expect(masked(key + ending)).toBe(cover);
		for (const text of [
			'sk-ant-your-api-key-goes-here-please',
			'sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
			'AKIAIOSFODNN7EXAMPLE',
			'a token is asked for: see https://example.com:8080/path?token=yours',
			'const password = readPassword(options.passwordFile)',
			'a basic understanding of cryptographic-primitives-in-use',
			'd41d8cd98f00b204e9800998ecf8427e'
		])
			expect(masked(text)).toBe(text);
	});

	test('what has no shape, where it is said what it is', () => {
		const opaque = body(30);
		expect(masked(`authorization: Bearer ${opaque}.`)).not.toContain(opaque);
		expect(masked(`AWS_SECRET_ACCESS_KEY=${opaque}\nA=1`)).toBe(`AWS_SECRET_ACCESS_KEY=${cover}\nA=1`);
		expect(masked(`{\\"apiKey\\":\\"${opaque}\\"}`)).toBe(`{\\"apiKey\\":\\"${cover}\\"}`);
		expect(masked('postgres://app:p!ss@db/x')).toBe(`postgres://app:${cover}@db/x`);
		const mask = createMask();
		expect(mask.json({ clientSecret: opaque, id: opaque, token: 'none' })).toEqual({
			clientSecret: cover,
			id: opaque,
			token: 'none'
		});
		expect(mask.count()).toBe(1);
	});

	test('the sharer’s own keys to the letter, as they are, in an address and in JSON; short ones are words', () => {
		const own = createOwnSecrets(['pa$$/w"ord+plain', 'sesame', 'mistral-like-words-only']);
		const mask = createMask(own);
		for (const form of [
			'pa$$/w"ord+plain',
			'pa%24%24%2Fw%22ord%2Bplain',
			'pa%24%24%2fw%22ord%2bplain',
			'pa$$/w\\"ord+plain',
			'pa$$\\/w\\"ord+plain',
			'mistral-like-words-only'
		])
			expect(mask.text(`a${form}b${form}`)).toBe(`a${cover}b${cover}`);
		expect(mask.text('open sesame')).toBe('open sesame');
	});

	test('every one of many, each once, in a time that grows with the text', () => {
		const lines = Array.from({ length: 5_000 }, (_, n) => `row ${n},sk-proj-${body(40)},Bearer ${body(30)}`);
		const mask = createMask();
		const start = performance.now();
		const text = mask.text(lines.join('\n'));
		for (const piece of [
			'sk-',
			'secret',
			'token="',
			'bearer ',
			'://a:',
			'-----BEGIN PRIVATE KEY-----',
			'eyJ'
		])
			masked(piece.repeat(200_000));
		expect(performance.now() - start).toBeLessThan(5_000);
		expect(mask.count()).toBe(10_000);
		expect(text).not.toContain('a7Kq9');
	});
});
